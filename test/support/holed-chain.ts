import type { TestDatabase } from './database.js';

/** When the first of its blocks was. */
export const CHAIN_BEGINS = '2025-08-01T10:00:00.000Z';

/**
 * Fills a migrated database with a block and a trade of 10 USD a minute, block i at slot 1000 + 2i and offset i of partition 0, from 10:00 to
 * 12:49, and one header before. What is wrong with it, hour by hour:
 *
 * - 10: block 30 has no trade, block 40 no header; trade 10 is there twice; trade 50 has no time of its own and trade 59 a wrong one
 * - 11: blocks 70 to 79 are missing, listed as a gap by two groups, and 115 to 119 of those below
 * - 12: blocks 115 to 124 are missing, three of them dead letters, one replayed; nothing is known from 12:49 on
 *
 * A failed trade, a router's and one of an orphaned slot are in it and do not count. The position is 165, behind five rows.
 */
export async function fillWithHoles(database: Pick<TestDatabase, 'query'>): Promise<void> {
  await database.query('SELECT solana_dex_trades_add_partition(1000)');
  await database.query(
    `INSERT INTO solana_slots (slot, parent_slot, height, block_time)
       SELECT 1000 + 2 * i, 998 + 2 * i, 500 + i, $1::timestamptz + i * interval '1 minute' FROM generate_series(-1, 169) i
       WHERE i NOT BETWEEN 70 AND 79 AND i NOT BETWEEN 115 AND 124 AND i <> 40`,
    [CHAIN_BEGINS],
  );
  await database.query('INSERT INTO solana_slots (slot, orphaned) VALUES (1041, true)');
  const insert = `INSERT INTO solana_dex_trades
    (block_slot, tx_index, trade_index, block_time, signature, is_router, success, amount_usd, kafka_partition, kafka_offset)`;
  await database.query(
    `${insert} SELECT 1000 + 2 * i, 0, 0,
         CASE WHEN i = 59 THEN $1::timestamptz + interval '210 minutes' WHEN i <> 50 THEN $1::timestamptz + i * interval '1 minute' END,
         'tx' || i, false, true, 10, 0, i
       FROM generate_series(0, 169) i WHERE i NOT BETWEEN 70 AND 79 AND i NOT BETWEEN 115 AND 124 AND i <> 30`,
    [CHAIN_BEGINS],
  );
  await database.query(
    `${insert} SELECT slot, tx, 0, $1::timestamptz + interval '5 minutes', signature, router, success, 10, 0, kafka_offset
       FROM (VALUES (1022, 9, 'tx10', false, true, 11), (1010, 1, 'failed', false, false, 5), (1010, 2, 'router', true, true, 5),
         (1041, 0, 'orphaned', false, true, 21)) t (slot, tx, signature, router, success, kafka_offset)`,
    [CHAIN_BEGINS],
  );
  await database.query(
    `INSERT INTO kafka_offsets (group_id, topic, partition, next_offset, epoch, owner) VALUES ('one', 't', 0, 165, 1, 'me'), ('two', 't', 0, 90, 1, 'me')`,
  );
  await database.query(
    `INSERT INTO ingest_gaps (group_id, topic, partition, from_offset, to_offset, reason)
       VALUES ('one', 't', 0, 70, 80, 'expired'), ('two', 't', 0, 75, 80, 'expired'), ('one', 't', 1, 0, 9, 'expired'), ('one', 't', 0, 900, 999, 'expired')`,
  );
  await database.query(
    `INSERT INTO ingest_dead_letters (group_id, topic, partition, kafka_offset, payload, payload_format, stage, error_class, error_text, status)
       SELECT 'one', 't', 0, o, '', 'message', 'decode', 'truncated', 'cut off', status
         FROM (VALUES (115, 'new'), (116, 'new'), (117, 'replayed'), (72, 'new'), (400, 'new')) d (o, status)`,
  );
}
