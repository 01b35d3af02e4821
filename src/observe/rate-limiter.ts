/** What to do with one event: drop it, or let it through and say how many like it were dropped since the last one. */
export interface RateDecision {
  readonly pass: boolean;
  readonly suppressed: number;
}

interface Kind {
  passedAtMs: number;
  suppressed: number;
}

const KINDS_MAX = 1_000;

/**
 * Lets the first event of a kind through, then one per interval, with the count of those in between. Kinds beyond a
 * thousand push out the one that passed longest ago, so that unbounded kinds cannot fill memory.
 */
export class RateLimiter {
  readonly #intervalMs: number;
  /** In the order of their last pass. */
  readonly #kinds = new Map<string, Kind>();

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  apply(kind: string, nowMs: number): RateDecision {
    const known = this.#kinds.get(kind);
    if (known && nowMs >= known.passedAtMs && nowMs - known.passedAtMs < this.#intervalMs) {
      known.suppressed += 1;
      return { pass: false, suppressed: known.suppressed };
    }
    this.#kinds.delete(kind);
    this.#kinds.set(kind, { passedAtMs: nowMs, suppressed: 0 });
    if (this.#kinds.size > KINDS_MAX) this.#kinds.delete(this.#kinds.keys().next().value!);
    return { pass: true, suppressed: known?.suppressed ?? 0 };
  }
}
