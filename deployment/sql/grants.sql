-- What the roles of roles.sql may do with the tables. To be run by trades_owner after each `migrate`; it may be run again.
-- A test holds the list against the schema: what a migration adds must be granted to somebody here.

-- The engine: adds trades and dead letters, keeps positions, headers and gaps, deletes nothing. (ingest_history_prune, which keeps
-- two tables from growing for ever, is a trigger's: it runs as the owner, and nobody calls it.)
GRANT SELECT ON trades_engine_migrations, solana_tokens TO trades_engine;
GRANT SELECT, INSERT ON solana_dex_trades, ingest_dead_letters TO trades_engine;
GRANT SELECT, INSERT ON completeness_results TO trades_engine;
GRANT SELECT, INSERT, UPDATE ON solana_slots, kafka_offsets, ingest_gaps TO trades_engine;
GRANT EXECUTE ON FUNCTION kafka_offsets_claim, kafka_offsets_advance, ingest_gaps_record, solana_slots_mark_orphans TO trades_engine;
-- These two run as the owner: making and dropping a table partition needs to own the table.
GRANT EXECUTE ON FUNCTION solana_dex_trades_add_partition, solana_dex_trades_drop_partition TO trades_engine;

-- Those who query.
GRANT SELECT ON dex_trades, dex_trade_sides, dex_candles_1m, solana_dex_trades, solana_slots, solana_tokens TO trades_reader;

-- Those who watch: no trade, and no message.
GRANT SELECT ON trades_engine_migrations, kafka_offsets, ingest_gaps, completeness_results TO trades_monitor;
GRANT SELECT, INSERT ON ingest_lag_history TO trades_monitor;
GRANT SELECT (id, group_id, topic, partition, kafka_offset, kafka_timestamp, payload_format, stage, error_class, status, created_at,
    attempts, attempted_at, last_error_class, replayed_at, replayed_rows)
  ON ingest_dead_letters TO trades_monitor;
