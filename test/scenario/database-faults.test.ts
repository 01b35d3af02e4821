import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type PostgresServer, startPostgres } from '../../src/commands/demo/embedded-postgres.js';
import type { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { onScene, type Scene } from './scene.js';

const run = promisify(execFile);

const CLUSTER = { sessionTimeoutMs: 3_000 };
/** Session and poll interval where nobody is to lose a partition, on a machine however busy. */
const PATIENCE_MS = 10_000;
/** The engine looks again soon, so that a test does not wait for its patience. */
const SOON = { BREAKER_OPEN_MS: '200', DATABASE_FLUSH_TIMEOUT_MS: '1000' };

const noticed = (engine: EngineProcess, what: RegExp): Promise<void> =>
  until(`the engine says ${what}`, () => what.test(engine.output), { explain: () => engine.output.slice(-4_000) });

/** Holds every row in its COPY until `open` is called. */
async function gate({ stage }: Scene): Promise<{ held(): Promise<void>; open(): Promise<void> }> {
  const { query } = stage.database;
  await query(`
    CREATE TABLE gate ();
    CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      WHILE to_regclass('gate') IS NOT NULL LOOP PERFORM pg_sleep(0.01); END LOOP;
      RETURN NEW;
    END $$;
    CREATE TRIGGER gate BEFORE INSERT ON solana_dex_trades FOR EACH ROW EXECUTE FUNCTION wait_at_gate()`);
  const copying = () =>
    query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND wait_event = 'PgSleep'`,
    );
  return {
    held: () => until('rows are held in the middle of a COPY', async () => (await copying()).length > 0),
    open: async () => {
      await query('DROP TABLE gate');
    },
  };
}

const disconnectAll = ({ stage }: Scene): Promise<unknown> =>
  stage.database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );

/** A file system of a few MB at a path that the server may write to; null where this process may not mount one. */
async function smallDisk(server: PostgresServer): Promise<{ path: string; remove(): Promise<void> } | null> {
  const path = await mkdtemp(join(tmpdir(), 'small-disk-'));
  try {
    const { uid, gid } = await stat(server.dataDir);
    await run('mount', ['-t', 'tmpfs', '-o', `size=2m,mode=0700,uid=${uid},gid=${gid}`, 'tmpfs', path]);
  } catch {
    await rm(path, { recursive: true });
    return null;
  }
  return {
    path,
    remove: async () => {
      await run('umount', ['-l', path]);
      await rm(path, { recursive: true });
    },
  };
}

/** Lands something on the disk, then leaves no byte of it free; the answer gives room back. */
async function fillDisk(scene: Scene, path: string): Promise<() => Promise<unknown>> {
  const { stage, send } = scene;
  const { query, name } = stage.database;
  await query(`CREATE TABLESPACE ${name} LOCATION '${path}'`);
  await query(`GRANT CREATE ON TABLESPACE ${name} TO PUBLIC`);
  await query(`ALTER TABLE solana_dex_trades SET TABLESPACE ${name}`);
  await query(`ALTER DATABASE ${name} SET default_tablespace = ${name}`);
  await disconnectAll(scene);
  await send(10);
  await stage.settled();
  for (const size of [65_536, 4_096, 1])
    for (let i = 0; ; i += 1)
      try {
        await writeFile(join(path, `filler-${size}-${i}`), Buffer.alloc(size));
      } catch {
        break;
      }
  return () => run('sh', ['-c', `rm ${path}/filler-*`]);
}

/** Says of every row what a full disk says; the answer stops that. */
async function refuseRows({ stage: { database } }: Scene): Promise<() => Promise<unknown>> {
  await database.query(`
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON solana_dex_trades FOR EACH STATEMENT EXECUTE FUNCTION full_disk()`);
  return () => database.query('DROP TRIGGER full_disk ON solana_dex_trades');
}

describe('an engine whose database server', () => {
  let server: PostgresServer;
  const shared = process.env.TEST_DATABASE_URL;
  before(async () => {
    server = await startPostgres({ settings: { max_connections: '60' } });
    process.env.TEST_DATABASE_URL = server.url;
  });
  after(async () => {
    if (shared === undefined) delete process.env.TEST_DATABASE_URL;
    else process.env.TEST_DATABASE_URL = shared;
    await server.stop();
  });

  test('is restarted, crashes and ends backends, each in the middle of a COPY, lands everything once', () =>
    onScene(CLUSTER, async (scene) => {
      const { stage, send, endsClean } = scene;
      const engine = stage.engine(SOON);
      await send(20);
      await stage.settled();
      for (const harm of [
        () => server.restart('fast'),
        () => server.restart('immediate'),
        () => disconnectAll(scene),
      ]) {
        const { held, open } = await gate(scene);
        await send(30);
        await held();
        await harm();
        await open();
        await stage.settled();
        await stage.database.query('DROP TRIGGER gate ON solana_dex_trades; DROP FUNCTION wait_at_gate');
      }
      await endsClean(engine);
    }));

  test('has no room left on its disk waits for some, and lands everything', async (context) => {
    const disk = await smallDisk(server);
    context.diagnostic(disk === null ? 'no file system may be mounted: a trigger says 53100' : 'on a disk of 2 MB');
    try {
      await onScene(CLUSTER, async (scene) => {
        const { stage, send, endsClean } = scene;
        const engine = stage.engine(SOON);
        const free = disk === null ? await refuseRows(scene) : await fillDisk(scene, disk.path);
        await send(60);
        await noticed(engine, /"error\.message":"could not (extend|write|create)/);
        await free();
        await stage.settled();
        await endsClean(engine);
      });
    } finally {
      await disk?.remove();
    }
  });
});

describe('an engine whose database', { concurrency: 3 }, () => {
  test('has no connection to spare waits for one, and lands everything', () =>
    onScene(CLUSTER, async (scene) => {
      const { stage, send, endsClean } = scene;
      const { query, roles } = stage.database;
      const engine = stage.engine(SOON);
      await send(20);
      await stage.settled();
      await query(`ALTER ROLE ${roles.engine} CONNECTION LIMIT 0`);
      await disconnectAll(scene);
      await send(30);
      await noticed(engine, /too many connections/);
      await query(`ALTER ROLE ${roles.engine} CONNECTION LIMIT -1`);
      await stage.settled();
      await endsClean(engine);
    }));

  test('turns read-only waits until it is not, and lands everything', () =>
    onScene(CLUSTER, async (scene) => {
      const { stage, send, endsClean } = scene;
      const { query, name } = stage.database;
      const engine = stage.engine(SOON);
      await send(20);
      await stage.settled();
      await query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
      await disconnectAll(scene);
      await send(30);
      await noticed(engine, /read-only transaction/);
      await query(`BEGIN READ WRITE; ALTER DATABASE ${name} RESET default_transaction_read_only; COMMIT`);
      await disconnectAll(scene);
      await stage.settled();
      await endsClean(engine);
    }));

  for (const [what, harm, says] of [
    ['a table', 'ALTER TABLE ingest_dead_letters RENAME TO gone', /ingest_dead_letters.*run `migrate`/],
    ['a column', 'ALTER TABLE solana_dex_trades RENAME COLUMN order_id TO gone', /ALTER TABLE solana_dex_trades ADD/],
    ['a privilege', 'REVOKE INSERT ON solana_dex_trades FROM ROLE', /GRANT \w+ ON TABLE solana_dex_trades TO/],
  ] as const)
    test(`loses ${what} while it runs ends with what to do about it, and goes on from there once it is mended`, () =>
      onScene(CLUSTER, async ({ stage, send, endsClean }) => {
        const { query, roles } = stage.database;
        const engine = stage.engine(SOON);
        await send(20);
        await stage.settled();
        await query(harm.replace('ROLE', roles.engine));
        await stage.send([{ partition: 0, value: Uint8Array.of(0x0f, 1, 2), trades: [], poison: 'random' }]);
        await send(30);
        const exit = await engine.ended();
        assert.deepEqual([exit.code, exit.signal], [1, null], engine.output);
        assert.match(engine.output, says);
        const mend = {
          'a table': 'ALTER TABLE gone RENAME TO ingest_dead_letters',
          'a column': 'ALTER TABLE solana_dex_trades RENAME COLUMN gone TO order_id',
          'a privilege': `GRANT INSERT ON solana_dex_trades TO ${roles.engine}`,
        }[what];
        await query(mend);
        const next = stage.engine(SOON);
        await stage.settled();
        await endsClean(next);
      }));
});

describe('an engine whose way to the database', { concurrency: 2 }, () => {
  test('is cut without a word is back on another connection within its watchdog', (context) =>
    onScene(CLUSTER, async ({ stage, proxy, proxied, send, endsClean }) => {
      const engine = stage.engine({ DATABASE_URL: proxied, DATABASE_FLUSH_TIMEOUT_MS: '1000' });
      await send(20);
      await stage.settled();
      proxy.strand();
      const strandedAt = Date.now();
      await send(40);
      await stage.settled();
      context.diagnostic(
        `landed ${Date.now() - strandedAt} ms after the cable was pulled; the watchdog's limit is 1000 ms`,
      );
      await noticed(engine, /made no progress for 1000 ms/);
      await endsClean(engine);
    }));

  test('is stalled past session and poll interval keeps memory under its budget and its place in the group, and catches up', (context) =>
    onScene({ sessionTimeoutMs: PATIENCE_MS }, async ({ stage, proxy, proxied, send, owns, endsClean }) => {
      const budgetBytes = 4_194_304;
      const engine = stage.engine({
        ...SOON,
        DATABASE_URL: proxied,
        KAFKA_MAX_POLL_INTERVAL_MS: String(PATIENCE_MS),
        MEMORY_BUDGET_BYTES: String(budgetBytes),
        SLAB_MAX_BYTES: '200000',
        BATCH_MAX_BYTES: '1000000',
      });
      await send(20);
      await stage.settled();
      await owns(engine);
      const epochs = (): Promise<unknown> =>
        stage.database.query('SELECT partition, epoch FROM kafka_offsets ORDER BY 1');
      const before = await epochs();
      const { prometheus } = portsOf(engine);
      const inFlight = async (): Promise<number> => {
        const text = await (await fetch(`http://127.0.0.1:${prometheus}/metrics`)).text();
        return Number(/^engine_inflight_bytes (\S+)$/m.exec(text)?.[1]);
      };
      proxy.blackHole();
      const stalledAt = Date.now();
      const large = 900_000;
      const value = new Uint8Array(large).fill(0x5a);
      for (let i = 0; i < 16; i += 1) await stage.send([{ partition: i % 4, value, trades: [], poison: 'random' }]);
      await until('the budget is full', async () => (await inFlight()) > budgetBytes / 2);
      let most = 0;
      while (Date.now() - stalledAt < 2 * PATIENCE_MS) {
        most = Math.max(most, await inFlight());
        await delay(100);
      }
      context.diagnostic(`${most} bytes in flight at the most, of ${budgetBytes}`);
      assert.ok(most <= budgetBytes + large, `${most} bytes in flight`);
      proxy.clear();
      proxy.cut();
      await stage.settled();
      assert.deepEqual(await epochs(), before, 'nobody had to claim anything anew');
      await endsClean(engine);
    }));
});

function portsOf(engine: EngineProcess): { prometheus: number } {
  const line = engine.output.split('\n').find((text) => text.includes('"engine_started"')) ?? '{}';
  return (JSON.parse(line) as Record<string, { prometheus: number }>)['http.ports'] ?? { prometheus: 0 };
}
