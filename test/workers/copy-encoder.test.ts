import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import copyStreams from 'pg-copy-streams';
import { type Table, TRADES, TRADES_FIRST_VOLATILE_COLUMN } from '../../src/tables.js';
import { CopyEncoder } from '../../src/workers/copy-encoder.js';
import { decodeSlab } from '../../src/workers/slab.js';
import { readRows } from '../support/copy-rows.js';
import { testServerUrl } from '../support/database.js';
import * as m from '../support/messages.js';
import { randomNumbers } from '../support/random-messages.js';

const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = Buffer.from([0xff, 0xff]);

/** Copies encoded rows into a temporary table of these columns and reads them back as texts. */
async function throughPostgres(context: TestContext, table: Table, rows: Uint8Array): Promise<(string | null)[][]> {
  const client = new pg.Client(await testServerUrl());
  await client.connect();
  context.after(() => client.end());
  const columns = table.columns.map(([name, type]) => `${name} ${type}`);
  await client.query(`SET timezone = 'UTC'; CREATE TEMPORARY TABLE copied (${columns.join(', ')})`);
  const stream = client.query(copyStreams.from('COPY copied FROM STDIN (FORMAT binary)'));
  stream.end(Buffer.concat([HEADER, rows, TRAILER]));
  await once(stream, 'finish');
  const texts = table.columns.map(([name]) => `${name}::text`);
  const result = await client.query({ text: `SELECT ${texts.join(', ')} FROM copied`, rowMode: 'array' });
  return result.rows as (string | null)[][];
}

/** A table of `count` columns of one type. */
function tableOf(type: Table['columns'][number][1], count: number): Table {
  return { name: 'copied', columns: Array.from({ length: count }, (_, i) => [`c${i}`, type] as const) };
}

function rowOf(count: number, write: (encoder: CopyEncoder, i: number) => void): Uint8Array {
  const encoder = new CopyEncoder();
  encoder.beginRow(count);
  for (let i = 0; i < count; i++) write(encoder, i);
  return encoder.take();
}

test('PostgreSQL reads an unsigned 64-bit integer digit for digit', async (context) => {
  const random = randomNumbers(3);
  const values = [0n, 1n, 9_999n, 10_000n, 100_000_000n, 123_400_000_000n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n];
  for (let bits = 1; bits <= 64; bits++) values.push(BigInt(Math.floor(random() * 2 ** 53)) % 2n ** BigInt(bits));
  for (let digits = 0; digits < 20; digits++)
    values.push(10n ** BigInt(digits), (10n ** BigInt(digits) * 3n) % 2n ** 64n);
  const row = rowOf(values.length, (encoder, i) => {
    encoder.numeric(Number(values[i]! >> 32n) | 0, Number(values[i]! & 0xffff_ffffn) | 0);
  });
  const [copied] = await throughPostgres(context, tableOf('numeric', values.length), row);
  assert.deepEqual(copied, values.map(String));
});

test('PostgreSQL reads times to the millisecond over nine thousand years', async (context) => {
  const times = [0, 1, 946_684_800_000, 1_760_000_000_123, 31_536_000_000, 253_402_300_799_999, null];
  const row = rowOf(times.length, (encoder, i) => encoder.timestamptz(times[i]!));
  const [copied] = await throughPostgres(context, tableOf('timestamptz', times.length), row);
  assert.deepEqual(copied, [
    '1970-01-01 00:00:00+00',
    '1970-01-01 00:00:00.001+00',
    '2000-01-01 00:00:00+00',
    '2025-10-09 08:53:20.123+00',
    '1971-01-01 00:00:00+00',
    '9999-12-31 23:59:59.999+00',
    null,
  ]);
});

test('PostgreSQL reads integers up to 2^53 - 1', async (context) => {
  const values = [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
  const row = rowOf(values.length, (encoder, i) => encoder.int8(values[i]!));
  const [copied] = await throughPostgres(context, tableOf('int8', values.length), row);
  assert.deepEqual(copied, values.map(String));
});

test('PostgreSQL takes every kind of row a worker makes', async (context) => {
  const trades = [
    m.tradeOf({ Dex: { ProtocolName: 'a\0b 🚀', ProtocolFamily: '\uFEFF ' } }),
    m.tradeOf({ Market: null, Buy: null, Sell: null, Dex: null }),
    m.tradeOf({ Buy: m.leg(m.NATIVE_SOL, 1, { AmountInUsd: 3 }), Sell: { Amount: 5 } }),
  ];
  const bare = { Index: 6, Trades: trades };
  const message = m.messageOf([m.transactionOf(trades), bare]);
  const { trades: encoded } = decodeSlab(m.slabOf([{ value: message }]), { messageMaxBytes: 1e6 });
  const copied = await throughPostgres(context, TRADES, encoded);
  const nameAt = TRADES.columns.findIndex(([name]) => name === 'protocol_name');
  assert.deepEqual(
    copied.map((row) => row[nameAt]),
    ['a\uFFFDb 🚀', null, 'pump_amm', 'a\uFFFDb 🚀', null, 'pump_amm'],
  );
  const nulls = copied.map((row) => row.filter((field) => field === null).length);
  assert.deepEqual(
    nulls,
    readRows(encoded).map((row) => Object.values(row).filter((field) => field === null).length),
  );
});

test('a float that is no finite number is NULL', () => {
  const values = [1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, null];
  const row = rowOf(values.length, (encoder, i) => encoder.float8(values[i]!));
  assert.deepEqual(Object.values(readRows(row, tableOf('float8', values.length))[0]!), [1.5, null, null, null, null]);
});

test('the buffer grows under many rows and one huge text alike', () => {
  const encoder = new CopyEncoder();
  const huge = 'ä🚀'.repeat(200_000);
  for (const text of ['a', huge, 'b', huge]) {
    encoder.beginRow(1);
    encoder.text(text);
  }
  const rows = readRows(encoder.take(), tableOf('text', 1)) as unknown as { c0: string }[];
  assert.deepEqual(
    rows.map(({ c0 }) => c0.length),
    [1, huge.length, 1, huge.length],
  );
});

test('an encoder is empty after its bytes are taken, and can be cut back to any position passed', () => {
  const encoder = new CopyEncoder();
  encoder.bool(true);
  const mark = encoder.position;
  encoder.int8(5);
  encoder.truncate(mark);
  assert.deepEqual([...encoder.take()], [0, 0, 0, 1, 1]);
  assert.equal(encoder.take().length, 0);
  assert.throws(() => encoder.truncate(1), /a position it has passed/);
});

test('what was written beyond the room reserved is found out', () => {
  const encoder = new CopyEncoder();
  assert.throws(() => encoder.advance(encoder.bytes.length + 1), /within the room/);
});

test('the buffer of an unusual slab is given up', () => {
  const encoder = new CopyEncoder();
  encoder.reserve(20_000_000);
  encoder.advance(10);
  assert.equal(encoder.take().length, 10);
  assert.ok(encoder.bytes.length < 20_000_000);
});

test('an integer column refuses what is no whole number from 0 to 2^53 - 1', () => {
  const encoder = new CopyEncoder();
  for (const value of [-1, 0.5, 2 ** 53, Number.NaN]) assert.throws(() => encoder.int8(value), /an int8 column got/);
});

test('the fingerprint covers every column before the first volatile one, and no other', () => {
  const fingerprint = (message: ReturnType<typeof m.messageOf>, timestampMs: number) =>
    decodeSlab(m.slabOf([{ value: message, timestampMs }]), { messageMaxBytes: 1e6 }).transactions[5];
  const base = m.messageOf([m.transactionOf([m.tradeOf()])]);
  const priced = m.tradeOf({
    Buy: m.leg(m.key(m.PARTIES.mint), 2_000_000, { ...m.ownedBy(m.PARTIES.owner), AmountInUsd: 9 }),
  });
  const ordered = (id: number) => {
    const order = { Order: { OrderId: Uint8Array.of(id) } };
    return m.messageOf([m.transactionOf([m.tradeOf({ Sell: m.leg(m.WRAPPED_SOL, 500_000_000, order) })])]);
  };
  assert.equal(fingerprint(base, 1), fingerprint(base, 2));
  assert.equal(fingerprint(base, 1), fingerprint(m.messageOf([m.transactionOf([priced])]), 1));
  assert.notEqual(fingerprint(ordered(1), 1), fingerprint(ordered(2), 1), 'the last column counts');
  const names = TRADES.columns.map(([name]) => name);
  assert.equal(names[names.indexOf(TRADES_FIRST_VOLATILE_COLUMN) - 1], 'order_id');
});
