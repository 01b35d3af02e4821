/** State of a Prometheus histogram: how many observations lay at or below each bound, +Inf last. */
export interface Buckets {
  readonly bounds: readonly number[];
  readonly cumulative: readonly number[];
}

/** Of the observations of a window, in the unit of the bounds; null where there was none. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

interface Kept {
  readonly atMs: number;
  readonly series: ReadonlyMap<string, Buckets>;
}

/** Between two states that are kept. */
const STEP_MS = 5_000;

/**
 * Percentiles of the last minutes out of histograms that only ever grow: what a window holds is the difference between two
 * states of them. As exact as the buckets are: within one, observations count as spread evenly.
 */
export class LatencyWindow {
  readonly #keepMs: number;
  #kept: Kept[] = [];
  #now: Kept = { atMs: 0, series: new Map() };

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  apply(series: ReadonlyMap<string, Buckets>, nowMs: number): void {
    this.#now = { atMs: nowMs, series };
    const last = this.#kept.at(-1);
    if (last !== undefined && nowMs - last.atMs < STEP_MS) return;
    this.#kept.push(this.#now);
    const oldest = nowMs - this.#keepMs - STEP_MS;
    while ((this.#kept[0]?.atMs ?? nowMs) < oldest) this.#kept.shift();
  }

  /** Names of the series seen last. */
  get names(): string[] {
    return [...this.#now.series.keys()];
  }

  /** Of the observations of a series in about the last `windowMs`. */
  percentiles(name: string, windowMs: number): Percentiles {
    const now = this.#now.series.get(name);
    if (now === undefined) return { count: 0, p50: null, p95: null, p99: null };
    const from = this.#now.atMs - windowMs;
    // Before the first state, and before a series was there, it stood at nothing.
    const before = this.#kept.findLast(({ atMs }) => atMs <= from)?.series.get(name)?.cumulative;
    const within = now.cumulative.map((count, i) => count - (before?.[i] ?? 0));
    const at = (quantile: number): number | null => percentileOf(now.bounds, within, quantile);
    return { count: within.at(-1) ?? 0, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }
}

/** Source: Prometheus' histogram_quantile, which also answers the highest bound for what lies above it. */
export function percentileOf(
  bounds: readonly number[],
  cumulative: readonly number[],
  quantile: number,
): number | null {
  const total = cumulative.at(-1) ?? 0;
  if (total <= 0) return null;
  const rank = quantile * total;
  const place = cumulative.findIndex((count) => count >= rank);
  const upper = bounds[place];
  if (upper === undefined) return bounds.at(-1) ?? null;
  const lower = place === 0 ? 0 : (bounds[place - 1] ?? 0);
  const below = place === 0 ? 0 : (cumulative[place - 1] ?? 0);
  const inside = (cumulative[place] ?? 0) - below;
  return inside <= 0 ? upper : lower + ((upper - lower) * (rank - below)) / inside;
}
