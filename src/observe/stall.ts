import type { EngineStatus } from './status.js';

export const STAGES = ['kafka', 'workers', 'reassembler', 'postgres'] as const;
export type Stage = (typeof STAGES)[number];
export type StageSeconds = Readonly<Record<Stage, number>>;

export const NO_SECONDS: StageSeconds = { kafka: 0, workers: 0, reassembler: 0, postgres: 0 };

/** What is in the pipeline at one moment, stage by stage. */
export interface Flow {
  /** Messages received that no worker was given yet. */
  readonly waitingMessages: number;
  /** Decoded stretches that wait for an earlier one. */
  readonly outOfOrder: number;
  /** A full batch waits while another one is written. */
  readonly batchWaits: boolean;
  /** How long the write that takes longest has been under way, ms; 0 where none is. */
  readonly writingMs: number;
  /** Nothing is on its way from the broker's answer to the COMMIT. */
  readonly empty: boolean;
}

/** A batch takes some milliseconds; one that takes this long is waiting for the database. */
const SLOW_WRITE_MS = 250;

/**
 * What the flow stands still for at this moment, null while nothing holds it up. Whatever waits fills all that lies before
 * it, so the last stage that has enough to do is the one that is waited for.
 */
export function stalledBy(status: EngineStatus, flow: Flow): Stage | null {
  const { state, database, kafka, workers } = status;
  if (state !== 'active' && state !== 'draining') return null;
  if (!database.reachable || database.breaker !== 'closed') return 'postgres';
  if (flow.batchWaits || flow.writingMs >= SLOW_WRITE_MS) return 'postgres';
  const waits = flow.waitingMessages > 0 || workers.queued > 0;
  if (waits && workers.busy > 0) return 'workers';
  if (flow.outOfOrder > 0) return 'reassembler';
  if (status.held) return 'postgres';
  if (!flow.empty || workers.busy > 0) return null;
  if (!kafka.connected || !kafka.groupSteady) return 'kafka';
  // Something is to be had and nobody is busy with it: it is on its way from the broker.
  return status.partitions.some(({ lag }) => (lag ?? 0) > 0) ? 'kafka' : null;
}

const WINDOW_MS = 60_000;
/** Less than this share of the window is noise. */
const WORTH_SAYING = 0.05;

export interface Stall {
  readonly windowSeconds: number;
  /** Share of the window that the flow stood still for a stage, 0 to 1. */
  readonly shares: StageSeconds;
  /** The stage that took most, null where none took a share worth saying. */
  readonly stage: Stage | null;
}

/** The stage where the last minute was lost, from engine_stall_seconds_total. */
export class StallWindow {
  #seen: { atMs: number; counted: StageSeconds }[] = [];

  apply(counted: StageSeconds, nowMs: number): void {
    this.#seen.push({ atMs: nowMs, counted });
    while ((this.#seen[0]?.atMs ?? nowMs) < nowMs - WINDOW_MS) this.#seen.shift();
  }

  stall(): Stall {
    const first = this.#seen[0];
    const last = this.#seen.at(-1);
    const seconds = first && last ? (last.atMs - first.atMs) / 1_000 : 0;
    if (!first || !last || seconds <= 0) return { windowSeconds: 0, shares: NO_SECONDS, stage: null };
    return { windowSeconds: Math.round(seconds), ...sharesBetween(first.counted, last.counted, seconds) };
  }
}

/** Shares of a stretch of time, by what was counted before and after it. */
export function sharesBetween(
  before: StageSeconds,
  after: StageSeconds,
  seconds: number,
): Omit<Stall, 'windowSeconds'> {
  const share = (stage: Stage): number => Math.min(1, Math.max(0, (after[stage] - before[stage]) / seconds));
  const shares: StageSeconds = {
    kafka: share('kafka'),
    workers: share('workers'),
    reassembler: share('reassembler'),
    postgres: share('postgres'),
  };
  const worst = STAGES.reduce((most, stage) => (shares[stage] > shares[most] ? stage : most));
  return { shares, stage: shares[worst] >= WORTH_SAYING ? worst : null };
}
