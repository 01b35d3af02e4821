import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import pg from 'pg';
import { Connection } from '../../src/sink/connection.js';
import { migrate, readMigrations } from '../../src/sink/migrate.js';
import { dropExpired } from '../../src/sink/partition-upkeep.js';
import { PARTITION_SLOTS } from '../../src/sink/partitions.js';
import type { SinkConfig } from '../../src/sink/sink-options.js';
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
} from '../support/batches.js';
import { emptyDatabase, type TestDatabase, testDatabase } from '../support/database.js';

async function withDatabase(body: (database: TestDatabase) => Promise<void>, create = testDatabase): Promise<void> {
  const database = await create();
  try {
    await body(database);
  } finally {
    await database.drop();
  }
}

async function refuses(
  database: TestDatabase,
  message: RegExp,
  config: Partial<SinkConfig> = {},
  url = database.url,
): Promise<void> {
  const sink = createSink(url, { config });
  await assert.rejects(sink.open(), { code: 'DATABASE_SCHEMA', message });
  await sink.close();
}

/** A login role of the database's name that has been given nothing. */
async function withRole(
  body: (database: TestDatabase, url: string) => Promise<void>,
  create: () => Promise<TestDatabase> = testDatabase,
): Promise<void> {
  await withDatabase(async (database) => {
    await database.query(`CREATE ROLE ${database.name} LOGIN PASSWORD 'role'`);
    const url = new URL(database.url);
    url.username = database.name;
    url.password = 'role';
    try {
      await body(database, url.href);
    } finally {
      await database.query(`REASSIGN OWNED BY ${database.name} TO CURRENT_USER`);
      await database.query(`DROP OWNED BY ${database.name}`);
      await database.query(`DROP ROLE ${database.name}`);
    }
  }, create);
}

/** Takes away what a new database gives everybody. */
async function restrictPublic(database: TestDatabase): Promise<void> {
  await database.query(`REVOKE ALL ON DATABASE ${database.name} FROM PUBLIC`);
  await database.query(`GRANT CONNECT ON DATABASE ${database.name} TO ${database.name}`);
  await database.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
}

/** The statements of the migration's comment, for the role of the database's name. */
async function documentedGrants({ name }: TestDatabase): Promise<string[]> {
  const sql = (await readMigrations()).find((migration) => migration.name.startsWith('0007'))?.sql ?? '';
  const statements = [...sql.matchAll(/^-- {3}(GRANT .*) TO engine;$/gm)].map((match) => `${match[1]} TO ${name};`);
  assert.equal(statements.length, 7);
  return statements.map((statement) => statement.replace('DATABASE trades', `DATABASE ${name}`));
}

describe('at start the sink refuses', () => {
  test('a database without tables, and says to migrate', () =>
    withDatabase(
      (database) => refuses(database, /Table solana_dex_trades is missing: run `migrate`/),
      () => emptyDatabase(),
    ));

  test('tables that a crash would empty', () =>
    withDatabase(async (database) => {
      await database.query('ALTER TABLE ingest_gaps SET UNLOGGED');
      await database.query('CREATE UNLOGGED TABLE unsafe PARTITION OF solana_dex_trades FOR VALUES FROM (0) TO (10)');
      await refuses(database, /ALTER TABLE ingest_gaps SET LOGGED;.*ALTER TABLE unsafe SET LOGGED;/);
    }));

  test('a trades table whose key would let repeats in', () =>
    withDatabase(async (database) => {
      await database.query('ALTER TABLE solana_dex_trades DROP CONSTRAINT solana_dex_trades_pkey');
      await refuses(database, /has no primary key.*ADD PRIMARY KEY \(block_slot, tx_index, trade_index\);/);
      await database.query(
        'ALTER TABLE solana_dex_trades ADD PRIMARY KEY (block_slot, tx_index, trade_index, kafka_offset)',
      );
      await refuses(
        database,
        /has the primary key \(block_slot, tx_index, trade_index, kafka_offset\).*DROP CONSTRAINT/,
      );
    }));

  test('a missing column and a column of another type, with the statement to run', () =>
    withDatabase(async (database) => {
      await database
        .query(
          'ALTER TABLE solana_dex_trades DROP COLUMN royalty_raw CASCADE, ALTER COLUMN kafka_partition TYPE bigint',
        )
        .catch(() => {});
      await database.query('DROP VIEW IF EXISTS dex_trades CASCADE');
      await database.query(
        'ALTER TABLE solana_dex_trades DROP COLUMN IF EXISTS royalty_raw, ALTER COLUMN kafka_partition TYPE bigint',
      );
      await refuses(database, /ADD COLUMN royalty_raw numeric\(20,0\);.*ALTER COLUMN kafka_partition TYPE integer;/);
    }));

  test('more lanes than the server has connections for', () =>
    withDatabase((database) =>
      refuses(database, /connections free and the engine needs 1003 more/, { databaseLanes: 1_000 }),
    ));

  test('a role that may not write', () =>
    withRole(async (database, url) => {
      await database.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${database.name}`);
      await refuses(
        database,
        new RegExp(`GRANT SELECT, INSERT, UPDATE ON kafka_offsets TO ${database.name};`),
        {},
        url,
      );
    }));

  test('a role that may write the tables and make no partition of them', () =>
    withRole(async (database, url) => {
      await database.query(`GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO ${database.name}`);
      await refuses(
        database,
        new RegExp(`GRANT EXECUTE ON FUNCTION solana_dex_trades_add_partition\\(bigint\\) TO ${database.name};`),
        {},
        url,
      );
    }));

  test('tables whose owner may make no more of them', () =>
    withRole(async (database) => {
      await database.query(`ALTER TABLE solana_dex_trades OWNER TO ${database.name}`);
      await database.query(`ALTER FUNCTION solana_dex_trades_add_partition(bigint) OWNER TO ${database.name}`);
      await refuses(database, new RegExp(`GRANT CREATE ON SCHEMA public TO ${database.name};`));
      await database.query(`GRANT CREATE ON SCHEMA public TO ${database.name}`);
      await database.query('ALTER TABLE solana_dex_trades OWNER TO CURRENT_USER');
      await refuses(database, /ALTER FUNCTION solana_dex_trades_add_partition\(bigint\) OWNER TO \w+;/);
    }));
});

describe('a role that owns nothing', () => {
  test('works with what the migration says it gets, and can do no more', () =>
    withRole(async (database, url) => {
      await restrictPublic(database);
      for (const statement of await documentedGrants(database)) await database.query(statement);
      assert.deepEqual(await migrate(url), []);
      const sink = createSink(url, { config: { databaseRetentionSlots: 1 } });
      await sink.open();
      const claim = await sink.claim(TOPIC, 0, 0, never);
      const header = { slot: SLOT, blockTimeMs: 1, hash: 'h', parentSlot: SLOT - 2, parentHash: null, height: null };
      const rows = trades(3, (i) => (i === 1 ? { side: 'x\0' } : {}));
      assert.deepEqual(
        summary(await sink.write(0, batchOf(tradesPart(claim, 0, 5, rows, { slots: [header] })), never)),
        [{ kind: 'landed', rowsInserted: 2, rowsDuplicate: 0 }],
      );
      assert.deepEqual(summary(await sink.write(0, batchOf(tradesPart(claim, 5, 10, trades(1))), never)), [
        { kind: 'landed', rowsInserted: 0, rowsDuplicate: 1 },
      ]);
      assert.equal((await database.query('SELECT FROM ingest_dead_letters')).length, 1);
      const gap = { ...claim, from: 10, reason: 'expired' };
      assert.equal(await sink.recordGap({ ...gap, to: 20, advance: false }, never), true);
      assert.equal(await sink.recordGap({ ...gap, to: 30, advance: true }, never), true);
      assert.deepEqual(await positions(database), { 0: 30 });
      await sink.close();
      assert.deepEqual(await database.query('SELECT slot::int FROM solana_slots WHERE orphaned'), [{ slot: SLOT - 1 }]);

      const client = new pg.Client(url);
      await client.connect();
      const denied = { code: '42501' };
      await assert.rejects(client.query('DELETE FROM solana_dex_trades'), denied);
      await assert.rejects(client.query('CREATE TABLE mine ()'), denied);
      assert.deepEqual((await client.query(`SELECT solana_dex_trades_drop_partition('kafka_offsets') AS it`)).rows, [
        { it: false },
      ]);
      await client.end();
    }));

  test('drops partitions beyond the retention that the owner made', () =>
    withRole(async (database, url) => {
      await restrictPublic(database);
      for (const statement of await documentedGrants(database)) await database.query(statement);
      const start = SLOT - (SLOT % PARTITION_SLOTS);
      for (const slot of [0, start]) await database.query('SELECT solana_dex_trades_add_partition($1)', [slot]);
      await database.query('SELECT solana_dex_trades_add_partition($1)', [PARTITION_SLOTS]);
      const kept = `solana_dex_trades_${PARTITION_SLOTS}`;
      await database.query(`ALTER TABLE solana_dex_trades DETACH PARTITION ${kept}`);
      const connection = await Connection.open({
        url,
        applicationName: 'test',
        stallTimeoutMs: 30_000,
        lockTimeoutMs: 5_000,
      });
      assert.deepEqual(await dropExpired(connection, SLOT, PARTITION_SLOTS), ['solana_dex_trades_0']);
      assert.deepEqual(await connection.rows('SELECT solana_dex_trades_drop_partition($1) AS it', [kept]), [
        { it: false },
      ]);
      await connection.end();
      const left = await database.query(
        `SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^solana_dex_trades_' ORDER BY 1`,
      );
      assert.deepEqual(left, [{ relname: kept }, { relname: `solana_dex_trades_${start}` }]);
    }));

  test('is told the statements that let it, and needs no other', () =>
    withRole(async (database, url) => {
      await restrictPublic(database);
      const run: string[] = [];
      // The schema hides the tables, so that there are two rounds.
      for (let round = 0; round < 2; round++) {
        const sink = createSink(url, { config: { databaseRetentionSlots: 1, databaseTradeIndexes: ['mint'] } });
        const error = await sink.open().then(
          () => null,
          (thrown: Error) => thrown,
        );
        await sink.close();
        const statements = error?.message.match(/(?<=Run: )[^;]+;/g) ?? [];
        assert.ok(statements.length > 0, `round ${round}: ${error?.message}`);
        for (const statement of statements) await database.query(statement);
        run.push(...statements);
      }
      const sink = createSink(url, { config: { databaseRetentionSlots: 1, databaseTradeIndexes: ['mint'] } });
      await sink.open();
      const claim = await sink.claim(TOPIC, 0, 0, never);
      await sink.write(0, batchOf(tradesPart(claim, 0, 1, trades(2))), never);
      assert.equal(await countTrades(database), 2);
      await sink.close();
      const [{ owner } = { owner: '' }] = await database.query<{ owner: string }>(
        `SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname = 'solana_dex_trades'`,
      );
      assert.ok(run.includes(`GRANT ${owner} TO ${database.name};`), run.join('\n'));
    }));

  test('keeps making partitions after the migration where it wrote the table before', () =>
    withRole(async (database, url) => {
      const all = await readMigrations();
      for (const { sql } of all.filter(({ name }) => name < '0007')) await database.query(sql);
      await database.query(`GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO ${database.name}`);
      for (const { sql } of all.filter(({ name }) => name >= '0007')) await database.query(sql);
      const sink = createSink(url);
      await sink.open();
      const claim = await sink.claim(TOPIC, 0, 0, never);
      await sink.write(0, batchOf(tradesPart(claim, 0, 1, trades(2))), never);
      await sink.close();
      assert.deepEqual(
        await database.query(
          `SELECT DISTINCT pg_get_userbyid(relowner) = current_user AS owned FROM pg_class WHERE relname ~ '^solana_dex_trades'`,
        ),
        [{ owned: true }],
      );
    }, emptyDatabase));
});

describe('a schema that changes while the engine runs stops it, and nothing is lost:', () => {
  for (const [what, breakIt, mendIt, message] of [
    [
      'a column that is gone',
      'ALTER TABLE solana_dex_trades RENAME usd_source TO other',
      'ALTER TABLE solana_dex_trades RENAME other TO usd_source',
      /ADD COLUMN usd_source text;/,
    ],
    [
      'a table that is gone',
      'ALTER TABLE kafka_offsets RENAME TO other',
      'ALTER TABLE other RENAME TO kafka_offsets',
      /run `migrate`/,
    ],
  ] as const) {
    test(what, () =>
      withDatabase(async (database) => {
        const sink = createSink(database.url);
        await sink.open();
        const claim = await sink.claim(TOPIC, 0, 0, never);
        const batch = batchOf(tradesPart(claim, 0, 1, trades(3)));
        await database.query(breakIt);
        await assert.rejects(sink.write(0, batch, never), { code: 'DATABASE_SCHEMA', message });
        await database.query(mendIt);
        assert.equal(await countTrades(database), 0);
        assert.deepEqual(summary(await sink.write(0, batch, never)), [
          { kind: 'landed', rowsInserted: 3, rowsDuplicate: 0 },
        ]);
        assert.deepEqual(await positions(database), { 0: 1 });
        await sink.close();
      }),
    );
  }
});
