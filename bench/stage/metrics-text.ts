/** A scrape of `/metrics`: value by series, the name with its labels in braces as the engine prints them. */
export type Scrape = ReadonlyMap<string, number>;

export function parseMetrics(text: string): Scrape {
  const series = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const end = line.lastIndexOf(' ');
    series.set(line.slice(0, end), Number(line.slice(end + 1)));
  }
  return series;
}

/** Sum of a metric's series over all labels. */
export function total(scrape: Scrape, name: string): number {
  let sum = 0;
  for (const [series, value] of scrape) if (series === name || series.startsWith(`${name}{`)) sum += value;
  return sum;
}

export interface HistogramDelta {
  readonly count: number;
  readonly mean: number;
  /** Upper bound of the bucket that holds it; Infinity in the last. */
  readonly p50: number;
  readonly p99: number;
}

/** What a histogram recorded between two scrapes; `labels` as `stage="write"`. */
export function histogramBetween(before: Scrape, after: Scrape, name: string, labels = ''): HistogramDelta {
  const matching = (scrape: Scrape, suffix: string): number => {
    let sum = 0;
    for (const [series, value] of scrape) {
      if (series.startsWith(`${name}_${suffix}`) && series.includes(labels)) sum += value;
    }
    return sum;
  };
  const count = matching(after, 'count') - matching(before, 'count');
  const buckets = new Map<number, number>();
  for (const [series, value] of after) {
    if (!series.startsWith(`${name}_bucket`) || !series.includes(labels)) continue;
    const bound = series.match(/le="([^"]+)"/)?.[1] ?? '';
    const upper = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
    buckets.set(upper, (buckets.get(upper) ?? 0) + value - (before.get(series) ?? 0));
  }
  const sorted = [...buckets].sort(([one], [other]) => one - other);
  const quantile = (share: number): number => sorted.find(([, below]) => below >= count * share)?.[0] ?? 0;
  const mean = count === 0 ? 0 : (matching(after, 'sum') - matching(before, 'sum')) / count;
  return { count, mean, p50: quantile(0.5), p99: quantile(0.99) };
}
