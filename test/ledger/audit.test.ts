import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import pg from 'pg';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { auditFindings, installAudit } from './audit.js';

describe('the audit of the offsets rows', () => {
  let database: TestDatabase;
  let client: pg.Client;

  before(async () => {
    database = await testDatabase();
    client = new pg.Client(database.url);
    await client.connect();
    await installAudit(client);
    await client.query('SELECT solana_dex_trades_add_partition(400000000)');
  });
  after(async () => {
    await client.end();
    await database.drop();
  });
  beforeEach(async () => {
    await client.query('TRUNCATE kafka_offsets, offsets_audit, solana_dex_trades');
    await client.query(
      `INSERT INTO kafka_offsets (group_id, topic, partition, next_offset, epoch, owner) VALUES ('g', 't', 0, 10, 1, 'first')`,
    );
  });

  const advance = (to: number) => client.query('UPDATE kafka_offsets SET next_offset = $1', [to]);
  const claim = (owner: string, epoch: number) =>
    client.query('UPDATE kafka_offsets SET owner = $1, epoch = $2', [owner, epoch]);
  const row = (offset: number) =>
    client.query(
      `INSERT INTO solana_dex_trades (block_slot, tx_index, trade_index, is_router, success, kafka_partition, kafka_offset)
         VALUES (400000000, $1, 0, false, true, 0, $2)`,
      [offset, offset],
    );

  const kinds = async () =>
    (await auditFindings(client)).map(({ kind, partition, offset }) => `${kind} ${partition}@${offset}`);

  async function together(...statements: (() => Promise<unknown>)[]): Promise<void> {
    await client.query('BEGIN');
    for (const statement of statements) await statement();
    await client.query('COMMIT');
  }

  test('is content with rows that land with their position, and with claims between', async () => {
    await together(
      () => row(10),
      () => row(14),
      () => advance(15),
    );
    await claim('second', 2);
    await together(
      () => row(15),
      () => advance(20),
    );
    assert.deepEqual(await kinds(), []);
  });

  test('finds a row that landed without its position', async () => {
    await row(10);
    await advance(15);
    assert.deepEqual(await kinds(), ['uncovered-row 0@10']);
  });

  test('finds a row before the stretch it landed with', async () => {
    await together(
      () => row(9),
      () => advance(15),
    );
    assert.deepEqual(await kinds(), ['uncovered-row 0@9']);
  });

  test('finds a position that went back', async () => {
    await advance(15);
    await advance(12);
    assert.deepEqual(await kinds(), ['position-not-forward 0@12']);
  });

  test('finds a move by another than the owner, and a claim that took no new epoch', async () => {
    await claim('second', 1);
    assert.deepEqual(await kinds(), ['moved-by-another 0@10']);
  });

  test('finds an epoch that was left out', async () => {
    await claim('second', 3);
    assert.deepEqual(await kinds(), ['epoch-not-next 0@10']);
  });

  test('finds a claim that moved the position', async () => {
    await client.query("UPDATE kafka_offsets SET owner = 'second', epoch = 2, next_offset = 12");
    assert.deepEqual(await kinds(), ['claim-moved 0@12']);
  });

  test('finds what came about behind its back', async () => {
    await client.query('ALTER TABLE kafka_offsets DISABLE TRIGGER offsets_audit');
    await client.query('UPDATE kafka_offsets SET next_offset = 12');
    await client.query('ALTER TABLE kafka_offsets ENABLE TRIGGER offsets_audit');
    await advance(15);
    assert.deepEqual(await kinds(), ['position-jumped 0@15']);
    await client.query('ALTER TABLE kafka_offsets DISABLE TRIGGER offsets_audit');
    await client.query('UPDATE kafka_offsets SET epoch = 2');
    await client.query('ALTER TABLE kafka_offsets ENABLE TRIGGER offsets_audit');
    await advance(16);
    assert.deepEqual(await kinds(), ['position-jumped 0@15', 'epoch-jumped 0@16']);
  });
});
