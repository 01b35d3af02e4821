import { GroupSigns } from './group-signs.js';

const REJOIN_MAX_MS = 60_000;
/** After this long without, it counts as the first time. */
const REJOIN_CALM_MS = 600_000;

/**
 * What librdkafka logs when the group has taken us for dead, which its rebalance event does not say: a session without
 * heartbeats (SESSTMOUT), or a poll that came too late (MAXPOLL). Either comes before the revoke that follows from it.
 */
const TAKEN_FOR_DEAD = /Consumer group session timed out|Application maximum poll interval/;

/**
 * Our standing in the group beyond what it assigns us: whether it has taken us for dead, and joining it anew where it counts
 * partitions as ours that another engine has claimed.
 *
 * Joining anew: `idle` → `waiting` (asked for, the delay runs) → `leaving` (what we hold is being given back) → `idle`.
 */
export class Membership {
  readonly #signs = new GroupSigns();
  #alive = new AbortController();
  #rejoin: 'idle' | 'waiting' | 'leaving' = 'idle';
  #rejoinMs = 0;
  #calmFromMs = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #now: () => number;

  /** `now` is in ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Aborts when the group takes us for dead. */
  get dead(): AbortSignal {
    return this.#alive.signal;
  }

  /** Whether the group counts us in. */
  get member(): boolean {
    return this.#signs.member;
  }

  joining(): void {
    this.#signs.joining();
  }

  /** See {@link GroupSigns.apply}. */
  apply(report: { readonly waits: boolean }): void {
    this.#signs.apply(report);
  }

  /** The group has answered us again. */
  assigned(): void {
    this.#signs.assigned();
    if (this.#alive.signal.aborted) this.#alive = new AbortController();
  }

  logged(line: string): void {
    if (!TAKEN_FOR_DEAD.test(line)) return;
    this.#alive.abort();
    this.#signs.joining();
  }

  get leaving(): boolean {
    return this.#rejoin === 'leaving';
  }

  /**
   * Calls `leave` after `firstMs`, and after twice as long each time it happens again soon, a minute at most. Answers after how
   * many ms, null where that is under way already.
   */
  joinAnew(leave: () => void, firstMs: number): number | null {
    if (this.#rejoin !== 'idle') return null;
    const now = this.#now();
    const delayMs = now < this.#calmFromMs ? this.#rejoinMs : firstMs;
    this.#calmFromMs = now + delayMs + REJOIN_CALM_MS;
    this.#rejoin = 'waiting';
    this.#timer = setTimeout(() => {
      this.#rejoin = 'leaving';
      leave();
    }, delayMs);
    this.#rejoinMs = Math.min(REJOIN_MAX_MS, delayMs * 2);
    return delayMs;
  }

  /** What we held is given back. */
  left(): void {
    this.#rejoin = 'idle';
  }

  /** We leave for good, or until told to come back: what was asked for is off. */
  leave(): void {
    clearTimeout(this.#timer);
    this.#rejoin = 'idle';
  }
}
