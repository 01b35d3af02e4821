import type { EngineStatus } from '../status.js';

export const STAGES = ['kafka', 'workers', 'reassembler', 'postgres'] as const;
export type Stage = (typeof STAGES)[number];
export type StageSeconds = Readonly<Record<Stage, number>>;

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

/** What the flow waits for at this moment, as far as the status shows it; null while nothing holds it up. */
export function waitsFor(status: EngineStatus, lag: number | null): Stage | null {
  const { kafka, database, workers } = status;
  if (status.state !== 'active' && status.state !== 'draining') return null;
  if (!database.reachable || database.breaker !== 'closed') return 'postgres';
  if (!kafka.connected || !kafka.groupSteady) return 'kafka';
  const workersFull = workers.threads > 0 && workers.busy >= workers.threads && workers.queued > 0;
  if (workersFull) return 'workers';
  if (status.held) return 'postgres';
  // Something is to be had and nobody is busy with it: it is on its way from the broker.
  return lag !== null && lag > 0 && workers.busy === 0 && status.inflightBytes === 0 ? 'kafka' : null;
}

/**
 * The stage where the last minute was lost: from engine_stall_seconds_total where that is counted, else from what the flow
 * was seen to wait for whenever it was looked at.
 */
export class StallWindow {
  #seen: { atMs: number; counted: StageSeconds | null; waits: Stage | null }[] = [];

  apply(counted: StageSeconds | null, waits: Stage | null, nowMs: number): void {
    this.#seen.push({ atMs: nowMs, counted, waits });
    while ((this.#seen[0]?.atMs ?? nowMs) < nowMs - WINDOW_MS) this.#seen.shift();
  }

  stall(): Stall {
    const first = this.#seen[0];
    const last = this.#seen.at(-1);
    const seconds = first && last ? (last.atMs - first.atMs) / 1_000 : 0;
    const share = (stage: Stage): number => {
      if (!first || !last || seconds === 0) return 0;
      if (last.counted !== null) {
        return Math.min(1, Math.max(0, (last.counted[stage] - (first.counted?.[stage] ?? 0)) / seconds));
      }
      return this.#seen.filter(({ waits }) => waits === stage).length / this.#seen.length;
    };
    const shares: StageSeconds = {
      kafka: share('kafka'),
      workers: share('workers'),
      reassembler: share('reassembler'),
      postgres: share('postgres'),
    };
    const worst = STAGES.reduce((most, stage) => (shares[stage] > shares[most] ? stage : most));
    return { windowSeconds: Math.round(seconds), shares, stage: shares[worst] >= WORTH_SAYING ? worst : null };
  }
}
