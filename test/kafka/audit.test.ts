import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import pg from 'pg';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { assertAudit, installAudit } from './audit.js';

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
    await assertAudit(client);
  });

  test('finds a row that landed without its position', async () => {
    await row(10);
    await advance(15);
    await assert.rejects(assertAudit(client), /no move of the position covers/);
  });

  test('finds a row before the stretch it landed with', async () => {
    await together(
      () => row(9),
      () => advance(15),
    );
    await assert.rejects(assertAudit(client), /no move of the position covers/);
  });

  test('finds a position that went back', async () => {
    await advance(15);
    await advance(12);
    await assert.rejects(assertAudit(client), /did not go forward/);
  });

  test('finds a move by another than the owner, and a claim that took no new epoch', async () => {
    await claim('second', 1);
    await assert.rejects(assertAudit(client), /another than the owner/);
  });

  test('finds an epoch that was left out', async () => {
    await claim('second', 3);
    await assert.rejects(assertAudit(client), /next epoch/);
  });
});
