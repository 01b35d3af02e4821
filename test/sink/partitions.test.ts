import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import pg from 'pg';
import { Connection } from '../../src/sink/connection.js';
import { Connections } from '../../src/sink/connections.js';
import { Maintenance } from '../../src/sink/maintenance.js';
import { buildIndexes, dropExpired } from '../../src/sink/partition-upkeep.js';
import { PARTITION_SLOTS, TradePartitions } from '../../src/sink/partitions.js';
import { batchOf, createSink, never, SLOT, summary, TOPIC, trades, tradesPart, until } from '../support/batches.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

let database: TestDatabase;
let connection: Connection;

const open = (): Promise<Connection> =>
  Connection.open({ url: database.url, applicationName: 'test', stallTimeoutMs: 30_000, lockTimeoutMs: 5_000 });

beforeEach(async () => {
  database = await testDatabase();
  connection = await open();
});
afterEach(async () => {
  await connection.end();
  await database.drop();
});

async function starts(): Promise<number[]> {
  const rows = await database.query<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'solana_dex_trades'::regclass`,
  );
  return rows.map(({ name }) => Number(name.split('_').at(-1))).sort((a, b) => a - b);
}

const at = (index: number): number => index * PARTITION_SLOTS;

describe('table partitions', () => {
  test('are made once, however many engines want them at once', async () => {
    const engines = await Promise.all(Array.from({ length: 4 }, open));
    await Promise.all(engines.map((engine) => new TradePartitions().ensure(engine, [at(3), at(3) + 5, at(4)])));
    assert.deepEqual(await starts(), [at(3), at(4)]);
    await Promise.all(engines.map((engine) => engine.end()));
  });

  test('are made without waiting for a writer, nor letting one wait', async () => {
    await new TradePartitions().ensure(connection, [0]);
    const writer = await open();
    await writer.script(
      'BEGIN; INSERT INTO solana_dex_trades (block_slot, tx_index, trade_index, is_router, success, kafka_partition, kafka_offset) VALUES (1, 0, 0, false, true, 0, 0)',
    );
    await new TradePartitions().ensure(connection, [at(1)]);
    await writer.script('COMMIT');
    await writer.end();
    assert.deepEqual(await starts(), [0, at(1)]);
  });

  test('have the key of the whole table', async () => {
    await new TradePartitions().ensure(connection, [0]);
    const rows = await database.query<{ definition: string }>(
      `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = 'solana_dex_trades_0'::regclass AND contype = 'p'`,
    );
    assert.deepEqual(rows, [{ definition: 'PRIMARY KEY (block_slot, tx_index, trade_index)' }]);
  });

  test('that somebody dropped are made again when a batch needs them', async () => {
    const sink = createSink(database.url);
    await sink.open();
    const claim = await sink.claim(TOPIC, 0, 0, never);
    await sink.write(0, batchOf(tradesPart(claim, 0, 1, trades(1))), never);
    const name = `solana_dex_trades_${SLOT - (SLOT % PARTITION_SLOTS)}`;
    await database.query(`DROP TABLE ${name}`);
    await sink.write(
      0,
      batchOf(
        tradesPart(
          claim,
          1,
          2,
          trades(1, () => ({ tx_index: 7 })),
        ),
      ),
      never,
    );
    assert.deepEqual(await database.query('SELECT tx_index FROM solana_dex_trades'), [{ tx_index: 7 }]);
    await sink.close();
  });
});

describe('a late row lands', () => {
  const row = { block_slot: 7, tx_index: 3 };
  const landed = [{ kind: 'landed', rowsInserted: 1, rowsDuplicate: 0 }];
  const partitionOfRow = (): Promise<object[]> =>
    database.query('SELECT tableoid::regclass::text AS partition, tx_index FROM solana_dex_trades ORDER BY tx_index');

  /** Lands the row by an engine that knows of no partition. */
  async function land(onRetry: (error: unknown) => void = () => {}): Promise<object[]> {
    const sink = createSink(database.url, { observer: { onRetry } });
    await sink.open();
    const claim = await sink.claim(TOPIC, 0, 0, never);
    const outcomes = await sink.write(0, batchOf(tradesPart(claim, 0, 1, [row])), never);
    await sink.close();
    return summary(outcomes);
  }

  async function client(): Promise<pg.Client> {
    const opened = new pg.Client(database.url);
    opened.on('error', () => {});
    await opened.connect();
    return opened;
  }

  const DETACH = 'ALTER TABLE solana_dex_trades DETACH PARTITION solana_dex_trades_0 CONCURRENTLY';

  beforeEach(async () => {
    await new TradePartitions().ensure(connection, [0]);
    await database.query(
      'INSERT INTO solana_dex_trades (block_slot, tx_index, trade_index, is_router, success, kafka_partition, kafka_offset) VALUES (1, 0, 0, false, true, 0, 0)',
    );
  });

  test('whose partition is detached and not yet dropped', async () => {
    await database.query(`COMMENT ON TABLE solana_dex_trades_0 IS 'Retired by the engine: detached, to be dropped.'`);
    await database.query('ALTER TABLE solana_dex_trades DETACH PARTITION solana_dex_trades_0');
    assert.deepEqual(await land(), landed);
    assert.deepEqual(await partitionOfRow(), [{ partition: 'solana_dex_trades_0_1', tx_index: 3 }]);
    assert.deepEqual(await dropExpired(connection, at(5), at(9)), ['solana_dex_trades_0']);
    assert.deepEqual(await dropExpired(connection, at(5), at(1)), ['solana_dex_trades_0_1']);
  });

  test('whose partition a person detached, and leaves that table alone', async () => {
    await database.query('ALTER TABLE solana_dex_trades DETACH PARTITION solana_dex_trades_0');
    assert.deepEqual(await land(), landed);
    assert.deepEqual(await partitionOfRow(), [{ partition: 'solana_dex_trades_0_1', tx_index: 3 }]);
    assert.deepEqual(await database.query('SELECT tx_index FROM solana_dex_trades_0'), [{ tx_index: 0 }]);
  });

  test('in a partition that a person made for some of its range', async () => {
    await database.query('DROP TABLE solana_dex_trades_0');
    await database.query('CREATE TABLE by_hand PARTITION OF solana_dex_trades FOR VALUES FROM (0) TO (100)');
    assert.deepEqual(await land(), landed);
    assert.deepEqual(await partitionOfRow(), [{ partition: 'by_hand', tx_index: 3 }]);
  });

  test('whose partition was cut off while being detached, as soon as no reader is on it', async () => {
    const reader = await client();
    await reader.query('BEGIN; SELECT FROM solana_dex_trades');
    const detaching = await client();
    await detaching.query(`SET lock_timeout = '100ms'`);
    await assert.rejects(detaching.query(DETACH), { code: '55P03' });
    await detaching.end();
    const retries: unknown[] = [];
    const landing = land((error) => retries.push((error as { code?: string }).code));
    await until('the row was tried', () => retries.length > 0);
    await reader.query('COMMIT');
    await reader.end();
    assert.deepEqual(await landing, landed);
    assert.deepEqual(new Set(retries), new Set(['55P03']));
    assert.deepEqual(await partitionOfRow(), [{ partition: 'solana_dex_trades_0_1', tx_index: 3 }]);
  });

  test('whose partition is being detached just now', async () => {
    const reader = await client();
    await reader.query('BEGIN; SELECT FROM solana_dex_trades');
    const detaching = await client();
    const detached = detaching.query(DETACH).catch((error: Error) => error);
    await until('the partition is on its way out', async () => {
      const pending = await database.query('SELECT FROM pg_inherits WHERE inhdetachpending');
      return pending.length > 0;
    });
    const retries: unknown[] = [];
    const landing = land((error) => retries.push((error as { code?: string }).code));
    await until('the row was tried', () => retries.length > 0);
    await reader.query('COMMIT');
    await reader.end();
    assert.deepEqual(await landing, landed);
    await detached;
    await detaching.end();
    assert.deepEqual(await partitionOfRow(), [{ partition: 'solana_dex_trades_0_1', tx_index: 3 }]);
  });
});

describe('retention', () => {
  test('drops partitions that lie wholly behind it, and no other', async () => {
    await new TradePartitions().ensure(connection, [0, at(1), at(2), at(3)]);
    await database.query(
      `CREATE TABLE by_hand PARTITION OF solana_dex_trades FOR VALUES FROM (${at(10)}) TO (${at(11)})`,
    );
    assert.deepEqual(await dropExpired(connection, at(3), at(1)), [
      'solana_dex_trades_0',
      `solana_dex_trades_${at(1)}`,
    ]);
    assert.deepEqual(await database.query(`SELECT to_regclass('solana_dex_trades_0') AS found`), [{ found: null }]);
    assert.equal((await starts()).length, 3);
  });

  test('finishes what was cut off between detaching and dropping', async () => {
    await new TradePartitions().ensure(connection, [0, at(5)]);
    await database.query(`COMMENT ON TABLE solana_dex_trades_0 IS 'Retired by the engine: detached, to be dropped.'`);
    await database.query('ALTER TABLE solana_dex_trades DETACH PARTITION solana_dex_trades_0');
    assert.deepEqual(await dropExpired(connection, at(5), at(1)), ['solana_dex_trades_0']);
  });

  test('leaves a partition alone that a person detached', async () => {
    await new TradePartitions().ensure(connection, [0, at(5)]);
    await database.query('ALTER TABLE solana_dex_trades DETACH PARTITION solana_dex_trades_0');
    assert.deepEqual(await dropExpired(connection, at(5), at(1)), []);
    assert.deepEqual(await database.query(`SELECT to_regclass('solana_dex_trades_0')::text AS found`), [
      { found: 'solana_dex_trades_0' },
    ]);
  });
});

test('analyst indexes are built on closed partitions, and a broken one anew', async () => {
  await new TradePartitions().ensure(connection, [0, at(1)]);
  const kinds = ['mint', 'market', 'trader', 'signature'];
  const names = ['bought_mint', 'sold_mint', 'market', 'trader', 'signature'].map(
    (column) => `solana_dex_trades_0_${column}`,
  );
  assert.deepEqual(await buildIndexes(connection, at(1) + 20_000, kinds), names);
  assert.deepEqual(await buildIndexes(connection, at(1) + 20_000, kinds), []);
  await database.query(
    `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'solana_dex_trades_0_market'::regclass`,
  );
  assert.deepEqual(await buildIndexes(connection, at(1) + 20_000, kinds), ['solana_dex_trades_0_market']);
});

test('upkeep goes by where the stream is, which one nonsensical slot does not move', async () => {
  await new TradePartitions().ensure(connection, [0, at(1)]);
  const connections = new Connections({ url: database.url, owner: 'o', stallTimeoutMs: 30_000 });
  const warnings: string[] = [];
  const log = (_: object, message: string): void => {
    warnings.push(message);
  };
  const maintenance = new Maintenance({
    connections,
    partitions: new TradePartitions(),
    config: { databasePartitionsAhead: 1, databaseRetentionSlots: at(1), databaseTradeIndexes: [] },
    logger: { info: () => {}, warn: log, error: log },
  });
  const claim = { topic: TOPIC, partition: 0, epoch: 1, nextOffset: 0, previousOwner: null };
  const land = (slot: number): void =>
    maintenance.landed([tradesPart(claim, 0, 1, [{ block_slot: slot, tx_index: 0 }])]);
  for (let i = 0; i < 60; i++) land(at(3) + i);
  for (let i = 0; i < 20; i++) land(Number.MAX_SAFE_INTEGER);
  await maintenance.run();
  assert.deepEqual(warnings, []);
  assert.deepEqual(await starts(), [at(3), at(4)]);
  await maintenance.stop();
  await connections.close();
});
