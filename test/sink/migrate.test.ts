import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineError } from '../../src/errors.js';
import { migrate, readMigrations } from '../../src/sink/migrate.js';
import { emptyDatabase, type TestDatabase } from '../support/database.js';
import { TcpProxy } from '../support/tcp-proxy.js';

async function withDatabase(body: (database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await emptyDatabase();
  try {
    await body(database);
  } finally {
    await database.drop();
  }
}

const names = async (): Promise<string[]> => (await readMigrations()).map(({ name }) => name);

test('migrations are applied in order, and never twice', () =>
  withDatabase(async (database) => {
    assert.deepEqual(await migrate(database.url), await names());
    assert.deepEqual(await migrate(database.url), []);
    const rows = await database.query<{ name: string }>(
      'SELECT name FROM trades_engine_migrations ORDER BY applied_at, name',
    );
    assert.deepEqual(
      rows.map(({ name }) => name),
      await names(),
    );
  }));

test('several that migrate at once apply each migration once', () =>
  withDatabase(async (database) => {
    const applied = await Promise.all(Array.from({ length: 4 }, () => migrate(database.url)));
    assert.deepEqual(applied.flat().sort(), await names());
  }));

test('a migration whose file has changed since is refused', () =>
  withDatabase(async (database) => {
    await migrate(database.url);
    await database.query(`UPDATE trades_engine_migrations SET checksum = 'other' WHERE name LIKE '0002%'`);
    await assert.rejects(migrate(database.url), { code: 'DATABASE_SCHEMA', message: /0002_.*other contents/ });
  }));

test('a migration that fails leaves nothing behind', () =>
  withDatabase(async (database) => {
    await database.query('CREATE TABLE solana_slots (slot bigint)');
    await assert.rejects(migrate(database.url), { code: 'DATABASE_SCHEMA', message: /0001_tables\.sql failed/ });
    assert.deepEqual(await database.query(`SELECT to_regclass('kafka_offsets') AS found`), [{ found: null }]);
    await database.query('DROP TABLE solana_slots');
    assert.deepEqual(await migrate(database.url), await names());
  }));

test('a role that may not create anything can start on a schema that is up to date', () =>
  withDatabase(async (database) => {
    await migrate(database.url);
    await database.query(`CREATE ROLE ${database.name} LOGIN PASSWORD 'reader'`);
    await database.query(`GRANT SELECT ON trades_engine_migrations TO ${database.name}`);
    const url = new URL(database.url);
    url.username = database.name;
    url.password = 'reader';
    assert.deepEqual(await migrate(url.href), []);
    await database.query(`DROP OWNED BY ${database.name}`);
    await database.query(`DROP ROLE ${database.name}`);
  }));

test('a server that is not there is named, without the password', async () => {
  await assert.rejects(migrate('postgres://user:s3cret@127.0.0.1:1/trades'), (error: Error) => {
    assert.match(error.message, /127\.0\.0\.1:1\/trades/);
    assert.doesNotMatch(error.message, /s3cret/);
    return true;
  });
});

test('a wrong password is told as one and is not tried again', () =>
  withDatabase(async (database) => {
    const url = new URL(database.url);
    url.password = 'wr0ng-secret';
    await assert.rejects(migrate(url.href), (error: EngineError) => {
      assert.equal(error.code, 'DATABASE_AUTHENTICATION');
      assert.equal(error.canRetry, false);
      assert.match(error.message, /DATABASE_URL/);
      assert.doesNotMatch(error.message, /wr0ng-secret/);
      return true;
    });
  }));

test('a database that does not exist is told as one and is not tried again', () =>
  withDatabase(async (database) => {
    const url = new URL(database.url);
    url.pathname = '/no_such_database';
    await assert.rejects(migrate(url.href), {
      code: 'DATABASE_SCHEMA',
      canRetry: false,
      message: /Create the database/,
    });
  }));

test('a URL that cannot be read is refused without being printed', async () => {
  await assert.rejects(migrate('postgres://user:s3cret@host:notaport/database'), (error: EngineError) => {
    assert.equal(error.code, 'CONFIG_INVALID');
    assert.doesNotMatch(JSON.stringify({ ...error, message: error.message, cause: error.cause }), /s3cret/);
    return true;
  });
});

test('a connection lost in the middle of a migration, or with its COMMIT, is tried again', () =>
  withDatabase(async (database) => {
    const proxy = await new TcpProxy(Number(new URL(database.url).port)).listen();
    const retry = { code: 'DATABASE_UNREACHABLE', canRetry: true };
    try {
      for (const text of ['trades_engine_migrations', 'CREATE TABLE solana_dex_trades', 'INSERT INTO trades_engine']) {
        const cut = proxy.cutBefore(text);
        await assert.rejects(migrate(proxy.url(database.url)), retry);
        await cut;
        assert.deepEqual(await database.query(`SELECT to_regclass('kafka_offsets') AS found`), [{ found: null }]);
      }
      const lost = proxy.loseAnswerTo('COMMIT');
      await assert.rejects(migrate(proxy.url(database.url)), retry);
      await lost;
      const [first, ...rest] = await names();
      assert.ok(first?.startsWith('0001'));
      assert.deepEqual(await migrate(proxy.url(database.url)), rest);
    } finally {
      await proxy.close();
    }
  }));

test('a role that may not create tables is told to migrate as another', () =>
  withDatabase(async (database) => {
    await database.query(`CREATE ROLE ${database.name} LOGIN PASSWORD 'reader'`);
    const url = new URL(database.url);
    url.username = database.name;
    url.password = 'reader';
    await assert.rejects(migrate(url.href), { code: 'DATABASE_SCHEMA', message: /Run `migrate` once as the role/ });
    await database.query(`DROP ROLE ${database.name}`);
  }));

test('gaps that an earlier version wrote down once per restart become one row each', () =>
  withDatabase(async (database) => {
    const all = await readMigrations();
    for (const { sql } of all.filter(({ name }) => name < '0006')) await database.query(sql);
    await database.query(`
      INSERT INTO ingest_gaps (group_id, topic, partition, from_offset, to_offset, reason)
        VALUES ('g', 't', 0, 10, 20, 'a'), ('g', 't', 0, 10, 30, 'b'), ('g', 't', 0, 10, 25, 'c'), ('g', 't', 1, 10, 12, 'd')`);
    await database.query(all.find(({ name }) => name.startsWith('0006'))?.sql ?? '');
    assert.deepEqual(
      await database.query('SELECT partition, from_offset::int, to_offset::int, reason FROM ingest_gaps ORDER BY id'),
      [
        { partition: 0, from_offset: 10, to_offset: 30, reason: 'a' },
        { partition: 1, from_offset: 10, to_offset: 12, reason: 'd' },
      ],
    );
  }));
