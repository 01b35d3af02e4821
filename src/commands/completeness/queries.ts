import type { Asked } from '../../sink/privileges.js';
import type { HourCounts, OffsetCounts } from './compare.js';

/** Full hours, [sinceMs, untilMs). */
export interface Span {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/**
 * Trades of a span by the exact time of their slot. The rows' own time, which alone has an index, may be that of the message,
 * so it is asked for with a margin. Each statement has it once and counts as it reads: kept, the rows of a day would fill temporary files.
 */
const TRADES_OF_SPAN = `
  SELECT t.block_slot, t.tx_index, t.trade_index, t.signature, t.success, t.is_router, t.amount_usd, t.kafka_partition, t.kafka_offset,
      coalesce(s.block_time, t.block_time) AS at, s.parent_slot
    FROM solana_dex_trades t LEFT JOIN solana_slots s ON s.slot = t.block_slot
    WHERE s.orphaned IS NOT TRUE
      AND (t.block_time >= $1::timestamptz - interval '6 hours' AND t.block_time < $2::timestamptz + interval '6 hours' OR t.block_time IS NULL)
      AND coalesce(s.block_time, t.block_time) >= $1::timestamptz AND coalesce(s.block_time, t.block_time) < $2::timestamptz`;

const HEADER =
  'SELECT slot, parent_slot, height, block_time FROM solana_slots WHERE parent_slot IS NOT NULL AND NOT orphaned';

/**
 * A hole: a header names a parent above the header before it. How many blocks are in it their heights say, else it is one at
 * least. They are spread over the hours that the hole covers. Behind the newest header no chain tells what is missing, and the
 * part of the hour that nothing landed of stands for it.
 */
const HOURS = `
  WITH span AS (${TRADES_OF_SPAN}),
  counted AS (
    SELECT date_trunc('hour', at, 'UTC') AS hour,
        count(*) FILTER (WHERE success AND NOT is_router) AS trades,
        sum(amount_usd) FILTER (WHERE success AND NOT is_router) AS volume_usd,
        count(DISTINCT block_slot) FILTER (WHERE parent_slot IS NULL) AS headerless
      FROM span GROUP BY 1
  ), headers AS MATERIALIZED (
    ${HEADER} AND block_time >= $1::timestamptz AND block_time < $2::timestamptz
    UNION ALL (${HEADER} AND block_time < $1::timestamptz ORDER BY block_time DESC, slot DESC LIMIT 1)
    UNION ALL (${HEADER} AND block_time >= $2::timestamptz AND block_time < $2::timestamptz + interval '1 day' ORDER BY block_time, slot LIMIT 1)
  ), landed AS (
    SELECT date_trunc('hour', block_time, 'UTC') AS hour, count(*) AS landed,
        count(*) FILTER (WHERE NOT EXISTS (SELECT FROM solana_dex_trades t WHERE t.block_slot = h.slot)) AS empty
      FROM headers h GROUP BY 1
  ), holes AS (
    SELECT before_at, at, least(greatest(coalesce(by_height, 1), 1), parent_slot - before) AS blocks
      FROM (
        SELECT parent_slot, block_time AS at, lag(slot) OVER w AS before, lag(block_time) OVER w AS before_at,
            height - lag(height) OVER w - 1 AS by_height
          FROM headers WINDOW w AS (ORDER BY slot)
      ) links
      WHERE parent_slot > before
  ), newest AS (SELECT max(block_time) AS at FROM headers)
  SELECT h.hour, coalesce(c.trades, 0) AS trades, c.volume_usd, coalesce(l.landed, 0) AS landed, coalesce(l.empty, 0) AS empty,
      coalesce(c.headerless, 0) AS headerless,
      coalesce((
        SELECT sum(o.blocks * CASE WHEN o.at > o.before_at
            THEN greatest(0, extract(epoch FROM least(o.at, h.hour + interval '1 hour') - greatest(o.before_at, h.hour))) / extract(epoch FROM o.at - o.before_at)
            ELSE (date_trunc('hour', o.at, 'UTC') = h.hour)::int END)
          FROM holes o), 0)::float8 AS missing,
      coalesce(greatest(0, extract(epoch FROM h.hour + interval '1 hour' - greatest(h.hour, n.at))) / 3600, 0)::float8 AS unseen
    FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '1 hour') AS h (hour)
      CROSS JOIN newest n LEFT JOIN counted c USING (hour) LEFT JOIN landed l USING (hour)
    ORDER BY 1`;

/** Between the lowest and the highest offset that rows of the span came from. What is neither lost nor a letter was read. */
const OFFSETS = `
  WITH span AS (${TRADES_OF_SPAN}),
  positions AS (SELECT partition, max(next_offset) AS next_offset FROM kafka_offsets GROUP BY 1),
  landed AS (
    SELECT s.kafka_partition AS partition, min(s.kafka_offset) AS first, max(s.kafka_offset) AS last,
        count(DISTINCT s.kafka_offset) AS with_rows,
        count(*) FILTER (WHERE s.kafka_offset >= coalesce(p.next_offset, 0)) AS ahead
      FROM span s LEFT JOIN positions p ON p.partition = s.kafka_partition GROUP BY 1
  )
  SELECT l.*, p.next_offset,
      coalesce((SELECT sum(upper(r) - lower(r)) FROM unnest(g.lost) r), 0) AS lost,
      (SELECT count(DISTINCT d.kafka_offset) FROM ingest_dead_letters d
        WHERE d.partition = l.partition AND d.status <> 'replayed' AND d.kafka_offset BETWEEN l.first AND l.last
          AND NOT coalesce(g.lost @> d.kafka_offset, false)) AS letters
    FROM landed l LEFT JOIN positions p USING (partition)
      LEFT JOIN LATERAL (
        SELECT range_agg(int8range(from_offset, to_offset)) * int8multirange(int8range(l.first, l.last, '[]')) AS lost
          FROM ingest_gaps i WHERE i.partition = l.partition) g ON true
    ORDER BY 1`;

/** The primary key keeps a position from being there twice; a transaction at two positions of the chain only this finds. */
const DUPLICATES = `
  SELECT coalesce(sum(n - 1), 0) AS extra, coalesce(sum(n), 0) AS trades FROM (
    SELECT count(*) AS n FROM (${TRADES_OF_SPAN}) span GROUP BY coalesce(signature, block_slot || ' ' || tx_index), trade_index) positions`;

const time = (ms: number): string => new Date(ms).toISOString();

export async function hourCounts(asked: Asked, { sinceMs, untilMs }: Span): Promise<HourCounts[]> {
  type Row = Record<'trades' | 'landed' | 'empty' | 'headerless', string> & {
    hour: Date;
    volume_usd: number | null;
    missing: number;
    unseen: number;
  };
  const rows = await asked.rows<Row>(HOURS, [time(sinceMs), time(untilMs)]);
  return rows.map((row) => ({
    hourMs: row.hour.getTime(),
    trades: Number(row.trades),
    volumeUsd: row.volume_usd,
    blocks: {
      landed: Number(row.landed),
      missing: row.missing,
      unseen: row.unseen,
      withoutTrades: Number(row.empty),
      withoutHeader: Number(row.headerless),
    },
  }));
}

export async function offsetCounts(asked: Asked, { sinceMs, untilMs }: Span): Promise<OffsetCounts[]> {
  type Row = Record<'first' | 'last' | 'with_rows' | 'ahead' | 'lost' | 'letters', string> & {
    partition: number;
    next_offset: string | null;
  };
  const rows = await asked.rows<Row>(OFFSETS, [time(sinceMs), time(untilMs)]);
  return rows.map((row) => ({
    partition: row.partition,
    first: Number(row.first),
    last: Number(row.last),
    nextOffset: row.next_offset === null ? null : Number(row.next_offset),
    withRows: Number(row.with_rows),
    lost: Number(row.lost),
    letters: Number(row.letters),
    ahead: Number(row.ahead),
  }));
}

/** Trades of the span, and how many of them are there a second time. */
export async function duplicateCounts(
  asked: Asked,
  { sinceMs, untilMs }: Span,
): Promise<{ trades: number; extra: number }> {
  const [row] = await asked.rows<{ extra: string; trades: string }>(DUPLICATES, [time(sinceMs), time(untilMs)]);
  return { trades: Number(row?.trades ?? 0), extra: Number(row?.extra ?? 0) };
}

/** Keeps a result for the lag exporter. */
export async function storeResults(
  asked: Asked,
  { sinceMs, untilMs }: Span,
  comparedTo: string,
  measures: readonly { readonly measure: string; readonly ratio: number; readonly flagged: boolean }[],
): Promise<void> {
  await asked.rows(
    `INSERT INTO completeness_results (measure, diff_ratio, flagged, since, until, compared_to)
       SELECT m.*, $4::timestamptz, $5::timestamptz, $6 FROM unnest($1::text[], $2::float8[], $3::boolean[]) m`,
    [
      measures.map(({ measure }) => measure),
      measures.map(({ ratio }) => ratio),
      measures.map(({ flagged }) => flagged),
      time(sinceMs),
      time(untilMs),
      comparedTo,
    ],
  );
}
