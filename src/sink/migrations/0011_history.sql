-- Headers by their time, and how long the tables are kept in which engines and exporter write down how they fared.

-- For whoever asks about a span of time, `completeness` first of all: a fortnight is three million slots, and it read them all,
-- three times over. Headers wait while it is built, some ten seconds for a month of slots.
CREATE INDEX solana_slots_block_time ON solana_slots (block_time, slot) WHERE parent_slot IS NOT NULL;

-- Takes out of a table what is older than it is kept, after each statement that adds to it: so it is bounded whoever writes to it, and
-- whoever does needs no leave to delete. Arguments: the column that tells the age, and how old a row may get.
CREATE FUNCTION ingest_history_prune() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('DELETE FROM %s WHERE %I < now() - %L::interval', TG_RELID::regclass, TG_ARGV[0], TG_ARGV[1]);
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION ingest_history_prune() FROM PUBLIC;

CREATE TRIGGER ingest_lag_history_prune AFTER INSERT ON ingest_lag_history
  FOR EACH STATEMENT EXECUTE FUNCTION ingest_history_prune('measured_at', '30 days');
CREATE TRIGGER completeness_results_prune AFTER INSERT ON completeness_results
  FOR EACH STATEMENT EXECUTE FUNCTION ingest_history_prune('checked_at', '400 days');

COMMENT ON TABLE ingest_lag_history IS 'How far behind each partition was, once a minute, by `lag-exporter`; kept for 30 days.';
COMMENT ON COLUMN ingest_lag_history.lag IS 'Messages that had not landed; NULL where it was not known.';
COMMENT ON COLUMN ingest_lag_history.lag_seconds IS 'Age of the first record that had not landed, 0 where all had; NULL where it was not known.';
COMMENT ON TABLE completeness_results IS 'One row per measure and run of `completeness --store`, kept for 400 days; the newest of each is exported as data_completeness_diff_ratio.';
COMMENT ON TABLE solana_tokens IS 'Names of tokens, for you to fill: the engine reads it and writes nothing to it, for anyone may take any name or symbol, and the mint is the identity. dex_trades and the page show the symbols that are here.';
