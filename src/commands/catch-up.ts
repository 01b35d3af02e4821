import { type EngineStatus, ownershipOf } from '../observe/status.js';
import { lagLine } from './lag/status-text.js';

interface Sample {
  readonly atMs: number;
  readonly landed: number;
  readonly end: number;
  /** Which partitions the sums are of: others' are not comparable. */
  readonly ownership: string;
}

const WINDOW_MS = 10_000;
const BAR = 20;
/** Less than this, or than what lands in three seconds, is what lies between two answers about the end. */
const HEAD_MESSAGES = 100;
const HEAD_SECONDS = 3;

/**
 * How a backlog is worked off: how much of it is done, at what pace, and until when. Fed with the status about once a second;
 * time is an argument.
 */
export class CatchUp {
  #samples: Sample[] = [];
  #begun: Sample | null = null;

  /** The line to show, null where nothing is to be caught up or nothing is known. */
  apply({ state, partitions }: Pick<EngineStatus, 'state' | 'partitions'>, nowMs: number): string | null {
    if (state !== 'active' || partitions.length === 0 || partitions.some(({ lag }) => lag === null))
      return this.#forget();
    const now: Sample = {
      atMs: nowMs,
      landed: partitions.reduce((sum, one) => sum + Math.max(one.nextOffset, one.lowWatermark), 0),
      end: partitions.reduce((sum, one) => sum + one.highWatermark, 0),
      ownership: ownershipOf({ partitions }),
    };
    if (this.#samples.at(-1)?.ownership !== now.ownership) this.#forget();
    this.#begun ??= now;
    this.#samples = [...this.#samples.filter(({ atMs }) => atMs >= nowMs - WINDOW_MS), now];
    const pace = this.#pace(now);
    const lag = Math.max(0, now.end - now.landed);
    if (lag <= Math.max(HEAD_MESSAGES, (pace?.landed ?? 0) * HEAD_SECONDS)) return null;
    const gain = pace === null ? 0 : pace.landed - pace.produced;
    const line = lagLine({ lag, pace, etaSeconds: gain > 0 ? lag / gain : null });
    return `${bar((now.landed - this.#begun.landed) / (now.end - this.#begun.landed))} ${line}`;
  }

  #pace(now: Sample): { landed: number; produced: number } | null {
    const [first] = this.#samples;
    const seconds = first === undefined ? 0 : (now.atMs - first.atMs) / 1_000;
    if (first === undefined || seconds === 0) return null;
    return { landed: (now.landed - first.landed) / seconds, produced: (now.end - first.end) / seconds };
  }

  #forget(): null {
    this.#samples = [];
    this.#begun = null;
    return null;
  }
}

function bar(share: number): string {
  const done = Math.min(1, Math.max(0, share));
  const filled = Math.floor(done * BAR);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${String(Math.floor(done * 100)).padStart(3)} %`;
}
