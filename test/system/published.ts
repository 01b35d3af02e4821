import assert from 'node:assert/strict';
import { ENTRY_FIELDS } from '../../src/sink/fan-out/stream-entry.js';
import type { RoledDatabase } from '../support/least-privilege.js';
import type { RedisServer, StreamEntry } from '../support/redis-server.js';

export const STREAM = 'solana:dextrades';

type Row = Readonly<Record<string, string | number | boolean | null>>;

/** Landed trades, by the fields that the stream tells; numbers as they are and all else as text. */
async function landedRows(database: RoledDatabase): Promise<Row[]> {
  const columns = ENTRY_FIELDS.map((name) =>
    name === 'block_time_ms' ? '(extract(epoch from block_time) * 1000)::float8 AS block_time_ms' : name,
  );
  return database.query<Row>(`SELECT ${columns.join(', ')} FROM solana_dex_trades`);
}

function keyOf({ block_slot, tx_index, trade_index }: Record<string, unknown>): string {
  return `${block_slot}.${tx_index}.${trade_index}`;
}

/**
 * Holds the stream against the database: every entry is a trade that landed, with its values, none is there twice, and those of a
 * partition are in the order of its offsets. Answers how many landed trades are not in the stream.
 */
export async function missingInStream(redis: RedisServer, database: RoledDatabase): Promise<number> {
  const landed = new Map((await landedRows(database)).map((row) => [keyOf(row), row]));
  const seen = new Set<string>();
  const lastOffset = new Map<string, number>();
  for (const { id, fields } of await redis.entries(STREAM)) {
    const key = keyOf(fields);
    const row = landed.get(key);
    assert.ok(row !== undefined, `${id}: trade ${key} has not landed`);
    assert.ok(!seen.has(key), `${id}: trade ${key} is in the stream twice`);
    seen.add(key);
    assertSame(row, { id, fields });
    const offset = Number(fields.kafka_offset);
    const before = lastOffset.get(fields.kafka_partition!) ?? -1;
    assert.ok(offset >= before, `${id}: offset ${offset} of partition ${fields.kafka_partition} after ${before}`);
    lastOffset.set(fields.kafka_partition!, offset);
  }
  return landed.size - seen.size;
}

function assertSame(row: Row, { id, fields }: StreamEntry): void {
  for (const [name, value] of Object.entries(row)) {
    const text = fields[name];
    const expected = value === null ? '' : typeof value === 'boolean' ? (value ? '1' : '0') : value;
    if (typeof expected === 'number') assert.equal(Number(text), expected, `${id}: ${name}`);
    else assert.equal(text, expected, `${id}: ${name}`);
  }
  assert.deepEqual(Object.keys(fields), ENTRY_FIELDS, id);
}
