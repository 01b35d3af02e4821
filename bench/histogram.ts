import { invariant } from '../src/errors.js';

const SUB_BITS = 7;
const SUB_BUCKETS = 2 ** SUB_BITS;

/**
 * Counts of positive values in buckets whose width grows with the value, as in an HDR histogram: each is exact to 1/128 of
 * itself, below 128 to the unit. Values are whole units (µs for latencies); negative ones count as 0. Pure.
 */
export class Histogram {
  readonly #counts = new Map<number, number>();
  #total = 0;
  #max = 0;

  get total(): number {
    return this.#total;
  }

  get max(): number {
    return this.#max;
  }

  record(value: number): void {
    const whole = Math.max(0, Math.round(value));
    invariant(Number.isSafeInteger(whole), `a histogram got ${value}`);
    const bucket = bucketOf(whole);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#total += 1;
    if (whole > this.#max) this.#max = whole;
  }

  /** Upper end of the bucket that holds the quantile, never more than the largest value. 0 where nothing was recorded. */
  quantile(share: number): number {
    let before = 0;
    for (const { upper, count } of this.buckets()) {
      before += count;
      if (before >= this.#total * share) return Math.min(upper, this.#max);
    }
    return this.#max;
  }

  /** Points (value, share of all values at most that large) of the cumulative distribution. */
  cumulative(): [value: number, share: number][] {
    let before = 0;
    return this.buckets().map(({ upper, count }) => {
      before += count;
      return [Math.min(upper, this.#max), before / this.#total];
    });
  }

  /** Non-empty buckets, lowest first. */
  buckets(): { readonly upper: number; readonly count: number }[] {
    return [...this.#counts]
      .sort(([one], [other]) => one - other)
      .map(([bucket, count]) => ({ upper: upperOf(bucket), count }));
  }
}

/** Values below 2 * SUB_BUCKETS have a bucket each; above, each doubling has SUB_BUCKETS of them. */
function bucketOf(value: number): number {
  if (value < 2 * SUB_BUCKETS) return value;
  const doublings = Math.floor(Math.log2(value)) - SUB_BITS;
  return doublings * SUB_BUCKETS + Math.floor(value / 2 ** doublings);
}

function upperOf(bucket: number): number {
  if (bucket < 2 * SUB_BUCKETS) return bucket;
  const doublings = Math.floor(bucket / SUB_BUCKETS) - 1;
  return (bucket - doublings * SUB_BUCKETS + 1) * 2 ** doublings - 1;
}
