import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PostgresSink } from '../../src/sink/postgres-sink.js';
import type { Claim } from '../../src/sink/sink.js';
import {
  batchOf,
  countTrades,
  createSink,
  never,
  positions,
  SLOT,
  summary,
  TOPIC,
  type TradeFields,
  trades,
  tradesPart,
} from '../support/batches.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

interface Scene {
  readonly sink: PostgresSink;
  readonly database: TestDatabase;
  readonly claims: readonly [Claim, Claim];
  readonly seen: { duplicateRows: number; conflicts: number; copies: number };
}

async function scene(body: (scene: Scene) => Promise<void>): Promise<void> {
  const database = await testDatabase();
  const seen = { duplicateRows: 0, conflicts: 0, copies: 0 };
  const sink = createSink(database.url, {
    observer: {
      onDuplicateRows: (rows) => {
        seen.duplicateRows += rows;
      },
      onConflict: (transactions) => {
        seen.conflicts += transactions;
      },
      onCopy: () => {
        seen.copies++;
      },
    },
  });
  try {
    await sink.open();
    const claims = [await sink.claim(TOPIC, 0, 0, never), await sink.claim(TOPIC, 1, 0, never)] as const;
    await body({ sink, database, claims, seen });
  } finally {
    await sink.close();
    await database.drop();
  }
}

const trade = (tx: number, index: number, more: TradeFields = {}): TradeFields => ({
  block_slot: SLOT,
  tx_index: tx,
  trade_index: index,
  ...more,
});

test('rows that another partition landed before are left out and counted, part by part', () =>
  scene(async ({ sink, database, claims: [first, second], seen }) => {
    await sink.write(0, batchOf(tradesPart(first, 0, 10, trades(5))), never);
    const outcomes = await sink.write(
      1,
      batchOf(tradesPart(second, 0, 5, trades(3)), tradesPart(second, 5, 6), tradesPart(first, 10, 20, trades(8))),
      never,
    );
    assert.deepEqual(summary(outcomes), [
      { kind: 'landed', rowsInserted: 0, rowsDuplicate: 3 },
      { kind: 'landed', rowsInserted: 0, rowsDuplicate: 0 },
      { kind: 'landed', rowsInserted: 3, rowsDuplicate: 5 },
    ]);
    assert.equal(await countTrades(database), 8);
    assert.deepEqual(await positions(database), { 0: 20, 1: 6 });
    assert.deepEqual({ ...seen, copies: 0 }, { duplicateRows: 8, conflicts: 0, copies: 0 });
  }));

test('a repeat with other trades adds none of its own to those that landed first', () =>
  scene(async ({ sink, database, claims: [first, second], seen }) => {
    await sink.write(
      0,
      batchOf(tradesPart(first, 0, 1, [trade(1, 0, { market: 'a' }), trade(1, 1, { market: 'a' })])),
      never,
    );
    const repeat = [
      trade(1, 0, { market: 'b' }),
      trade(1, 1, { market: 'b' }),
      trade(1, 2, { market: 'b' }),
      trade(2, 0, { market: 'b' }),
    ];
    assert.deepEqual(summary(await sink.write(0, batchOf(tradesPart(second, 0, 1, repeat)), never)), [
      { kind: 'landed', rowsInserted: 1, rowsDuplicate: 3 },
    ]);
    assert.deepEqual(
      await database.query('SELECT tx_index, trade_index, market FROM solana_dex_trades ORDER BY 1, 2'),
      [
        { tx_index: 1, trade_index: 0, market: 'a' },
        { tx_index: 1, trade_index: 1, market: 'a' },
        { tx_index: 2, trade_index: 0, market: 'b' },
      ],
    );
    assert.equal(seen.conflicts, 1);
  }));

test('of deliveries within one batch the first in offset order lands whole', () =>
  scene(async ({ sink, database, claims: [first, second] }) => {
    const once = tradesPart(first, 0, 9, [
      trade(1, 0, { kafka_offset: 3, market: 'a' }),
      trade(2, 0, { kafka_offset: 3, market: 'a' }),
      trade(1, 0, { kafka_offset: 5, market: 'b' }),
      trade(1, 1, { kafka_offset: 5, market: 'b' }),
      // Twice in one message.
      trade(3, 0, { kafka_offset: 6, market: 'a' }),
      trade(3, 0, { kafka_offset: 6, market: 'b' }),
      trade(3, 1, { kafka_offset: 6, market: 'b' }),
    ]);
    const again = tradesPart(second, 0, 9, [trade(2, 0, { market: 'c' }), trade(2, 1, { market: 'c' })]);
    assert.deepEqual(summary(await sink.write(0, batchOf(once, again), never)), [
      { kind: 'landed', rowsInserted: 3, rowsDuplicate: 4 },
      { kind: 'landed', rowsInserted: 0, rowsDuplicate: 2 },
    ]);
    assert.deepEqual(
      await database.query('SELECT tx_index, trade_index, market FROM solana_dex_trades ORDER BY 1, 2'),
      [
        { tx_index: 1, trade_index: 0, market: 'a' },
        { tx_index: 2, trade_index: 0, market: 'a' },
        { tx_index: 3, trade_index: 0, market: 'a' },
      ],
    );
  }));

test('while repeats are frequent a batch is copied once, into staging', () =>
  scene(async ({ sink, claims: [first, second], seen }) => {
    await sink.write(0, batchOf(tradesPart(first, 0, 1, trades(2))), never);
    for (let i = 0; i < 3; i++) await sink.write(0, batchOf(tradesPart(second, i, i + 1, trades(2))), never);
    seen.copies = 0;
    await sink.write(0, batchOf(tradesPart(second, 3, 4, trades(2))), never);
    assert.equal(seen.copies, 1);
    for (let i = 4; i < 250; i++) await sink.write(0, batchOf(tradesPart(second, i, i + 1)), never);
    const before = seen.copies;
    await sink.write(0, batchOf(tradesPart(second, 250, 251, [trade(999, 0)])), never);
    assert.equal(seen.copies, before + 1);
  }));

test('two lanes that land the same transactions in opposite order, with other trades, mix none', () =>
  scene(async ({ sink, database, claims: [first, second] }) => {
    for (let round = 0; round < 10; round++) {
      const transactions = Array.from({ length: 50 }, (_, i) => round * 50 + i);
      const one = transactions.map((tx) => trade(tx, 0, { market: 'a' }));
      const two = transactions
        .reverse()
        .flatMap((tx) => [trade(tx, 0, { market: 'b' }), trade(tx, 1, { market: 'b' })]);
      const outcomes = await Promise.all([
        sink.write(0, batchOf(tradesPart(first, round, round + 1, one)), never),
        sink.write(1, batchOf(tradesPart(second, round, round + 1, two)), never),
      ]);
      assert.deepEqual(
        outcomes.flat().map(({ kind }) => kind),
        ['landed', 'landed'],
      );
    }
    const mixed = await database.query(
      `SELECT tx_index FROM solana_dex_trades GROUP BY tx_index
         HAVING count(DISTINCT market) <> 1 OR count(*) <> CASE min(market) WHEN 'a' THEN 1 ELSE 2 END`,
    );
    assert.deepEqual(mixed, []);
    assert.deepEqual(await database.query('SELECT count(DISTINCT tx_index)::int AS count FROM solana_dex_trades'), [
      { count: 500 },
    ]);
  }));
