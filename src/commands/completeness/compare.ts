/** What landed of an hour. */
export interface HourCounts {
  /** When it begins, ms since the epoch. */
  readonly hourMs: number;
  readonly trades: number;
  /** Null where no trade of the hour has a value. */
  readonly volumeUsd: number | null;
  readonly blocks: {
    readonly landed: number;
    /** Blocks that the chain of parents says there were; of a hole over several hours, this hour's part. */
    readonly missing: number;
    /** Part of the hour after the newest header that landed, 0 to 1. */
    readonly unseen: number;
    readonly withoutTrades: number;
    /** Slots of which trades landed and the header did not. */
    readonly withoutHeader: number;
  };
}

/** An hour of the reference. */
export interface ReferenceHour {
  readonly hourMs: number;
  readonly trades: number;
  readonly volumeUsd: number | null;
}

/** Offsets of a partition, from the lowest to the highest that rows came from. */
export interface OffsetCounts {
  readonly partition: number;
  readonly first: number;
  readonly last: number;
  readonly nextOffset: number | null;
  readonly withRows: number;
  /** In ingest_gaps. */
  readonly lost: number;
  /** In dead letters that nothing has come of yet. */
  readonly letters: number;
  /** Rows from offsets that no position has reached. */
  readonly ahead: number;
}

export const MEASURES = ['trades', 'volume_usd', 'blocks', 'offsets', 'duplicates'] as const;
export type Measure = (typeof MEASURES)[number];

export interface HourResult extends HourCounts {
  /** Null where the reference does not cover the hour, or there is none. */
  readonly reference: ReferenceHour | null;
  /** Null where there is nothing to compare. */
  readonly diff: Readonly<Record<'trades' | 'volume_usd' | 'blocks', number | null>>;
  readonly flagged: readonly Measure[];
}

export interface MeasureResult {
  readonly measure: Measure;
  /** Of the worst hour; of offsets and duplicates over the whole span. */
  readonly ratio: number;
  readonly flagged: boolean;
}

export interface Verdict {
  readonly hours: readonly HourResult[];
  readonly measures: readonly MeasureResult[];
  /** A sentence for each thing that somebody should look at. */
  readonly findings: readonly string[];
}

export interface Found {
  readonly hours: readonly HourCounts[];
  readonly offsets: readonly OffsetCounts[];
  readonly duplicates: { readonly trades: number; readonly extra: number };
  /** Null without one. Hours within its first and last that it leaves out had no trade. */
  readonly reference: readonly ReferenceHour[] | null;
}

/** Holds what landed against the reference, and against itself. `threshold` is a ratio; what is above it is flagged. */
export function judge({ hours, offsets, duplicates, reference }: Found, threshold: number): Verdict {
  const expected = referenceOf(reference);
  const results = hours.map((hour): HourResult => {
    const theirs = expected(hour.hourMs);
    const diff = {
      trades: theirs === null ? null : difference(hour.trades, theirs.trades),
      volume_usd: theirs?.volumeUsd == null ? null : difference(hour.volumeUsd ?? 0, theirs.volumeUsd),
      blocks: blocksMissing(hour),
    };
    const flagged = MEASURES.filter(
      (measure) => measure in diff && (diff[measure as keyof typeof diff] ?? 0) > threshold,
    );
    return { ...hour, reference: theirs, diff, flagged };
  });
  const measures = measuresOf(results, offsets, duplicates, threshold);
  return { hours: results, measures, findings: findingsOf(results, offsets, measures, duplicates.extra, threshold) };
}

/** |ours - theirs| / theirs, and 1 where they have nothing and we do not. */
export function difference(ours: number, theirs: number): number {
  if (ours === theirs) return 0;
  return theirs === 0 ? 1 : Math.abs(ours - theirs) / Math.abs(theirs);
}

function referenceOf(reference: readonly ReferenceHour[] | null): (hourMs: number) => ReferenceHour | null {
  const byHour = new Map((reference ?? []).map((hour) => [hour.hourMs, hour]));
  const times = [...byHour.keys()];
  const first = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return (hourMs) => {
    if (hourMs < first || hourMs > last) return null;
    return byHour.get(hourMs) ?? { hourMs, trades: 0, volumeUsd: null };
  };
}

function blocksMissing({ blocks: { landed, missing, unseen } }: HourCounts): number | null {
  const all = landed + missing;
  if (all === 0) return unseen === 0 ? null : unseen;
  return Math.max(missing / all, unseen);
}

function measuresOf(
  hours: readonly HourResult[],
  offsets: readonly OffsetCounts[],
  { trades, extra }: Found['duplicates'],
  threshold: number,
): MeasureResult[] {
  const span = sum(offsets, ({ first, last }) => last - first + 1);
  const lost = sum(offsets, (one) => one.lost + one.letters);
  const worst = (measure: keyof HourResult['diff']): number | null => {
    const known = hours.map(({ diff }) => diff[measure]).filter((ratio) => ratio !== null);
    return known.length === 0 ? null : known.reduce((a, b) => Math.max(a, b));
  };
  const ratios: Readonly<Record<Measure, number | null>> = {
    trades: worst('trades'),
    volume_usd: worst('volume_usd'),
    blocks: worst('blocks'),
    offsets: span === 0 ? null : lost / span,
    duplicates: trades === 0 ? null : extra / trades,
  };
  return MEASURES.flatMap((measure) => {
    const ratio = ratios[measure];
    return ratio === null ? [] : [{ measure, ratio, flagged: ratio > threshold }];
  });
}

function findingsOf(
  hours: readonly HourResult[],
  offsets: readonly OffsetCounts[],
  measures: readonly MeasureResult[],
  extra: number,
  threshold: number,
): string[] {
  const landed = sum(hours, ({ blocks }) => blocks.landed);
  const withoutTrades = sum(hours, ({ blocks }) => blocks.withoutTrades);
  const withoutHeader = sum(hours, ({ blocks }) => blocks.withoutHeader);
  const flagged = (measure: Measure) => measures.some((one) => one.measure === measure && one.flagged);
  const findings = hours
    .filter((hour) => hour.flagged.length > 0)
    .map(({ hourMs, diff, flagged: which }) => {
      const parts = which.map((measure) => `${measure} ${percent(diff[measure as keyof typeof diff] ?? 0)}`);
      return `${isoHour(hourMs)} is off: ${parts.join(', ')}`;
    });
  if (withoutTrades > landed * threshold) findings.push(`${withoutTrades} of ${landed} blocks have no trade`);
  if (withoutHeader > (landed + withoutHeader) * threshold)
    findings.push(`trades of ${withoutHeader} slots landed without the slot’s header`);
  if (flagged('offsets'))
    findings.push(
      `${sum(offsets, ({ lost }) => lost)} offsets expired unread (ingest_gaps), ${sum(offsets, ({ letters }) => letters)} are open dead letters`,
    );
  if (flagged('duplicates')) findings.push(`${extra} trades are there a second time, at another place of the chain`);
  // Position and rows are committed together: not one may be ahead.
  for (const { partition, ahead, nextOffset } of offsets.filter((one) => one.ahead > 0))
    findings.push(
      `${ahead} rows of partition ${partition} come from offsets its position (${nextOffset ?? 'none'}) has not reached: it was set back, or the topic was made anew`,
    );
  return findings;
}

export function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(ratio > 0 && ratio < 0.1 ? 2 : 1)} %`;
}

export function isoHour(hourMs: number): string {
  return `${new Date(hourMs).toISOString().slice(0, 13)}:00Z`;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
