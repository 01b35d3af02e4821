-- Did everything land? What the command `completeness` measures, for psql. To be run by trades_engine or trades_owner:
--
--   psql "$DATABASE_URL" -f deployment/sql/completeness.sql
--   psql "$DATABASE_URL" -c "SET completeness.since = '2026-08-01 00:00Z'" -c "SET completeness.until = '2026-08-02 00:00Z'" -f deployment/sql/completeness.sql
--
-- Settings, all optional: completeness.since and completeness.until, cut to full hours (the last 24 that are over); completeness.percent (5).
-- A reference is a table completeness_reference (hour timestamptz, trades bigint, volume_usd double precision), a temporary one for instance:
--
--   psql "$DATABASE_URL" -c "CREATE TEMP TABLE completeness_reference (hour timestamptz, trades bigint, volume_usd double precision)" \
--     -c "\copy completeness_reference from reference.csv csv header" -f deployment/sql/completeness.sql
--
-- Of a comparison that is written at first sight it is different in this: an hour that one side does not have at all is compared, too; NULL is
-- no USD value and not 0; failed and orphaned trades and routers' rows are left out, which would count twice; hours are UTC and over;
-- the time is that of the slot, not of the message. Offsets without a row are no loss: two thirds of the stream are repeats.

SET TIME ZONE 'UTC';
SET client_min_messages = warning;

CREATE TEMP TABLE IF NOT EXISTS completeness_span (since timestamptz, until timestamptz, threshold double precision);
TRUNCATE completeness_span;
INSERT INTO completeness_span
  SELECT date_trunc('hour', coalesce(nullif(current_setting('completeness.since', true), '')::timestamptz, u.until - interval '24 hours'), 'UTC'),
      u.until, coalesce(nullif(current_setting('completeness.percent', true), '')::float8, 5) / 100
    FROM (SELECT date_trunc('hour', least(now(), nullif(current_setting('completeness.until', true), '')::timestamptz), 'UTC') AS until) u;

DO $$
BEGIN
  IF to_regclass('completeness_reference') IS NULL THEN
    CREATE TEMP TABLE completeness_reference (hour timestamptz, trades bigint, volume_usd double precision);
  END IF;
END
$$;

-- Trades of the span by the exact time of their slot. Only the rows' own time has an index, hence the margin.
CREATE OR REPLACE TEMP VIEW completeness_trades AS
SELECT t.block_slot, t.tx_index, t.trade_index, t.signature, t.amount_usd, t.success AND NOT t.is_router AS counts,
    t.kafka_partition, t.kafka_offset, coalesce(s.block_time, t.block_time) AS at, s.parent_slot IS NOT NULL AS has_header
  FROM solana_dex_trades t
  LEFT JOIN solana_slots s ON s.slot = t.block_slot
  WHERE s.orphaned IS NOT TRUE
    AND (t.block_time IS NULL OR t.block_time >= (SELECT since FROM completeness_span) - interval '6 hours'
      AND t.block_time < (SELECT until FROM completeness_span) + interval '6 hours')
    AND coalesce(s.block_time, t.block_time) >= (SELECT since FROM completeness_span)
    AND coalesce(s.block_time, t.block_time) < (SELECT until FROM completeness_span);

-- The chain in the span, with the header before it and the one after it.
CREATE OR REPLACE TEMP VIEW completeness_headers AS
WITH chain AS (SELECT slot, parent_slot, height, block_time FROM solana_slots WHERE parent_slot IS NOT NULL AND NOT orphaned)
SELECT chain.* FROM chain, completeness_span WHERE block_time >= since AND block_time < until
UNION ALL
(SELECT chain.* FROM chain, completeness_span WHERE block_time < since ORDER BY block_time DESC, slot DESC LIMIT 1)
UNION ALL
(SELECT chain.* FROM chain, completeness_span WHERE block_time >= until AND block_time < until + interval '1 day' ORDER BY block_time, slot LIMIT 1);

-- Holes in the chain: a header names a parent above the header before it. Heights say how many blocks are in it.
CREATE OR REPLACE TEMP VIEW completeness_holes AS
SELECT before AS after_slot, parent_slot AS to_slot, before_at, at,
    least(greatest(height - height_before - 1, 1), parent_slot - before) AS blocks
  FROM (
    SELECT parent_slot, height, block_time AS at, lag(slot) OVER chain AS before, lag(height) OVER chain AS height_before,
        lag(block_time) OVER chain AS before_at
      FROM completeness_headers WINDOW chain AS (ORDER BY slot)
  ) links
  WHERE parent_slot > before;

-- 1. Hours: against the reference, and against the chain. blocks_missing spreads a hole over the hours it covers; unseen is the part of the
--    hour behind the newest header.
WITH hours AS (
  SELECT generate_series(since, until - interval '1 hour', interval '1 hour') AS hour, threshold FROM completeness_span
), landed AS (
  SELECT date_trunc('hour', at, 'UTC') AS hour, count(*) FILTER (WHERE counts) AS trades, sum(amount_usd) FILTER (WHERE counts) AS volume_usd,
      count(DISTINCT block_slot) FILTER (WHERE NOT has_header) AS slots_without_header
    FROM completeness_trades GROUP BY 1
), blocks AS (
  SELECT date_trunc('hour', block_time, 'UTC') AS hour, count(*) AS blocks_landed,
      count(*) FILTER (WHERE NOT EXISTS (SELECT FROM solana_dex_trades t WHERE t.block_slot = slot)) AS blocks_without_trades
    FROM completeness_headers GROUP BY 1
), missing AS (
  SELECT hour, sum(blocks * CASE WHEN at > before_at
        THEN greatest(0, extract(epoch FROM least(at, hour + interval '1 hour') - greatest(before_at, hour))) / extract(epoch FROM at - before_at)
        ELSE (date_trunc('hour', at, 'UTC') = hour)::int END)::float8 AS blocks_missing
    FROM hours CROSS JOIN completeness_holes GROUP BY 1
), reference AS (
  SELECT date_trunc('hour', r.hour, 'UTC') AS hour, sum(r.trades) AS trades, sum(r.volume_usd)::float8 AS volume_usd
    FROM completeness_reference r, completeness_span WHERE r.hour >= since AND r.hour < until GROUP BY 1
), covered AS (
  SELECT min(hour) AS first, max(hour) AS last FROM reference
), compared AS (
  SELECT hour, threshold, coalesce(l.trades, 0) AS trades, l.volume_usd,
      CASE WHEN hour BETWEEN c.first AND c.last THEN coalesce(r.trades, 0) END AS reference_trades, r.volume_usd AS reference_volume_usd,
      coalesce(b.blocks_landed, 0) AS blocks_landed, coalesce(m.blocks_missing, 0) AS blocks_missing,
      (greatest(0, extract(epoch FROM hour + interval '1 hour' - greatest(hour, (SELECT max(block_time) FROM completeness_headers)))) / 3600)::float8 AS unseen,
      coalesce(b.blocks_without_trades, 0) AS blocks_without_trades, coalesce(l.slots_without_header, 0) AS slots_without_header
    FROM hours LEFT JOIN landed l USING (hour) LEFT JOIN blocks b USING (hour) LEFT JOIN missing m USING (hour) LEFT JOIN reference r USING (hour)
      CROSS JOIN covered c
), differing AS (
  SELECT *,
      CASE WHEN trades = reference_trades THEN 0 WHEN reference_trades = 0 THEN 1
        ELSE abs(trades - reference_trades)::float8 / reference_trades END AS trades_diff,
      CASE WHEN coalesce(volume_usd, 0) = reference_volume_usd THEN 0 WHEN reference_volume_usd = 0 THEN 1
        ELSE abs(coalesce(volume_usd, 0) - reference_volume_usd) / abs(reference_volume_usd) END AS volume_usd_diff,
      CASE WHEN blocks_landed + blocks_missing > 0 THEN greatest(blocks_missing / (blocks_landed + blocks_missing), unseen)
        ELSE nullif(unseen, 0) END AS blocks_diff
    FROM compared
)
SELECT hour, trades, volume_usd, reference_trades, reference_volume_usd, blocks_landed, blocks_missing, unseen, blocks_without_trades,
    slots_without_header, trades_diff, volume_usd_diff, blocks_diff,
    coalesce(greatest(trades_diff, volume_usd_diff, blocks_diff) > threshold, false) AS flagged
  FROM differing ORDER BY hour;

-- 2. Offsets of each partition, between the lowest and the highest that rows of the span came from. rows_ahead must be 0.
WITH positions AS (
  SELECT partition, max(next_offset) AS next_offset FROM kafka_offsets GROUP BY 1
), landed AS (
  SELECT kafka_partition AS partition, min(kafka_offset) AS first, max(kafka_offset) AS last, count(DISTINCT kafka_offset) AS with_rows,
      count(*) FILTER (WHERE kafka_offset >= coalesce(next_offset, 0)) AS rows_ahead
    FROM completeness_trades LEFT JOIN positions ON partition = kafka_partition GROUP BY 1
), gaps AS (
  SELECT partition, range_agg(int8range(from_offset, to_offset)) AS lost FROM ingest_gaps GROUP BY 1
)
SELECT l.partition, l.first, l.last, p.next_offset, l.with_rows,
    coalesce((SELECT sum(upper(r) - lower(r)) FROM unnest(g.lost * int8multirange(int8range(l.first, l.last, '[]'))) r), 0) AS lost,
    (SELECT count(DISTINCT d.kafka_offset) FROM ingest_dead_letters d
      WHERE d.partition = l.partition AND d.status <> 'replayed' AND d.kafka_offset BETWEEN l.first AND l.last
        AND NOT coalesce(g.lost @> d.kafka_offset, false)) AS open_dead_letters,
    l.rows_ahead
  FROM landed l LEFT JOIN positions p USING (partition) LEFT JOIN gaps g USING (partition)
  ORDER BY 1;

-- 3. Trades that are there a second time, at another place of the chain; the primary key rules out the same place.
SELECT coalesce(sum(n - 1), 0) AS duplicates
  FROM (SELECT count(*) AS n FROM completeness_trades GROUP BY coalesce(signature, block_slot || ' ' || tx_index), trade_index) places;
