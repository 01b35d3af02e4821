import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
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
  trades,
  tradesPart,
  until,
} from '../support/batches.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { isLockWaitedFor } from '../support/lock-waits.js';

interface Scene {
  readonly sink: PostgresSink;
  readonly database: TestDatabase;
  readonly claim: Claim;
  /** SQLSTATEs that were tried again. */
  readonly retried: Set<unknown>;
}

async function scene(body: (scene: Scene) => Promise<void>): Promise<void> {
  const database = await testDatabase();
  const retried = new Set<unknown>();
  const sink = createSink(database.url, {
    observer: { onRetry: (error) => retried.add((error as { code?: unknown }).code) },
    config: { databaseFlushTimeoutMs: 60_000, databaseStaleBackendMs: 60_000, breakerFailureThreshold: 1 },
  });
  try {
    await sink.open();
    await body({ sink, database, claim: await sink.claim(TOPIC, 0, 0, never), retried });
    assert.equal(sink.status.breaker, 'closed', 'contention is no outage');
  } finally {
    await sink.close();
    await database.drop();
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  return client;
}

const landed = [{ kind: 'landed', rowsInserted: 5, rowsDuplicate: 0 }];

test('a batch that is the victim of a deadlock is made again and lands', () =>
  scene(async ({ sink, database, claim, retried }) => {
    await sink.write(0, batchOf(tradesPart(claim, 0, 1, trades(1))), never);
    const rival = await connect(database.url);
    await database.query(`
      CREATE TABLE gate (opened boolean);
      CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        WHILE NOT EXISTS (SELECT FROM gate) LOOP PERFORM pg_sleep(0.01); END LOOP;
        RETURN NULL;
      END $$;
      CREATE TRIGGER gate AFTER INSERT ON solana_dex_trades FOR EACH STATEMENT EXECUTE FUNCTION wait_at_gate()`);
    // The rival never looks for a deadlock, so it is the sink that is chosen.
    await rival.query("SET deadlock_timeout = '1h'; BEGIN; SELECT FROM kafka_offsets FOR UPDATE");
    const part = tradesPart(
      claim,
      1,
      2,
      trades(5, (i) => ({ tx_index: 10 + i })),
    );
    const writing = sink.write(0, batchOf(part), never);
    await until('the sink has its rows', async () => {
      const held = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`;
      return (await database.query(held)).length > 0;
    });
    const inserting = rival.query(
      `INSERT INTO solana_dex_trades (block_slot, tx_index, trade_index, is_router, success, kafka_partition, kafka_offset)
         VALUES ($1, 10, 0, false, true, 9, 9)`,
      [SLOT],
    );
    await until('the rival waits for the sink’s uncommitted row', () => isLockWaitedFor(database));
    // A process looks for a deadlock once, a second after it began to wait: the sink has to be the last to do so. Now it goes for the offsets row.
    await database.query('INSERT INTO gate VALUES (true)');
    await inserting;
    await rival.query('ROLLBACK');
    await rival.end();
    assert.deepEqual(summary(await writing), landed);
    assert.ok(retried.has('40P01'), [...retried].join());
    assert.equal(await countTrades(database), 6);
    assert.deepEqual(await positions(database), { 0: 2 });
  }));

test('a batch that runs into a lock time-out is made again until the lock is gone', () =>
  scene(async ({ sink, database, claim, retried }) => {
    await database.query('CREATE TABLE busy ()');
    await database.query(`
      CREATE FUNCTION wait_for_busy() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = '20ms' AS $$
      BEGIN LOCK TABLE busy IN SHARE MODE; RETURN NEW; END $$`);
    await database.query(
      'CREATE TRIGGER busy BEFORE INSERT ON solana_dex_trades FOR EACH ROW EXECUTE FUNCTION wait_for_busy()',
    );
    const holder = await connect(database.url);
    await holder.query('BEGIN; LOCK TABLE busy IN EXCLUSIVE MODE');
    const writing = sink.write(0, batchOf(tradesPart(claim, 0, 1, trades(5))), never);
    await until('it ran into the time-out', () => retried.has('55P03'));
    await holder.query('COMMIT');
    await holder.end();
    assert.deepEqual(summary(await writing), landed);
    assert.equal(await countTrades(database), 5);
  }));

test('a batch that fails to serialize is made again and lands', () =>
  scene(async ({ sink, database, claim, retried }) => {
    await database.query('CREATE SEQUENCE attempts');
    // The sequence keeps counting when the transaction rolls back.
    await database.query(`
      CREATE FUNCTION fail_twice() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('attempts') <= 2 THEN RAISE 'could not serialize access' USING ERRCODE = 'serialization_failure'; END IF;
        RETURN NULL;
      END $$`);
    await database.query(
      'CREATE TRIGGER fail AFTER INSERT ON solana_dex_trades FOR EACH STATEMENT EXECUTE FUNCTION fail_twice()',
    );
    assert.deepEqual(summary(await sink.write(0, batchOf(tradesPart(claim, 0, 1, trades(5))), never)), landed);
    assert.ok(retried.has('40001'));
    assert.equal(await countTrades(database), 5);
    assert.deepEqual(await positions(database), { 0: 1 });
  }));

test('a batch whose rows another transaction is just inserting waits for it and counts them as repeats', () =>
  scene(async ({ sink, database, claim }) => {
    await sink.write(0, batchOf(tradesPart(claim, 0, 1, trades(1))), never);
    const rival = await connect(database.url);
    await rival.query(
      `BEGIN; INSERT INTO solana_dex_trades (block_slot, tx_index, trade_index, is_router, success, kafka_partition, kafka_offset)
         VALUES (${SLOT}, 12, 0, false, true, 9, 9)`,
    );
    const part = tradesPart(
      claim,
      1,
      2,
      trades(5, (i) => ({ tx_index: 10 + i })),
    );
    const writing = sink.write(0, batchOf(part), never);
    await until('the sink waits for the rival', () => isLockWaitedFor(database));
    await rival.query('COMMIT');
    await rival.end();
    assert.deepEqual(summary(await writing), [{ kind: 'landed', rowsInserted: 4, rowsDuplicate: 1 }]);
    assert.equal(await countTrades(database), 6);
  }));
