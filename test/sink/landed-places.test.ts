import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PostgresSink } from '../../src/sink/postgres-sink.js';
import { rowSlot } from '../../src/sink/rows.js';
import type { BatchPart, Claim, PartOutcome } from '../../src/sink/sink.js';
import { batchOf, createSink, never, SLOT, TOPIC, type TradeFields, trades, tradesPart } from '../support/batches.js';
import { readRows } from '../support/copy-rows.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

interface Scene {
  readonly sink: PostgresSink;
  readonly database: TestDatabase;
  readonly claims: readonly [Claim, Claim];
}

async function scene(tellPlaces: boolean, body: (scene: Scene) => Promise<void>): Promise<void> {
  const database = await testDatabase();
  const sink = createSink(database.url, { tellPlaces, config: { deadLettersPercentMax: 100 } });
  try {
    await sink.open();
    const claims = [await sink.claim(TOPIC, 0, 0, never), await sink.claim(TOPIC, 1, 0, never)] as const;
    await body({ sink, database, claims });
  } finally {
    await sink.close();
    await database.drop();
  }
}

/** The rows that the outcome says have landed, as the keys of their trades. */
function told(outcome: PartOutcome | undefined): string[] | undefined {
  assert.ok(outcome?.kind === 'landed');
  return outcome.places?.map(({ chunk, start, end }) => {
    const [row] = readRows(outcome.part.trades[chunk]!.subarray(start, end));
    assert.equal(row?.block_slot, rowSlot(outcome.part.trades[chunk]!, start));
    return `${row?.tx_index}.${row?.trade_index}`;
  });
}

const trade = (tx: number, index: number, more: TradeFields = {}): TradeFields => ({
  block_slot: SLOT,
  tx_index: tx,
  trade_index: index,
  ...more,
});

/** A part whose rows lie in a chunk each. */
const inChunks = (part: BatchPart): BatchPart => ({
  ...part,
  trades: part.trades.flatMap((chunk) => {
    const size = chunk.length / part.tradeRows;
    return Array.from({ length: part.tradeRows }, (_, i) => chunk.slice(i * size, (i + 1) * size));
  }),
});

test('which rows landed is told of parts that landed in part, across their chunks', () =>
  scene(true, async ({ sink, claims: [first, second] }) => {
    const whole = await sink.write(0, batchOf(tradesPart(first, 0, 10, trades(3))), never);
    assert.equal(told(whole[0]), undefined, 'all landed');
    const outcomes = await sink.write(
      0,
      batchOf(
        inChunks(tradesPart(first, 10, 20, [trade(7, 0), trade(2, 0), trade(7, 1), trade(8, 0)])),
        tradesPart(second, 0, 5, [trade(0, 0), trade(1, 0)]),
      ),
      never,
    );
    assert.deepEqual(told(outcomes[0]), ['7.0', '7.1', '8.0']);
    assert.deepEqual(told(outcomes[1]), []);
    const mixed = await sink.write(
      0,
      batchOf(
        tradesPart(first, 20, 30, [trade(20, 0), trade(8, 0)]),
        inChunks(tradesPart(second, 5, 9, [trade(20, 0), trade(21, 0), trade(21, 1)])),
      ),
      never,
    );
    assert.deepEqual(told(mixed[0]), ['20.0']);
    assert.deepEqual(told(mixed[1]), ['21.0', '21.1']);
  }));

test('a row that the database refused is not told as landed', () =>
  scene(true, async ({ sink, database, claims: [first] }) => {
    await database.query("ALTER TABLE solana_dex_trades ADD CONSTRAINT c CHECK (protocol_name <> 'bad')");
    const rows = [trade(0, 0), trade(1, 0, { protocol_name: 'bad' }), trade(2, 0)];
    const outcomes = await sink.write(0, batchOf(tradesPart(first, 0, 10, rows)), never);
    assert.deepEqual(told(outcomes[0]), ['0.0', '2.0']);
    const again = [trade(0, 0), trade(3, 0, { protocol_name: 'bad' }), trade(4, 0)];
    const later = await sink.write(0, batchOf(tradesPart(first, 10, 20, again)), never);
    assert.deepEqual(told(later[0]), ['4.0'], 'one was there, one was refused');
  }));

test('a sink that is not asked tells of no places', () =>
  scene(false, async ({ sink, claims: [first, second] }) => {
    await sink.write(0, batchOf(tradesPart(first, 0, 10, trades(3))), never);
    const [outcome] = await sink.write(0, batchOf(tradesPart(second, 0, 10, trades(5))), never);
    assert.ok(outcome?.kind === 'landed');
    assert.equal(outcome.rowsInserted, 2);
    assert.ok(!('places' in outcome));
  }));
