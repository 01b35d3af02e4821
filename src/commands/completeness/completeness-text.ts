import { isoHour, type MeasureResult, type OffsetCounts, percent, type Verdict } from './compare.js';
import type { Span } from './queries.js';

export interface Report extends Verdict {
  readonly span: Span;
  readonly comparedTo: string;
  readonly threshold: number;
  readonly offsets: readonly OffsetCounts[];
  readonly duplicates: number;
}

/** What `--json` prints. */
export function completenessJson({ hours, measures, findings, ...report }: Report): object {
  return {
    complete: findings.length === 0,
    since: new Date(report.span.sinceMs).toISOString(),
    until: new Date(report.span.untilMs).toISOString(),
    compared_to: report.comparedTo,
    threshold: report.threshold,
    measures: Object.fromEntries(measures.map(({ measure, ratio, flagged }) => [measure, { ratio, flagged }])),
    hours: hours.map(({ hourMs, trades, volumeUsd, blocks, reference, diff, flagged }) => ({
      hour: new Date(hourMs).toISOString(),
      trades,
      volume_usd: volumeUsd,
      reference_trades: reference?.trades ?? null,
      reference_volume_usd: reference?.volumeUsd ?? null,
      blocks_landed: blocks.landed,
      blocks_missing: blocks.missing,
      unseen: blocks.unseen,
      blocks_without_trades: blocks.withoutTrades,
      slots_without_header: blocks.withoutHeader,
      diff,
      flagged,
    })),
    offsets: report.offsets.map(({ partition, first, last, nextOffset, withRows, lost, letters, ahead }) => ({
      partition,
      first,
      last,
      next_offset: nextOffset,
      with_rows: withRows,
      lost,
      open_dead_letters: letters,
      rows_ahead: ahead,
    })),
    duplicates: report.duplicates,
    findings,
  };
}

/** The same for people. */
export function completenessText(report: Report): string {
  const { span, comparedTo, hours, offsets, measures, findings, threshold } = report;
  const rows = hours.map(({ hourMs, trades, volumeUsd, reference, blocks, diff, flagged }) => [
    isoHour(hourMs),
    count(trades),
    usd(volumeUsd),
    reference === null ? '-' : count(reference.trades),
    reference === null ? '-' : usd(reference.volumeUsd),
    count(blocks.landed),
    count(blocks.missing),
    ...[diff.trades, diff.volume_usd, diff.blocks].map((ratio) => (ratio === null ? '-' : percent(ratio))),
    flagged.length === 0 ? '' : '<-',
  ]);
  const partitions = offsets.map((one) => [
    String(one.partition),
    count(one.first),
    count(one.last),
    one.nextOffset === null ? '-' : count(one.nextOffset),
    count(one.withRows),
    count(one.lost),
    count(one.letters),
    count(one.ahead),
  ]);
  return [
    `${isoHour(span.sinceMs)} to ${isoHour(span.untilMs)}, compared to ${comparedTo}; more than ${percent(threshold)} is flagged`,
    '',
    ...table(HOUR_HEAD, rows),
    '',
    ...table(OFFSET_HEAD, partitions),
    '',
    measures.length === 0 ? 'nothing to compare' : measures.map(measureText).join(', '),
    ...(findings.length === 0 ? ['Complete: nothing is flagged.'] : findings.map((finding) => `FLAGGED ${finding}`)),
  ].join('\n');
}

const HOUR_HEAD = [
  'hour',
  'trades',
  'USD',
  'ref trades',
  'ref USD',
  'blocks',
  'missing',
  'trades',
  'USD',
  'blocks',
  '',
];
const OFFSET_HEAD = ['partition', 'from', 'to', 'position', 'with rows', 'lost', 'letters', 'ahead'];

function measureText({ measure, ratio, flagged }: MeasureResult): string {
  return `${measure} ${percent(ratio)}${flagged ? ' (flagged)' : ''}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, i) => cell.padStart(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function usd(value: number | null): string {
  return value === null ? '-' : count(value);
}
