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
  readonly gaps: readonly { readonly partition: number; readonly from: number; readonly to: number }[];
  readonly nextOffsets: ReadonlyMap<number, number>;
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
    /** Rows that came of another message than the first that carried them, or that became visible before an earlier offset's. */
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
  /** The first of what is wrong, a sentence each, with partition and offset. */
  readonly problems: readonly string[];
  /** Every trade landed exactly once, in order, and nothing is unexplained. */
  readonly clean: boolean;
}

const PROBLEMS_MAX = 20;

/** Compares what was sent with what landed. Neither needs an order. */
export function settle(sent: readonly SentMessage[], landed: Landed): Ledger {
  const problems: string[] = [];
  let wrongs = 0;
  const report = (problem: string): void => {
    wrongs += 1;
    if (problems.length < PROBLEMS_MAX) problems.push(problem);
  };
  const inOrder = [...sent].sort((one, other) => one.partition - other.partition || one.offset - other.offset);
  const firsts = firstSends(inOrder);
  const trades = settleTrades(firsts, landed.trades, report);
  const deadLetters = settleDeadLetters(inOrder, landed.deadLetters, report);
  for (const { partition, from, to } of landed.gaps)
    report(`gap: partition ${partition}, offsets ${from} to ${to - 1}`);
  const partitionsOff = settlePositions(inOrder, landed.nextOffsets, report);
  if (wrongs > problems.length) problems.push(`… and ${wrongs - problems.length} more`);
  return {
    messages: sent.length,
    trades: { ...trades, produced: sent.reduce((sum, message) => sum + message.trades.length, 0) },
    deadLetters,
    gaps: landed.gaps.length,
    partitionsOff,
    problems,
    clean: wrongs === 0,
  };
}

type Report = (problem: string) => void;

interface FirstSend {
  readonly trade: SentTrade;
  readonly partition: number;
  readonly offset: number;
}

function firstSends(sent: readonly SentMessage[]): Map<string, FirstSend> {
  const firsts = new Map<string, FirstSend>();
  for (const { partition, offset, trades } of sent) {
    for (const trade of trades) {
      const key = keyOf(trade);
      if (!firsts.has(key)) firsts.set(key, { trade, partition, offset });
    }
  }
  return firsts;
}

function settleTrades(firsts: ReadonlyMap<string, FirstSend>, rows: readonly LandedTrade[], report: Report) {
  const seen = new Set<string>();
  const count = { landed: 0, duplicated: 0, unexplained: 0, outOfOrder: 0, compared: 0, wrong: 0 };
  for (const row of rows) {
    const key = keyOf(row);
    const first = firsts.get(key);
    if (first === undefined) {
      count.unexplained += 1;
      report(`unexplained: trade ${key}, ${placeOf(row)}, was never sent`);
    } else if (seen.has(key)) {
      count.duplicated += 1;
      report(`duplicated: trade ${key}, ${placeOf(row)}`);
    } else {
      count.landed += 1;
      if (row.partition !== first.partition || row.offset !== first.offset) {
        count.outOfOrder += 1;
        report(`out of order: trade ${key} came of ${placeOf(row)}, but was first sent in ${placeOf(first)}`);
      }
      if (first.trade.row !== undefined && row.row !== undefined) {
        count.compared += 1;
        const wrong = differences(row.row, first.trade.row);
        if (wrong.length > 0) {
          count.wrong += 1;
          report(`wrong: trade ${key}, ${placeOf(row)}: ${wrong.join('; ')}`);
        }
      }
    }
    seen.add(key);
  }
  for (const [key, first] of firsts) if (!seen.has(key)) report(`missing: trade ${key}, sent in ${placeOf(first)}`);
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
      report(`out of order: trade ${keyOf(row)}, ${placeOf(row)}, was visible before offset ${latest.offset}`);
    } else latest = row;
  }
  return early;
}

function settleDeadLetters(sent: readonly SentMessage[], deadLetters: readonly Place[], report: Report) {
  const planned = new Set(sent.filter(({ poison }) => poison).map(placeOf));
  const seen = new Set<string>();
  let unexplained = 0;
  for (const letter of deadLetters) {
    const place = placeOf(letter);
    if (planned.has(place) && !seen.has(place)) seen.add(place);
    else {
      unexplained += 1;
      report(`unexplained dead letter: ${place}`);
    }
  }
  for (const place of planned) if (!seen.has(place)) report(`missing dead letter: ${place}`);
  return { planned: planned.size, landed: seen.size, missing: planned.size - seen.size, unexplained };
}

function settlePositions(sent: readonly SentMessage[], positions: ReadonlyMap<number, number>, report: Report): number {
  const ends = new Map<number, number>();
  for (const { partition, offset } of sent) ends.set(partition, Math.max(ends.get(partition) ?? 0, offset + 1));
  let off = 0;
  for (const [partition, end] of ends) {
    const position = positions.get(partition);
    if (position === end) continue;
    off += 1;
    report(`position: partition ${partition} stands at ${position ?? 'nothing'}, its end is ${end}`);
  }
  return off;
}

function keyOf({ slot, txIndex, tradeIndex }: TradeKey): string {
  return `${slot}/${txIndex}/${tradeIndex}`;
}

function placeOf({ partition, offset }: Place): string {
  return `partition ${partition} offset ${offset}`;
}
