-- What people query.

CREATE VIEW dex_trades AS
SELECT
  coalesce(s.block_time, t.block_time) AS "timestamp",
  t.block_slot, t.tx_index, t.trade_index, t.instruction_index, t.signature,
  t.protocol_name, t.protocol_family, t.program, t.market, t.side,
  t.trader, t.signer, t.fee_payer,
  t.bought_mint, bought.symbol AS bought_symbol, t.bought_amount_raw, t.bought_decimals, t.bought_amount,
  t.sold_mint, sold.symbol AS sold_symbol, t.sold_amount_raw, t.sold_decimals, t.sold_amount,
  t.base_mint, t.quote_mint, t.price,
  t.amount_usd, t.price_usd, t.usd_source, t.price_asymmetry,
  t.fee_raw, t.royalty_raw, t.tx_fee_lamports, t.order_id,
  'kafka'::text AS source, t.kafka_partition, t.kafka_offset
FROM solana_dex_trades t
LEFT JOIN solana_slots s ON s.slot = t.block_slot
LEFT JOIN solana_tokens bought ON bought.mint = t.bought_mint
LEFT JOIN solana_tokens sold ON sold.mint = t.sold_mint
WHERE t.success AND NOT t.is_router AND s.orphaned IS NOT TRUE;

COMMENT ON VIEW dex_trades IS 'Trades that took effect, each once: successful, not a router''s, not in an orphaned slot.';
COMMENT ON COLUMN dex_trades."timestamp" IS 'Exact time of the slot where it is known, else when the message reached Kafka.';

CREATE VIEW dex_trade_sides AS
SELECT
  t."timestamp", t.block_slot, t.tx_index, t.trade_index, t.signature,
  t.protocol_name, t.protocol_family, t.program, t.market, t.trader,
  leg.direction, leg.mint, leg.symbol, leg.amount_raw, leg.decimals, leg.amount, leg.counter_mint,
  t.amount_usd, t.usd_source, t.price_asymmetry
FROM dex_trades t
CROSS JOIN LATERAL (VALUES
  ('bought', t.bought_mint, t.bought_symbol, t.bought_amount_raw, t.bought_decimals, t.bought_amount, t.sold_mint),
  ('sold', t.sold_mint, t.sold_symbol, t.sold_amount_raw, t.sold_decimals, t.sold_amount, t.bought_mint)
) AS leg (direction, mint, symbol, amount_raw, decimals, amount, counter_mint);

COMMENT ON VIEW dex_trade_sides IS 'Two rows per trade, one for what the trader bought and one for what he sold. amount_usd is the whole trade''s on both.';

CREATE VIEW dex_candles_1m AS
SELECT
  date_trunc('minute', t."timestamp", 'UTC') AS minute,
  t.market, t.base_mint, t.quote_mint,
  (array_agg(t.price ORDER BY t.block_slot, t.tx_index, t.trade_index))[1] AS open,
  max(t.price) AS high,
  min(t.price) AS low,
  (array_agg(t.price ORDER BY t.block_slot DESC, t.tx_index DESC, t.trade_index DESC))[1] AS close,
  sum(CASE t.side WHEN 'buy' THEN t.bought_amount ELSE t.sold_amount END) AS base_volume,
  sum(CASE t.side WHEN 'buy' THEN t.sold_amount ELSE t.bought_amount END) AS quote_volume,
  sum(t.amount_usd) AS usd_volume,
  count(*) AS trades
FROM dex_trades t
WHERE t.side IS NOT NULL AND t.price > 0
GROUP BY 1, 2, 3, 4;

COMMENT ON VIEW dex_candles_1m IS 'Open, high, low, close and volume per market and minute (UTC). Prices are quote per base.';
