import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SinkConfig } from '../../src/sink/sink-options.js';
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
    withDatabase(async (database) => {
      await database.query(`CREATE ROLE ${database.name} LOGIN PASSWORD 'reader'`);
      await database.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${database.name}`);
      const url = new URL(database.url);
      url.username = database.name;
      url.password = 'reader';
      await refuses(
        database,
        new RegExp(`GRANT SELECT, INSERT, UPDATE ON kafka_offsets TO ${database.name};`),
        {},
        url.href,
      );
      await database.query(`DROP OWNED BY ${database.name}`);
      await database.query(`DROP ROLE ${database.name}`);
    }));
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
