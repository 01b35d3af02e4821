import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../src/commands/demo/embedded-postgres.js';
import type { PostgresSink } from '../../src/sink/postgres-sink.js';
import type { Claim } from '../../src/sink/sink.js';
import type { PostgresSinkOptions } from '../../src/sink/sink-options.js';
import {
  batchOf,
  countTrades,
  createSink,
  never,
  positions,
  summary,
  TOPIC,
  trades,
  tradesPart,
  until,
} from '../support/batches.js';
import { migratedDatabase, type TestDatabase, testDatabase } from '../support/database.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const landed = (rows: number): object => ({ kind: 'landed', rowsInserted: rows, rowsDuplicate: 0 });

interface Scene {
  readonly sink: PostgresSink;
  readonly database: TestDatabase;
  readonly claim: Claim;
}

type SinkOptions = Omit<Partial<PostgresSinkOptions>, 'config'> & { config?: Partial<PostgresSinkOptions['config']> };

async function scene(
  url: (database: TestDatabase) => string,
  options: SinkOptions,
  body: (scene: Scene) => Promise<void>,
  on?: string,
): Promise<void> {
  const database = on === undefined ? await testDatabase() : await migratedDatabase(on);
  const sink = createSink(url(database), options);
  try {
    await sink.open();
    await body({ sink, database, claim: await sink.claim(TOPIC, 0, 0, never) });
  } finally {
    await sink.close();
    await database.drop();
  }
}

/** Rows wait in the middle of their COPY until `release` is called. */
async function holdRows(database: TestDatabase): Promise<{ held(): Promise<number[]>; release(): Promise<void> }> {
  await database.query('CREATE TABLE gate (open boolean)');
  await database.query(`
    CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      WHILE NOT EXISTS (SELECT FROM gate) LOOP PERFORM pg_sleep(0.01); END LOOP;
      RETURN NEW;
    END $$`);
  await database.query(
    'CREATE TRIGGER gate BEFORE INSERT ON solana_dex_trades FOR EACH ROW EXECUTE FUNCTION wait_at_gate()',
  );
  return {
    held: async () => {
      const rows = await database.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND state = 'active'`,
      );
      return rows.map(({ pid }) => pid);
    },
    release: async () => {
      await database.query('INSERT INTO gate VALUES (true)');
    },
  };
}

describe('behind a network with faults', () => {
  async function withProxy(
    options: SinkOptions,
    body: (scene: Scene & { proxy: TcpProxy }) => Promise<void>,
  ): Promise<void> {
    let proxy: TcpProxy | null = null;
    const database = await testDatabase();
    proxy = await new TcpProxy(Number(new URL(database.url).port)).listen();
    const sink = createSink(proxy.url(database.url), options);
    try {
      await sink.open();
      await body({ sink, database, claim: await sink.claim(TOPIC, 0, 0, never), proxy });
    } finally {
      proxy.clear();
      await sink.close();
      await proxy.close();
      await database.drop();
    }
  }

  test('a COMMIT whose answer is lost has landed, once', () =>
    withProxy({}, async ({ sink, database, claim, proxy }) => {
      const lost = proxy.loseAnswerTo('kafka_offsets_advance');
      const outcomes = await sink.write(0, batchOf(tradesPart(claim, 0, 10, trades(100))), never);
      await lost;
      assert.deepEqual(summary(outcomes), [landed(100)]);
      assert.equal(await countTrades(database), 100);
      assert.deepEqual(await positions(database), { 0: 10 });
      await sink.write(
        0,
        batchOf(
          tradesPart(
            claim,
            10,
            11,
            trades(1, () => ({ tx_index: 500 })),
          ),
        ),
        never,
      );
      assert.equal(await countTrades(database), 101);
    }));

  test('a COMMIT whose answer is lost keeps the count of rows that were there before', () =>
    withProxy({}, async ({ sink, claim, proxy }) => {
      await sink.write(0, batchOf(tradesPart(claim, 0, 1, trades(4))), never);
      const lost = proxy.loseAnswerTo('kafka_offsets_advance');
      const outcomes = await sink.write(0, batchOf(tradesPart(claim, 1, 2, trades(10))), never);
      await lost;
      assert.deepEqual(summary(outcomes), [{ kind: 'landed', rowsInserted: 6, rowsDuplicate: 4 }]);
    }));

  test('a COMMIT that never arrived is made again', () =>
    withProxy({}, async ({ sink, database, claim, proxy }) => {
      const cut = proxy.cutBefore('kafka_offsets_advance');
      assert.deepEqual(summary(await sink.write(0, batchOf(tradesPart(claim, 0, 10, trades(100))), never)), [
        landed(100),
      ]);
      await cut;
      assert.equal(await countTrades(database), 100);
    }));

  test('a claim whose answer is lost is made again and holds', () =>
    withProxy({}, async ({ sink, database, proxy }) => {
      const lost = proxy.loseAnswerTo('kafka_offsets_claim');
      const claim = await sink.claim(TOPIC, 5, 40, never);
      await lost;
      assert.equal(claim.nextOffset, 40);
      assert.deepEqual(summary(await sink.write(0, batchOf(tradesPart(claim, 40, 41, trades(1))), never)), [landed(1)]);
      assert.equal((await positions(database))[5], 41);
    }));

  test('one lost connection is one failure, however many claims wait for their turn on it', () => {
    const states: string[] = [];
    return withProxy(
      { config: { breakerFailureThreshold: 2 }, observer: { onBreakerState: (state) => states.push(state) } },
      async ({ sink, database, proxy }) => {
        const cut = proxy.cutBefore('kafka_offsets_claim');
        const claims = await Promise.all(Array.from({ length: 8 }, (_, i) => sink.claim(TOPIC, 10 + i, 5, never)));
        await cut;
        assert.deepEqual(
          claims.map(({ epoch, nextOffset }) => [epoch, nextOffset]),
          claims.map(() => [1, 5]),
        );
        assert.equal(Object.keys(await positions(database)).length, 9);
        assert.deepEqual(states, []);
      },
    );
  });

  test('a gap whose answer is lost is recorded once', () =>
    withProxy({}, async ({ sink, database, claim, proxy }) => {
      const lost = proxy.loseAnswerTo('ingest_gaps_record');
      assert.equal(await sink.recordGap({ ...claim, from: 0, to: 30, reason: 'expired', advance: true }, never), true);
      await lost;
      assert.equal((await database.query('SELECT * FROM ingest_gaps')).length, 1);
      assert.deepEqual(await positions(database), { 0: 30 });
    }));

  test('a connection that swallows everything is given up and the batch lands on another', () =>
    withProxy({ config: { databaseFlushTimeoutMs: 300 } }, async ({ sink, database, claim, proxy }) => {
      await sink.write(0, batchOf(tradesPart(claim, 0, 1, trades(1))), never);
      proxy.blackHole();
      const writing = sink.write(
        0,
        batchOf(
          tradesPart(
            claim,
            1,
            2,
            trades(3, (i) => ({ tx_index: 10 + i })),
          ),
        ),
        never,
      );
      await until('the sink says that the database is out of reach', () => !sink.status.reachable);
      proxy.clear();
      // What was swallowed stays swallowed on the connections there were; new ones work.
      assert.deepEqual(summary(await writing), [landed(3)]);
      assert.equal(await countTrades(database), 4);
    }));

  test('connections cut again and again lose nothing and double nothing', () =>
    withProxy({}, async ({ sink, database, claim, proxy }) => {
      let seed = 4_711;
      const random = (below: number): number => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        return seed % below;
      };
      let chunks = 20;
      proxy.use((_, __, link) => {
        if (chunks-- > 0) return 'pass';
        chunks = 10 + random(60);
        link.client.destroy();
        link.server.destroy();
        return 'drop';
      });
      for (let i = 0; i < 40; i++) {
        const rows = trades(20, (row) => ({ tx_index: i * 20 + row }));
        assert.deepEqual(summary(await sink.write(i % 2, batchOf(tradesPart(claim, i, i + 1, rows)), never)), [
          landed(20),
        ]);
      }
      assert.equal(await countTrades(database), 800);
      assert.deepEqual(await positions(database), { 0: 40 });
    }));

  test('with nothing to write it tells all the same that its database went away, and that it is back', () =>
    withProxy({}, async ({ sink, proxy }) => {
      proxy.use((_, __, { client }) => {
        client.destroy();
        return 'drop';
      });
      proxy.cut();
      await until('its absence shows', () => !sink.status.reachable);
      assert.equal(sink.status.breaker, 'closed', 'nobody waits for an answer');
      proxy.clear();
      await until('its return shows', () => sink.status.reachable);
    }));

  test('it tells that its database has stopped to answer, long before it gives the connection up', () =>
    withProxy({ config: { databaseFlushTimeoutMs: 20_000 } }, async ({ sink, proxy }) => {
      const held: (() => void)[] = [];
      proxy.use((_, __, { client, server }) => {
        for (const socket of [client, server]) {
          socket.pause();
          held.push(() => socket.resume());
        }
        return 'pass';
      });
      await until('its silence shows', () => !sink.status.reachable);
      proxy.clear();
      for (const release of held) release();
      await until('its answer shows', () => sink.status.reachable);
    }));

  test('an abort ends the waiting, and nothing of the batch has landed', () =>
    withProxy({ config: { databaseFlushTimeoutMs: 60_000 } }, async ({ sink, database, claim, proxy }) => {
      proxy.blackHole();
      const controller = new AbortController();
      const reason = new Error('revoked');
      const calls = [
        sink.write(0, batchOf(tradesPart(claim, 0, 1, trades(3))), controller.signal),
        sink.claim(TOPIC, 9, 0, controller.signal),
      ].map((call) => assert.rejects(call, reason));
      controller.abort(reason);
      await Promise.all(calls);
      proxy.clear();
      assert.equal(await countTrades(database), 0);
      assert.deepEqual(summary(await sink.write(0, batchOf(tradesPart(claim, 0, 1, trades(3))), never)), [landed(3)]);
    }));
});

test('a backend ended in the middle of a COPY is replaced', () =>
  scene(
    ({ url }) => url,
    {},
    async ({ sink, database, claim }) => {
      const gate = await holdRows(database);
      const writing = sink.write(0, batchOf(tradesPart(claim, 0, 10, trades(50))), never);
      await until('rows are held', async () => (await gate.held()).length > 0);
      const [pid] = await gate.held();
      await database.query('SELECT pg_terminate_backend($1)', [pid]);
      await gate.release();
      assert.deepEqual(summary(await writing), [landed(50)]);
      assert.equal(await countTrades(database), 50);
    },
  ));

test('rows that a stopped owner holds uncommitted are taken over by the claimer', () =>
  scene(
    ({ url }) => url,
    { ownerId: 'stopped', config: { databaseFlushTimeoutMs: 60_000, databaseStaleBackendMs: 60_000 } },
    async ({ sink, database, claim }) => {
      const gate = await holdRows(database);
      const stopped = sink.write(0, batchOf(tradesPart(claim, 0, 10, trades(2))), never);
      await until('rows are held', async () => (await gate.held()).length > 0);
      // The gate lets the first row through and the stopped owner then waits with it, uncommitted, as for more of its COPY.
      await database.query(`CREATE OR REPLACE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF current_setting('application_name') LIKE '%stopped%' AND NEW.tx_index = 1 THEN PERFORM pg_sleep(600); END IF;
        RETURN NEW;
      END $$`);
      await gate.release();
      const ended: number[] = [];
      const claimer = createSink(database.url, {
        ownerId: 'claimer',
        observer: { onStaleBackendsEnded: (count) => ended.push(count) },
      });
      await claimer.open();
      const taken = await claimer.claim(TOPIC, 0, 0, never);
      assert.equal(taken.previousOwner, 'stopped');
      assert.deepEqual(summary(await claimer.write(0, batchOf(tradesPart(taken, 0, 10, trades(2))), never)), [
        landed(2),
      ]);
      assert.deepEqual(summary(await stopped), [{ kind: 'fenced', epoch: 2 }]);
      assert.equal(await countTrades(database), 2);
      assert.deepEqual(await positions(database), { 0: 10 });
      await claimer.close();
    },
  ));

test('a call given up before its turn leaves the call alone that has its turn', () => {
  const retries: unknown[] = [];
  return scene(
    ({ url }) => url,
    // Nobody but the holder of the lock is to be looked at.
    { observer: { onRetry: (error) => retries.push(error) }, config: { databaseStaleBackendMs: 60_000 } },
    async ({ sink, database }) => {
      const holder = new pg.Client(database.url);
      await holder.connect();
      await holder.query('BEGIN; UPDATE kafka_offsets SET epoch = epoch');
      const first = sink.claim(TOPIC, 0, 0, never);
      await until('the first call waits for the row', async () => {
        const waiting = await database.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return waiting.length > 0;
      });
      const controller = new AbortController();
      const reason = new Error('revoked');
      const second = assert.rejects(sink.claim(TOPIC, 1, 0, controller.signal), reason);
      controller.abort(reason);
      await second;
      await holder.query('COMMIT');
      await holder.end();
      assert.equal((await first).epoch, 2);
      assert.deepEqual(retries, []);
    },
  );
});

test('a database that is read-only for a while is waited for', () =>
  scene(
    ({ url }) => url,
    {},
    async ({ sink, database, claim }) => {
      await database.query(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
      await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
      const writing = sink.write(0, batchOf(tradesPart(claim, 0, 10, trades(5))), never);
      await until('the sink notices', () => !sink.status.reachable);
      await database.query(
        `BEGIN READ WRITE; ALTER DATABASE ${database.name} RESET default_transaction_read_only; COMMIT`,
      );
      assert.deepEqual(summary(await writing), [landed(5)]);
    },
  ));

describe('a server of our own', () => {
  let server: PostgresServer;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());

  test('shut down at once in the middle of a COPY and started again gets the batch once', () =>
    scene(
      ({ url }) => url,
      {},
      async ({ sink, database, claim }) => {
        await sink.write(0, batchOf(tradesPart(claim, 0, 10, trades(100))), never);
        const gate = await holdRows(database);
        const writing = sink.write(
          0,
          batchOf(
            tradesPart(
              claim,
              10,
              20,
              trades(50, (i) => ({ tx_index: 500 + i })),
            ),
          ),
          never,
        );
        await until('rows are held', async () => (await gate.held()).length > 0);
        await server.halt('immediate');
        await until('the sink notices', () => !sink.status.reachable);
        await server.resume();
        await gate.release();
        assert.deepEqual(summary(await writing), [landed(50)]);
        assert.equal(await countTrades(database), 150);
        assert.deepEqual(await positions(database), { 0: 20 });
      },
      server.url,
    ));

  test('that stays away opens the circuit breaker, which closes when it is back', () => {
    const states: string[] = [];
    return scene(
      ({ url }) => url,
      {
        config: { breakerFailureThreshold: 2, breakerOpenMs: 100 },
        observer: { onBreakerState: (state) => states.push(state) },
      },
      async ({ sink, claim }) => {
        await server.halt('fast');
        const writing = sink.write(0, batchOf(tradesPart(claim, 0, 10, trades(5))), never);
        await until('the breaker is open', () => sink.status.breaker === 'open');
        assert.equal(typeof sink.status.breakerOpenSince, 'number');
        await server.resume();
        assert.deepEqual(summary(await writing), [landed(5)]);
        await sink.write(0, batchOf(tradesPart(claim, 10, 11)), never);
        await until('the breaker is closed', () => sink.status.breaker === 'closed');
        assert.equal(sink.status.breakerOpenSince, null);
        assert.equal(states[0], 'open');
        assert.deepEqual(states.slice(-2), ['half-open', 'closed']);
      },
      server.url,
    );
  });

  test('that is back closes the circuit breaker though nothing is to be written any more', () =>
    scene(
      ({ url }) => url,
      { config: { breakerFailureThreshold: 2, breakerOpenMs: 100, breakerSuccessThreshold: 4 } },
      async ({ sink, claim }) => {
        await server.halt('fast');
        const writing = sink.write(0, batchOf(tradesPart(claim, 0, 10, trades(5))), never);
        await until('the breaker is open', () => sink.status.breaker === 'open');
        await server.resume();
        assert.deepEqual(summary(await writing), [landed(5)]);
        await until('the breaker is closed', () => sink.status.breaker === 'closed');
      },
      server.url,
    ));

  test('that is a standby is waited for until it is promoted', async () => {
    const database = await migratedDatabase(server.url);
    await server.halt('fast');
    const { writeFile } = await import('node:fs/promises');
    await writeFile(`${server.dataDir}/standby.signal`, '');
    await server.resume();
    const sink = createSink(database.url);
    const opening = sink.open();
    const hasty = createSink(database.url, { openPatienceMs: 0 });
    await assert.rejects(hasty.open(), { code: 'DATABASE_UNREACHABLE', message: /standby/ });
    await hasty.close();
    await database.query('SELECT pg_promote()');
    await opening;
    await sink.close();
    await database.drop();
  });
});
