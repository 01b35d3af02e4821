import type { ExpectedRow } from './generator/expected-row.js';
import { differences } from './row-difference.js';

/** A message that the broker acknowledged. */
export interface SentMessage {
  readonly partition: number;
  readonly offset: number;
  /** Planned to end as a dead letter. */
  readonly poison: boolean;
  readonly trades: readonly SentTrade[];
}

export interface TradeKey {
  readonly slot: number;
  readonly txIndex: number;
  readonly tradeIndex: number;
}

export interface SentTrade extends TradeKey {
  /** Known answer, for those trades whose row is to be compared. */
  readonly row?: ExpectedRow;
}

/** A row of the trades table. */
export interface LandedTrade extends TradeKey {
  readonly partition: number;
  readonly offset: number;
  /** When its transaction committed, µs since the epoch; null where the database does not keep it. */
  readonly committedAtUs: number | null;
  /** All columns; only looked at for trades sent with a known answer. */
  readonly row?: Readonly<Record<string, unknown>>;
}

export interface Place {
  readonly partition: number;
  readonly offset: number;
}

/** What PostgreSQL holds. */
export interface Landed {
  readonly trades: readonly LandedTrade[];
  readonly deadLetters: readonly Place[];
  /** Offsets given up as lost in the source. */
  readonly gaps: readonly Stretch[];
  readonly nextOffsets: ReadonlyMap<number, number>;
}

/** Half-open stretch of one partition. */
export interface Stretch {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

export type FindingKind =
  | 'missing-trade'
  | 'duplicated-trade'
  | 'unexplained-trade'
  | 'out-of-order-trade'
  | 'wrong-trade'
  | 'missing-dead-letter'
  | 'duplicated-dead-letter'
  | 'unexplained-dead-letter'
  | 'unexplained-gap'
  | 'wrong-position';

/** One thing that is not as it must be, with the message it is about. */
export interface Finding extends Place {
  readonly kind: FindingKind;
  readonly text: string;
}

export interface Ledger {
  readonly messages: number;
  readonly trades: {
    /** Trades in messages, repeats counted. */
    readonly produced: number;
    /** Different trades among them: the rows there must be. */
    readonly expected: number;
    readonly landed: number;
    readonly missing: number;
    readonly duplicated: number;
    /** Rows of trades that nobody sent. */
    readonly unexplained: number;
    /**
     * Rows that came of another message than the first of their partition that carried them, or that became visible before
     * an earlier offset's.
     */
    readonly outOfOrder: number;
    /** Rows compared with their known answer, and those that differ. */
    readonly compared: number;
    readonly wrong: number;
  };
  readonly deadLetters: {
    readonly planned: number;
    readonly landed: number;
    readonly missing: number;
    readonly unexplained: number;
  };
  readonly gaps: number;
  /** Partitions whose position is not the end of what was sent. */
  readonly partitionsOff: number;
  /** All that is wrong, the first thousand of it. */
  readonly findings: readonly Finding[];
  /** The first of what is wrong, a sentence each, with partition and offset. */
  readonly problems: readonly string[];
  /** Every trade landed exactly once, in order, and nothing is unexplained. */
  readonly clean: boolean;
}

const PROBLEMS_MAX = 20;
const FINDINGS_MAX = 1_000;

/**
 * Compares what was sent with what landed. Neither needs an order. `skipped` was not to be read: nothing of it may be there,
 * and a gap row is explained where it lies within it.
 */
export function settle(sent: readonly SentMessage[], landed: Landed, skipped: readonly Stretch[] = []): Ledger {
  const findings: Finding[] = [];
  let wrongs = 0;
  const report: Report = (kind, { partition, offset }, text) => {
    wrongs += 1;
    if (findings.length < FINDINGS_MAX) findings.push({ kind, partition, offset, text });
  };
  const read = sent
    .filter((message) => !skipped.some((stretch) => contains(stretch, message)))
    .sort((one, other) => one.partition - other.partition || one.offset - other.offset);
  const trades = settleTrades(firstSends(read), landed.trades, report);
  const deadLetters = settleDeadLetters(read, landed.deadLetters, report);
  for (const { partition, from, to } of landed.gaps) {
    if (skipped.some((stretch) => stretch.partition === partition && stretch.from <= from && to <= stretch.to))
      continue;
    report('unexplained-gap', { partition, offset: from }, `gap: partition ${partition}, offsets ${from} to ${to - 1}`);
  }
  const partitionsOff = settlePositions(sent, landed.nextOffsets, report);
  const problems = findings.slice(0, PROBLEMS_MAX).map(({ text }) => text);
  if (wrongs > problems.length) problems.push(`… and ${wrongs - problems.length} more`);
  return {
    messages: sent.length,
    trades: { ...trades, produced: read.reduce((sum, message) => sum + message.trades.length, 0) },
    deadLetters,
    gaps: landed.gaps.length,
    partitionsOff,
    findings,
    problems,
    clean: wrongs === 0,
  };
}

type Report = (kind: FindingKind, place: Place, text: string) => void;

function contains({ partition, from, to }: Stretch, place: Place): boolean {
  return place.partition === partition && place.offset >= from && place.offset < to;
}

/** Where a trade was sent first: once for every partition that carried it, for partitions have no order among them. */
interface FirstSends {
  readonly trade: SentTrade;
  readonly places: Place[];
}

function firstSends(sent: readonly SentMessage[]): Map<string, FirstSends> {
  const firsts = new Map<string, FirstSends>();
  for (const message of sent) {
    for (const trade of message.trades) {
      const key = keyOf(trade);
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, { trade, places: [message] });
      else if (first.places.at(-1)?.partition !== message.partition) first.places.push(message);
    }
  }
  return firsts;
}

function settleTrades(firsts: ReadonlyMap<string, FirstSends>, rows: readonly LandedTrade[], report: Report) {
  const seen = new Set<string>();
  const count = { landed: 0, duplicated: 0, unexplained: 0, outOfOrder: 0, compared: 0, wrong: 0 };
  for (const row of rows) {
    const key = keyOf(row);
    const first = firsts.get(key);
    if (first === undefined) {
      count.unexplained += 1;
      report('unexplained-trade', row, `unexplained: trade ${key}, ${placeOf(row)}, was never sent`);
    } else if (seen.has(key)) {
      count.duplicated += 1;
      report('duplicated-trade', row, `duplicated: trade ${key}, ${placeOf(row)}`);
    } else {
      count.landed += 1;
      if (!first.places.some(({ partition, offset }) => row.partition === partition && row.offset === offset)) {
        count.outOfOrder += 1;
        const sentIn = first.places.map(placeOf).join(' and ');
        report(
          'out-of-order-trade',
          row,
          `out of order: trade ${key} came of ${placeOf(row)}, but was first sent in ${sentIn}`,
        );
      }
      if (first.trade.row !== undefined && row.row !== undefined) {
        count.compared += 1;
        const wrong = differences(row.row, first.trade.row);
        if (wrong.length > 0) {
          count.wrong += 1;
          report('wrong-trade', row, `wrong: trade ${key}, ${placeOf(row)}: ${wrong.join('; ')}`);
        }
      }
    }
    seen.add(key);
  }
  for (const [key, { places }] of firsts) {
    const [place] = places;
    if (!seen.has(key) && place !== undefined)
      report('missing-trade', place, `missing: trade ${key}, sent in ${placeOf(place)}`);
  }
  count.outOfOrder += settleVisibility(rows, report);
  return { ...count, expected: firsts.size, missing: firsts.size - count.landed };
}

/** Within a partition nothing may become visible before what stands at a lower offset. */
function settleVisibility(rows: readonly LandedTrade[], report: Report): number {
  const timed = rows.filter((row) => row.committedAtUs !== null);
  timed.sort((one, other) => one.partition - other.partition || one.offset - other.offset);
  let early = 0;
  let latest: LandedTrade | null = null;
  for (const row of timed) {
    if (latest === null || latest.partition !== row.partition) latest = row;
    else if ((row.committedAtUs ?? 0) < (latest.committedAtUs ?? 0)) {
      early += 1;
      const text = `out of order: trade ${keyOf(row)}, ${placeOf(row)}, was visible before offset ${latest.offset}`;
      report('out-of-order-trade', row, text);
    } else latest = row;
  }
  return early;
}

function settleDeadLetters(sent: readonly SentMessage[], deadLetters: readonly Place[], report: Report) {
  const planned = new Map(sent.filter(({ poison }) => poison).map((message) => [placeOf(message), message]));
  const seen = new Set<string>();
  let unexplained = 0;
  for (const letter of deadLetters) {
    const place = placeOf(letter);
    if (planned.has(place) && !seen.has(place)) seen.add(place);
    else {
      unexplained += 1;
      if (seen.has(place)) report('duplicated-dead-letter', letter, `duplicated dead letter: ${place}`);
      else report('unexplained-dead-letter', letter, `unexplained dead letter: ${place}`);
    }
  }
  for (const [place, message] of planned)
    if (!seen.has(place)) report('missing-dead-letter', message, `missing dead letter: ${place}`);
  return { planned: planned.size, landed: seen.size, missing: planned.size - seen.size, unexplained };
}

function settlePositions(sent: readonly SentMessage[], positions: ReadonlyMap<number, number>, report: Report): number {
  const ends = endsOf(sent);
  for (const partition of positions.keys()) if (!ends.has(partition)) ends.set(partition, 0);
  let off = 0;
  for (const [partition, end] of ends) {
    const position = positions.get(partition);
    if (position === end) continue;
    off += 1;
    const text = `position: partition ${partition} stands at ${position ?? 'nothing'}, its end is ${end}`;
    report('wrong-position', { partition, offset: position ?? 0 }, text);
  }
  return off;
}

/** One past the last offset sent, by partition. */
export function endsOf(sent: readonly Place[]): Map<number, number> {
  const ends = new Map<number, number>();
  for (const { partition, offset } of sent) ends.set(partition, Math.max(ends.get(partition) ?? 0, offset + 1));
  return ends;
}

export function keyOf({ slot, txIndex, tradeIndex }: TradeKey): string {
  return `${slot}/${txIndex}/${tradeIndex}`;
}

function placeOf({ partition, offset }: Place): string {
  return `partition ${partition} offset ${offset}`;
}
