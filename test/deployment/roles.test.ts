import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { Connection } from '../../src/sink/connection.js';
import { migrate } from '../../src/sink/migrate.js';
import { missingGrants } from '../../src/sink/privileges.js';
import { checkSchema } from '../../src/sink/schema-check.js';
import { deploymentSql, type RoledDatabase, type RoleKind, roledDatabase, script } from '../support/least-privilege.js';

let database: RoledDatabase;
before(async () => {
  database = await roledDatabase();
});
after(() => database.drop());

/** Runs one statement as a role. */
async function as(kind: RoleKind, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(database.urls[kind]);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function refused(kind: RoleKind, text: string): Promise<void> {
  await assert.rejects(as(kind, text), { code: '42501' }, `${kind}: ${text}`);
}

/** What a role may do with tables and views, as `name: PRIVILEGES`. */
async function privilegesOf(kind: RoleKind): Promise<string[]> {
  const rows = await database.query<{ line: string }>(
    `SELECT c.relname || ': ' || string_agg(p, ', ' ORDER BY p) AS line
     FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
       AND CASE WHEN c.relkind = 'S' THEN p IN ('SELECT', 'UPDATE') AND has_sequence_privilege($1, c.oid, p) ELSE has_table_privilege($1, c.oid, p) END
     GROUP BY c.relname ORDER BY 1`,
    [database.roles[kind]],
  );
  return rows.map(({ line }) => line);
}

describe('the role of the engine', () => {
  test('may do all that a start asks for, retention included', async () => {
    const rows = async <Row>(text: string, values: readonly unknown[] = []) => {
      const client = new pg.Client(database.urls.engine);
      await client.connect();
      try {
        return (await client.query(text, [...values])).rows as Row[];
      } finally {
        await client.end();
      }
    };
    assert.deepEqual(await missingGrants({ rows }, { retention: true, indexes: false }), []);
    assert.deepEqual(await migrate(database.urls.engine), [], 'and finds the schema up to date');
  });

  test('may do nothing else with any table', async () => {
    assert.deepEqual(await privilegesOf('engine'), [
      'completeness_results: INSERT, SELECT',
      'ingest_dead_letters: INSERT, SELECT',
      'ingest_gaps: INSERT, SELECT, UPDATE',
      'kafka_offsets: INSERT, SELECT, UPDATE',
      'solana_dex_trades: INSERT, SELECT',
      'solana_slots: INSERT, SELECT, UPDATE',
      'solana_tokens: SELECT',
      'trades_engine_migrations: SELECT',
    ]);
  });

  test('makes table partitions that are the owner’s, and drops none but those', async () => {
    const added = await as('engine', 'SELECT solana_dex_trades_add_partition(432000) AS made');
    assert.deepEqual(added, [{ made: true }]);
    const [partition] = await database.query(
      `SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname = 'solana_dex_trades_432000'`,
    );
    assert.equal(partition?.owner, database.roles.owner);
    await script(database.urls.owner, 'CREATE TABLE solana_dex_trades_999 (a int)');
    assert.deepEqual(await as('engine', `SELECT solana_dex_trades_drop_partition('kafka_offsets') AS gone`), [
      { gone: false },
    ]);
    assert.deepEqual(await as('engine', `SELECT solana_dex_trades_drop_partition('solana_dex_trades_999') AS gone`), [
      { gone: false },
    ]);
    assert.deepEqual(
      await as('engine', `SELECT solana_dex_trades_drop_partition('solana_dex_trades_432000') AS gone`),
      [{ gone: true }],
    );
    await script(database.urls.owner, 'DROP TABLE solana_dex_trades_999');
  });

  test('counts the connections of others, whose activity it may not see', async () => {
    const others = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const client = new pg.Client(database.url);
        await client.connect();
        return client;
      }),
    );
    const options = { url: database.urls.engine, applicationName: 'roles', stallTimeoutMs: 10_000, lockTimeoutMs: 0 };
    const connection = await Connection.open(options);
    const told = await checkSchema(connection, 1_000_000).catch((error: Error) => error.message);
    await Promise.all([connection.end(), ...others.map((client) => client.end())]);
    const [, free, total] = /has (\d+) of (\d+) connections free/.exec(String(told)) ?? [];
    assert.ok(Number(total) - Number(free) >= 11, String(told));
  });

  test('makes no tables of its own, and neither takes rows away nor becomes another', async () => {
    await refused('engine', 'CREATE TABLE mine (a int)');
    await refused('engine', 'DELETE FROM solana_dex_trades');
    await refused('engine', 'UPDATE solana_dex_trades SET market = NULL');
    await refused('engine', 'TRUNCATE kafka_offsets');
    await refused('engine', 'DROP TABLE kafka_offsets');
    await refused('engine', `SET ROLE ${database.roles.owner}`);
    await refused('engine', `CREATE ROLE ${database.name}_more`);
    await refused('engine', `SELECT pg_read_file('/etc/passwd')`);
    await refused('engine', `COPY solana_slots TO PROGRAM 'true'`);
  });

  test('cannot slip an object of its own under a function that runs as the owner', async () => {
    // A temporary table hides one of the schema where a search path puts it first.
    await as(
      'engine',
      'CREATE TEMPORARY TABLE solana_dex_trades (block_slot bigint); SELECT solana_dex_trades_add_partition(864000)',
    );
    const [partition] = await database.query(
      `SELECT inhparent::regclass::text AS parent FROM pg_inherits WHERE inhrelid = 'solana_dex_trades_864000'::regclass`,
    );
    assert.equal(partition?.parent, 'solana_dex_trades');
  });
});

describe('the other roles', () => {
  test('readers query what there is of trades and change nothing', async () => {
    assert.deepEqual(await privilegesOf('reader'), [
      'dex_candles_1m: SELECT',
      'dex_trade_sides: SELECT',
      'dex_trades: SELECT',
      'solana_dex_trades: SELECT',
      'solana_slots: SELECT',
      'solana_tokens: SELECT',
    ]);
    assert.deepEqual(await as('reader', 'SELECT count(*)::int AS trades FROM dex_trades'), [{ trades: 0 }]);
    assert.deepEqual(await as('reader', 'SHOW statement_timeout'), [{ statement_timeout: '10min' }]);
    await refused('reader', 'SELECT payload FROM ingest_dead_letters');
    // Read-only is a default against accidents; whoever turns it off still may not.
    await refused('reader', `SET transaction_read_only = off; SELECT kafka_offsets_claim('g', 't', 0, 0, 'me', NULL)`);
    await refused('reader', 'SET transaction_read_only = off; CREATE TEMPORARY TABLE mine (a int)');
  });

  test('monitors see positions and how many dead letters there are, but neither messages nor trades', async () => {
    assert.deepEqual(await privilegesOf('monitor'), [
      'completeness_results: SELECT',
      'ingest_gaps: SELECT',
      'ingest_lag_history: INSERT, SELECT',
      'kafka_offsets: SELECT',
      'trades_engine_migrations: SELECT',
    ]);
    const counted = await as('monitor', 'SELECT status, count(*) FROM ingest_dead_letters GROUP BY status');
    assert.deepEqual(counted, []);
    await refused('monitor', 'SELECT payload FROM ingest_dead_letters');
    await refused('monitor', 'SELECT FROM dex_trades');
    await refused('monitor', 'UPDATE kafka_offsets SET next_offset = 0');
  });

  test('none of them is left to anybody without a role', async () => {
    const rows = await database.query(
      `SELECT relname FROM pg_class c, aclexplode(c.relacl) a WHERE a.grantee = 0 AND c.relnamespace = 'public'::regnamespace
       UNION ALL SELECT datname FROM pg_database d, aclexplode(d.datacl) a WHERE a.grantee = 0 AND datname = current_database()`,
    );
    assert.deepEqual(rows, []);
  });
});

describe('the files of deployment/sql', () => {
  test('may be run again', async () => {
    await script(database.url, deploymentSql('roles.sql', database.name));
    await script(database.urls.owner, deploymentSql('grants.sql', database.name));
  });

  test('leave no table, view or function of the migrations to nobody but the owner', async () => {
    const grants = deploymentSql('grants.sql', database.name);
    const rows = await database.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition
       UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
    );
    assert.ok(rows.length > 12, `only ${rows.length} objects were found`);
    assert.deepEqual(
      rows.map(({ name }) => name).filter((name) => !new RegExp(`\\b${name}\\b`).test(grants)),
      [],
    );
  });
});
