import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PostgresSink } from '../../src/sink/postgres-sink.js';
import type { Batch, Claim } from '../../src/sink/sink.js';
import {
  batchOf,
  countTrades,
  createSink,
  encodeTrade,
  never,
  positions,
  SLOT,
  summary,
  TOPIC,
  trades,
  tradesPart,
} from '../support/batches.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { TcpProxy } from '../support/tcp-proxy.js';

async function scene(
  body: (
    sink: PostgresSink,
    database: TestDatabase,
    claims: readonly [Claim, Claim],
    letters: Map<string, number>,
  ) => Promise<void>,
): Promise<void> {
  const database = await testDatabase();
  const letters = new Map<string, number>();
  const sink = createSink(database.url, {
    observer: { onDeadLetters: (count, errorClass) => letters.set(errorClass, (letters.get(errorClass) ?? 0) + count) },
  });
  try {
    await sink.open();
    await body(sink, database, [await sink.claim(TOPIC, 0, 0, never), await sink.claim(TOPIC, 1, 0, never)], letters);
  } finally {
    await sink.close();
    await database.drop();
  }
}

const letterRows = (database: TestDatabase): Promise<object[]> =>
  database.query(
    'SELECT partition, kafka_offset::int, payload, payload_format, stage, error_class FROM ingest_dead_letters ORDER BY id',
  );

test('a bad value in one row of a large batch becomes a dead letter and the rest lands', () =>
  scene(async (sink, database, [first, second], letters) => {
    await database.query(`ALTER TABLE solana_dex_trades ADD CONSTRAINT no_evil CHECK (market <> 'evil')`);
    const fields = trades(5_000, (i) => ({ kafka_offset: i, ...(i === 3_210 ? { market: 'evil' } : {}) }));
    const other = trades(10, (i) => ({ tx_index: 10_000 + i }));
    const outcomes = await sink.write(
      0,
      batchOf(tradesPart(second, 0, 1, other), tradesPart(first, 0, 5_000, fields)),
      never,
    );
    assert.deepEqual(summary(outcomes), [
      { kind: 'landed', rowsInserted: 10, rowsDuplicate: 0 },
      { kind: 'landed', rowsInserted: 4_999, rowsDuplicate: 0 },
    ]);
    assert.equal(await countTrades(database), 5_009);
    assert.deepEqual(await positions(database), { 0: 5_000, 1: 1 });
    assert.deepEqual(await letterRows(database), [
      {
        partition: 0,
        kafka_offset: 3_210,
        payload: Buffer.from(encodeTrade({ kafka_partition: 0, ...fields[3_210] })),
        payload_format: 'copy-row',
        stage: 'sink',
        error_class: 'sqlstate_23514',
      },
    ]);
    assert.deepEqual([...letters], [['sqlstate_23514', 1]]);
  }));

test('bad values of several kinds in several rows are each found', () =>
  scene(async (sink, database, [first]) => {
    const bad = new Map<number, object>([
      [0, { signature: 'a\0b' }],
      [7, { success: null }],
      [8, { kafka_offset: null }],
      [299, { trader: 'c\0d' }],
    ]);
    const fields = trades(300, (i) => ({ kafka_offset: i, ...bad.get(i) }));
    // A row without its offset is told by its part alone.
    const rows = fields.map((trade, i) =>
      encodeTrade({ kafka_partition: 0, ...trade, ...(i === 8 ? { kafka_offset: 8, is_router: null } : {}) }),
    );
    const part = tradesPart(first, 0, 300, fields, { trades: [new Uint8Array(Buffer.concat(rows))] });
    assert.deepEqual(summary(await sink.write(0, batchOf(part), never)), [
      { kind: 'landed', rowsInserted: 296, rowsDuplicate: 0 },
    ]);
    assert.equal(await countTrades(database), 296);
    const found = (await letterRows(database)) as { kafka_offset: number; error_class: string; payload: Buffer }[];
    assert.deepEqual(
      found.map(({ kafka_offset, error_class }) => [kafka_offset, error_class]),
      [
        [0, 'sqlstate_22021'],
        [7, 'sqlstate_23502'],
        [8, 'sqlstate_23502'],
        [299, 'sqlstate_22021'],
      ],
    );
    assert.deepEqual(
      found.map(({ payload }) => payload),
      [0, 7, 8, 299].map((i) => Buffer.from(rows[i] as Uint8Array)),
    );
  }));

test('a bad row among repeats is found on its way out of staging', () =>
  scene(async (sink, database, [first, second]) => {
    await database.query(`ALTER TABLE solana_dex_trades ADD CONSTRAINT no_evil CHECK (market <> 'evil')`);
    await sink.write(0, batchOf(tradesPart(first, 0, 1, trades(200))), never);
    // The server inserts a thousand rows at a time: the repeats fail the direct COPY before the bad row does.
    const fields = trades(2_400, (i) => ({ kafka_offset: i, ...(i === 2_333 ? { market: 'evil' } : {}) }));
    assert.deepEqual(summary(await sink.write(0, batchOf(tradesPart(second, 0, 2_400, fields)), never)), [
      { kind: 'landed', rowsInserted: 2_199, rowsDuplicate: 200 },
    ]);
    assert.equal(await countTrades(database), 2_399);
    const found = (await letterRows(database)) as { kafka_offset: number }[];
    assert.deepEqual(
      found.map(({ kafka_offset }) => kafka_offset),
      [2_333],
    );
  }));

test('a bad row before rows of a partition that is not there yet is found', () =>
  scene(async (sink, database, [first]) => {
    const far = 10 * SLOT;
    const fields = trades(6, (i) => ({
      block_slot: i < 4 ? SLOT : far,
      kafka_offset: i,
      ...(i === 2 ? { side: 'x\0' } : {}),
    }));
    await sink.write(0, batchOf(tradesPart(first, 0, 6, fields)), never);
    assert.equal(await countTrades(database), 5);
    assert.equal((await letterRows(database)).length, 1);
  }));

test('data that is refused, but not for a row of ours, stops the engine and lands nothing', () =>
  scene(async (sink, database, [first]) => {
    await database.query('ALTER TABLE solana_slots ADD CHECK (slot < 0)');
    const header = { slot: 1, parentSlot: 0, blockTimeMs: null, hash: null, parentHash: null, height: null };
    await assert.rejects(sink.write(0, batchOf(tradesPart(first, 0, 1, trades(3), { slots: [header] })), never), {
      code: 'DATABASE_DATA',
    });
    assert.equal(await countTrades(database), 0);
    assert.deepEqual(await positions(database), { 0: 0, 1: 0 });
  }));

test('a bad row at the head of more bytes than the network holds at once is found', () =>
  scene(async (sink, database, [first]) => {
    const filler = 'm'.repeat(1_000);
    const chunk = (from: number): Uint8Array => {
      const rows = trades(2_000, (i) => ({ tx_index: from + i, kafka_offset: from + i, order_id: filler }));
      if (from === 0) rows[3] = { ...rows[3], market: 'x\0' };
      return new Uint8Array(Buffer.concat(rows.map((row) => encodeTrade(row))));
    };
    const chunks = Array.from({ length: 8 }, (_, i) => chunk(i * 2_000));
    const part = tradesPart(first, 0, 16_000, [], { trades: chunks, tradeRows: 16_000 });
    assert.deepEqual(summary(await sink.write(0, batchOf(part), never)), [
      { kind: 'landed', rowsInserted: 15_999, rowsDuplicate: 0 },
    ]);
    assert.equal(await countTrades(database), 15_999);
    assert.equal((await letterRows(database)).length, 1);
  }));

/** Opens what the sink asks for and counts it. */
async function connectionsOpened(database: TestDatabase, body: (url: string) => Promise<void>): Promise<number> {
  const proxy = await new TcpProxy(Number(new URL(database.url).port)).listen();
  try {
    await body(proxy.url(database.url));
    return proxy.accepted;
  } finally {
    await proxy.close();
  }
}

/** Nobody waits for a lock here, so that no connection is opened to look who holds it, however slow the machine. */
const QUIET = { config: { databaseStaleBackendMs: 60_000 } };

test('many bad rows of a batch are found on one connection', async () => {
  const database = await testDatabase();
  await database.query(`ALTER TABLE solana_dex_trades ADD CONSTRAINT no_evil CHECK (market <> 'evil')`);
  const fields = trades(2_000, (i) => ({
    kafka_offset: i,
    ...(i % 25 === 3 ? { market: 'evil' } : {}),
    ...(i % 200 === 9 ? { trader: 'x\0' } : {}),
  }));
  const opened = await connectionsOpened(database, async (url) => {
    const sink = createSink(url, QUIET);
    await sink.open();
    const claim = await sink.claim(TOPIC, 0, 0, never);
    assert.deepEqual(summary(await sink.write(0, batchOf(tradesPart(claim, 0, 2_000, fields)), never)), [
      { kind: 'landed', rowsInserted: 1_910, rowsDuplicate: 0 },
    ]);
    await sink.close();
  });
  const found = (await letterRows(database)) as { kafka_offset: number }[];
  assert.deepEqual(
    found.map(({ kafka_offset }) => kafka_offset),
    fields.flatMap((_, i) => (i % 25 === 3 || i % 200 === 9 ? [i] : [])),
  );
  // Control, maintenance, upkeep; the first attempt, the row it names, the second attempt, the search, the third.
  assert.ok(opened <= 12, `${opened} connections`);
  await database.drop();
});

test('a constraint that every row violates stops the engine at once and lands nothing', async () => {
  const database = await testDatabase();
  await database.query('ALTER TABLE solana_dex_trades ADD CONSTRAINT nobody CHECK (tx_index < 0)');
  const opened = await connectionsOpened(database, async (url) => {
    const sink = createSink(url, QUIET);
    await sink.open();
    const claim = await sink.claim(TOPIC, 0, 0, never);
    const batch = batchOf(tradesPart(claim, 0, 10, trades(3_000)));
    const message = /refuses 3000 of the 3000 rows.*"nobody".*constraints and triggers/;
    await assert.rejects(sink.write(0, batch, never), { code: 'DEAD_LETTER_FLOOD', canRetry: false, message });
    assert.equal(await countTrades(database), 0);
    assert.deepEqual(await letterRows(database), []);
    assert.deepEqual(await positions(database), { 0: 0 });
    await database.query('ALTER TABLE solana_dex_trades DROP CONSTRAINT nobody');
    assert.deepEqual(summary(await sink.write(0, batch, never)), [
      { kind: 'landed', rowsInserted: 3_000, rowsDuplicate: 0 },
    ]);
    await sink.close();
  });
  assert.ok(opened <= 12, `${opened} connections`);
  await database.drop();
});

test('small batches that are refused whole one after the other stop the engine, too', () =>
  scene(async (sink, database, [first]) => {
    await database.query(`ALTER TABLE solana_dex_trades ADD CONSTRAINT no_evil CHECK (market <> 'evil')`);
    const batch = (from: number): Batch =>
      batchOf(
        tradesPart(
          first,
          from,
          from + 1,
          trades(40, (i) => ({ tx_index: from * 40 + i, market: 'evil' })),
        ),
      );
    await sink.write(0, batch(0), never);
    await sink.write(0, batch(1), never);
    await assert.rejects(sink.write(0, batch(2), never), { code: 'DEAD_LETTER_FLOOD', message: /40 of the 40 rows/ });
    assert.equal((await letterRows(database)).length, 80);
    assert.deepEqual(await positions(database), { 0: 2, 1: 0 });
  }));
