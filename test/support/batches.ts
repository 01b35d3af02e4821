import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresSink } from '../../src/sink/postgres-sink.js';
import type { Batch, BatchPart, Claim, PartOutcome } from '../../src/sink/sink.js';
import type { PostgresSinkOptions, SinkConfig } from '../../src/sink/sink-options.js';
import { TRADES } from '../../src/tables.js';
import type { TestDatabase } from './database.js';

export const TOPIC = 'solana.dextrades.proto';
export const SLOT = 415_200_100;
export const never: AbortSignal = new AbortController().signal;

/** A trade's fields by column; what is left out is NULL, or plain where NULL is not allowed. */
export type TradeFields = Partial<
  Record<(typeof TRADES.columns)[number][0], string | number | boolean | bigint | null>
>;

/** Short times, so that a test of a fault does not wait for it; but a busy machine that stands still for a while is none. */
export const SINK_CONFIG = {
  databaseUrl: undefined,
  databaseLanes: 2,
  databaseFlushTimeoutMs: 60_000,
  databaseStaleBackendMs: 200,
  databasePartitionsAhead: 1,
  databaseRetentionSlots: 0,
  databaseTradeIndexes: [],
  breakerFailureThreshold: 1_000,
  breakerSuccessThreshold: 2,
  breakerOpenMs: 50,
  breakerHalfOpenCalls: 3,
  deadLettersPercentMax: 5,
  deadLettersWindow: 10_000,
  deadLettersInARow: 100,
} satisfies SinkConfig;

const silent = { info: () => {}, warn: () => {}, error: () => {} };

export function createSink(
  url: string,
  options: Omit<Partial<PostgresSinkOptions>, 'config'> & { config?: Partial<SinkConfig> } = {},
): PostgresSink {
  const { config, ...rest } = options;
  return new PostgresSink({
    groupId: 'group',
    ownerId: 'owner-a',
    logger: silent,
    ...rest,
    config: { ...SINK_CONFIG, databaseUrl: url, ...config },
  });
}

/** One row in COPY's binary format. Numeric columns take whole numbers below 10,000. */
export function encodeTrade(fields: TradeFields): Uint8Array {
  const all: TradeFields = {
    trade_index: 0,
    is_router: false,
    success: true,
    kafka_partition: 0,
    kafka_offset: 0,
    ...fields,
  };
  const parts: Buffer[] = [int16(TRADES.columns.length)];
  for (const [name, type] of TRADES.columns) {
    const value = all[name] ?? null;
    const bytes = value === null ? null : encodeField(type, value);
    parts.push(int32(bytes === null ? -1 : bytes.length));
    if (bytes !== null) parts.push(bytes);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function encodeField(type: string, value: string | number | boolean | bigint): Buffer {
  if (type === 'bool') return Buffer.from([value === true ? 1 : 0]);
  if (type === 'int4') return int32(Number(value));
  if (type === 'text') return Buffer.from(String(value));
  if (type === 'numeric')
    return Buffer.concat([
      int16(value === 0 ? 0 : 1),
      int16(0),
      int16(0),
      int16(0),
      ...(value === 0 ? [] : [int16(Number(value))]),
    ]);
  const bytes = Buffer.alloc(8);
  if (type === 'float8') bytes.writeDoubleBE(Number(value));
  else if (type === 'timestamptz') bytes.writeBigInt64BE((BigInt(value) - 946_684_800_000n) * 1_000n);
  else bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

/** A part that lands the trades, in one chunk; kafka_partition is set on each. */
export function tradesPart(
  claim: Claim,
  from: number,
  to: number,
  trades: readonly TradeFields[] = [],
  more: Partial<BatchPart> = {},
): BatchPart {
  const rows = trades.map((fields) => encodeTrade({ kafka_partition: claim.partition, kafka_offset: from, ...fields }));
  const bytes = Buffer.concat(rows);
  return {
    topic: claim.topic,
    partition: claim.partition,
    epoch: claim.epoch,
    from,
    to,
    messages: to - from,
    trades: rows.length === 0 ? [] : [new Uint8Array(bytes)],
    tradeRows: rows.length,
    tradeBytes: bytes.length,
    slots: [],
    failures: [],
    oldestTimestampMs: -1,
    newestTimestampMs: -1,
    ...more,
  };
}

export const batchOf = (...parts: BatchPart[]): Batch => ({ parts });

/** `count` trades of one slot, one transaction each. */
export function trades(count: number, fields: (index: number) => TradeFields = () => ({})): TradeFields[] {
  return Array.from({ length: count }, (_, i) => ({ block_slot: SLOT, tx_index: i, ...fields(i) }));
}

/** What became of the parts, without the parts themselves. */
export function summary(outcomes: readonly PartOutcome[]): object[] {
  return outcomes.map(({ part: _, ...rest }) => rest);
}

/** Positions by partition. */
export async function positions(database: TestDatabase): Promise<Record<number, number>> {
  const rows = await database.query<{ partition: number; next_offset: string }>(
    'SELECT partition, next_offset FROM kafka_offsets ORDER BY 1',
  );
  return Object.fromEntries(rows.map((row) => [row.partition, Number(row.next_offset)]));
}

export async function countTrades(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ count: string }>('SELECT count(*) FROM solana_dex_trades');
  return Number(row?.count);
}

/** Waits until the condition holds; rejects after a generous time. */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Gave up waiting until ${what}.`);
    await sleep(20);
  }
}
