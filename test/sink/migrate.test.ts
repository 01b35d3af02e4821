import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrate, readMigrations } from '../../src/sink/migrate.js';
import { emptyDatabase, type TestDatabase } from '../support/database.js';

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
