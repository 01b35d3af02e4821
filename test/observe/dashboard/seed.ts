import type { TestDatabase } from '../../support/database.js';

export const GROUP = 'group';
export const TOPIC = 'solana.dextrades.proto';
/** Mint of a token that names itself BONK. */
export const BONK = 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263';
const WSOL = 'So11111111111111111111111111111111111111112';
const SLOT = 415_200_000;

/** Twenty trades that took effect, the newest at index 19, beside a router's and a failed one that are newer still. */
export async function seedDatabase(database: TestDatabase): Promise<void> {
  await database.query('SELECT solana_dex_trades_add_partition($1)', [SLOT]);
  await database.query(
    `INSERT INTO solana_dex_trades (block_slot, tx_index, trade_index, block_time, signature, protocol_name, is_router, side,
       base_mint, quote_mint, price, amount_usd, success, kafka_partition, kafka_offset)
     SELECT $1 + i, 0, 0, now(), 'signature' || i, 'pump_amm', i = 20, 'buy', $2, $3, 0.00002 + i * 0.0000001, i + 1, i <> 21, 0, i
     FROM generate_series(0, 21) AS i`,
    [SLOT, BONK, WSOL],
  );
  await database.query("INSERT INTO solana_tokens (mint, name, symbol, decimals) VALUES ($1, 'Bonk', 'BONK', 5)", [
    BONK,
  ]);
  await database.query(
    `INSERT INTO kafka_offsets (group_id, topic, partition, next_offset, epoch, owner) VALUES
       ($1, $2, 0, 100, 1, 'host-1-abcdef'), ($1, $2, 1, 2000, 4, 'host-2-fedcba'), ('other', $2, 2, 5, 1, 'host-3')`,
    [GROUP, TOPIC],
  );
  for (const [group, text] of [
    [GROUP, 'cut off: first'],
    ['other', 'of another group'],
    [GROUP, 'cut off: second'],
  ]) {
    await database.query(
      `INSERT INTO ingest_dead_letters (group_id, topic, partition, kafka_offset, payload, payload_format, stage, error_class, error_text)
       VALUES ($1, $2, 0, 7, 'x', 'message', 'workers', 'truncated', $3)`,
      [group, TOPIC, text],
    );
  }
  await database.query(
    'INSERT INTO ingest_gaps (group_id, topic, partition, from_offset, to_offset, reason) VALUES ($1, $2, 0, 5, 9, $3)',
    [GROUP, TOPIC, 'expired'],
  );
}
