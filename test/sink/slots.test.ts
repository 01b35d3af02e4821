import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Connection } from '../../src/sink/connection.js';
import { markOrphans, markRecentOrphans, mergeHeaders, upsertSlots } from '../../src/sink/slots.js';
import type { SlotHeader } from '../../src/workers/messages.js';
import { batchOf, createSink, never, TOPIC, tradesPart, until } from '../support/batches.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

let database: TestDatabase;
let connection: Connection;

beforeEach(async () => {
  database = await testDatabase();
  connection = await Connection.open({
    url: database.url,
    applicationName: 'test',
    stallTimeoutMs: 30_000,
    lockTimeoutMs: 0,
  });
});
afterEach(async () => {
  await connection.end();
  await database.drop();
});

const header = (slot: number, parentSlot: number | null, more: Partial<SlotHeader> = {}): SlotHeader => ({
  slot,
  parentSlot,
  blockTimeMs: null,
  hash: null,
  parentHash: null,
  height: null,
  ...more,
});

/** Writes headers and marks as maintenance does, range by range. */
async function land(...headers: SlotHeader[]): Promise<void> {
  await upsertSlots(connection, mergeHeaders(headers));
  for (const { slot } of headers) await markOrphans(connection, { from: slot, to: slot });
}

async function orphans(): Promise<number[]> {
  const rows = await database.query<{ slot: string }>('SELECT slot FROM solana_slots WHERE orphaned ORDER BY 1');
  return rows.map(({ slot }) => Number(slot));
}

describe('slot headers', () => {
  test('fill in what was unknown and leave what was known', async () => {
    await upsertSlots(connection, [header(10, 9, { hash: 'h' })]);
    await upsertSlots(
      connection,
      mergeHeaders([header(10, null, { blockTimeMs: 1_700_000_000_000 }), header(10, 8, { hash: 'other', height: 7 })]),
    );
    assert.deepEqual(await database.query('SELECT * FROM solana_slots'), [
      {
        slot: '10',
        block_time: new Date(1_700_000_000_000),
        hash: 'h',
        parent_slot: '9',
        parent_hash: null,
        height: '7',
        orphaned: false,
      },
    ]);
  });

  test('that no bigint or timestamp can hold lose those values and nothing else', async () => {
    const headers = mergeHeaders([
      header(11, 2 ** 64, { blockTimeMs: 1e200, height: 2 ** 63, hash: 'h' }),
      header(2 ** 60, 1),
    ]);
    await upsertSlots(connection, headers);
    assert.deepEqual(await database.query('SELECT slot, parent_slot, block_time, height, hash FROM solana_slots'), [
      { slot: '11', parent_slot: null, block_time: null, height: null, hash: 'h' },
    ]);
  });
});

describe('orphans', () => {
  test('are the slots between a parent and its child, with or without a header', async () => {
    await land(header(100, 99), header(102, 100), header(105, 102));
    assert.deepEqual(await orphans(), [101, 103, 104]);
  });

  test('come out the same in whatever order the headers arrive', async () => {
    const headers = [
      header(100, 99),
      header(101, 100),
      header(102, 100),
      header(104, 102),
      header(105, 104),
      header(106, 104),
    ];
    const expected = [101, 103, 105];
    let seed = 12_345;
    for (let round = 0; round < 20; round++) {
      await database.query('DELETE FROM solana_slots');
      const shuffled = [...headers];
      for (let i = shuffled.length - 1; i > 0; i--) {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        const j = seed % (i + 1);
        [shuffled[i], shuffled[j]] = [shuffled[j] as SlotHeader, shuffled[i] as SlotHeader];
      }
      await land(...shuffled);
      assert.deepEqual(await orphans(), expected, `headers ${shuffled.map(({ slot }) => slot).join(', ')}`);
    }
  });

  test('are taken back when a later header adopts their fork, and the other fork is marked', async () => {
    await land(header(100, 99), header(101, 100), header(102, 101), header(103, 100));
    assert.deepEqual(await orphans(), [101, 102]);
    await land(header(104, 102));
    assert.deepEqual(await orphans(), [103]);
    await land(header(105, 103));
    assert.deepEqual(await orphans(), [101, 102, 104]);
  });

  test('are taken back deep below the header that adopts their fork', async () => {
    const deep = Array.from({ length: 300 }, (_, i) => header(1_001 + i, 1_000 + i));
    await land(header(1_000, 999), ...deep);
    await land(header(1_301, 1_000));
    assert.equal((await orphans()).length, 300);
    await land(header(1_302, 1_300));
    assert.deepEqual(await orphans(), [1_301]);
  });

  test('are told by a header that comes late', async () => {
    await land(header(100, 99), header(101, 100), header(110, 109));
    assert.deepEqual(await orphans(), []);
    await land(header(109, 100));
    assert.deepEqual(await orphans(), [101, 102, 103, 104, 105, 106, 107, 108]);
  });

  test('are not told by a link over more slots than a gap can have, nor by one that leads upwards', async () => {
    await land(header(100, 99), header(9_000_000_000_000, 5), header(101, 100), header(102, 200), header(104, 102));
    assert.deepEqual(await orphans(), [103]);
    await land(header(2_000, 104), header(2_513, 2_000));
    assert.equal((await orphans()).length, 1);
    await land(header(3_025, 2_513));
    assert.equal((await orphans()).length, 1 + 511);
  });

  test('of recent slots are found at start whoever landed them', async () => {
    await upsertSlots(connection, [header(100, 99), header(103, 100)]);
    assert.equal(await markRecentOrphans(connection), true);
    assert.deepEqual(await orphans(), [101, 102]);
    await database.query('DELETE FROM solana_slots');
    assert.equal(await markRecentOrphans(connection), true);
  });

  test('are marked by the sink soon after a commit, and their trades leave the view', async () => {
    const sink = createSink(database.url);
    await sink.open();
    const claim = await sink.claim(TOPIC, 0, 0, never);
    const trades = [500, 501, 502].map((slot) => ({ block_slot: slot, tx_index: 0, block_time: 1_700_000_000_000 }));
    const slots = [header(500, 499, { blockTimeMs: 1_600_000_000_000 }), header(502, 500)];
    await sink.write(0, batchOf(tradesPart(claim, 0, 1, trades, { slots })), never);
    await until('the orphan is marked', async () => (await orphans()).length > 0);
    assert.deepEqual(await orphans(), [501]);
    assert.deepEqual(await database.query('SELECT block_slot, "timestamp", source FROM dex_trades ORDER BY 1'), [
      { block_slot: '500', timestamp: new Date(1_600_000_000_000), source: 'kafka' },
      { block_slot: '502', timestamp: new Date(1_700_000_000_000), source: 'kafka' },
    ]);
    await sink.close();
  });

  test('are marked when the sink closes', async () => {
    const sink = createSink(database.url);
    await sink.open();
    const claim = await sink.claim(TOPIC, 0, 0, never);
    await sink.write(0, batchOf(tradesPart(claim, 0, 1, [], { slots: [header(500, 499), header(502, 500)] })), never);
    await sink.close();
    assert.deepEqual(await orphans(), [501]);
  });
});
