import type pg from 'pg';
import { keyOf, type Landed, type LandedTrade, type SentMessage } from './ledger.js';

/** Whose rows are read. The trades table does not say: all its rows from `firstSlot` on are taken for theirs. */
export interface LandedSource {
  readonly groupId: string;
  readonly topic: string;
  readonly firstSlot: number;
}

/**
 * Reads what PostgreSQL holds, as the ledger wants it: the one place that does. Full rows are read for those trades only that
 * were sent with their known answer. Commit times are there where the server keeps them (`track_commit_timestamp`).
 */
export async function readLanded(
  client: pg.Client,
  source: LandedSource,
  sent: readonly SentMessage[],
): Promise<Landed> {
  const answers = await readAnswers(client, sent);
  const { rows: settings } = await client.query('SHOW track_commit_timestamp');
  const commitTimes = settings[0]?.track_commit_timestamp === 'on';
  const committedAt = commitTimes ? '(extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::float8' : 'NULL';
  const trades = await client.query({
    text: `SELECT block_slot::float8, tx_index, trade_index, kafka_partition, kafka_offset::float8, ${committedAt}
           FROM solana_dex_trades WHERE block_slot >= $1`,
    values: [source.firstSlot],
    rowMode: 'array',
  });
  const whose = [source.groupId, source.topic];
  const letters = await client.query<{ partition: number; kafka_offset: string }>(
    'SELECT partition, kafka_offset FROM ingest_dead_letters WHERE group_id = $1 AND topic = $2',
    whose,
  );
  const gaps = await client.query<{ partition: number; from_offset: string; to_offset: string }>(
    'SELECT partition, from_offset, to_offset FROM ingest_gaps WHERE group_id = $1 AND topic = $2',
    whose,
  );
  const offsets = await client.query<{ partition: number; next_offset: string }>(
    'SELECT partition, next_offset FROM kafka_offsets WHERE group_id = $1 AND topic = $2',
    whose,
  );
  return {
    trades: (trades.rows as TradeRow[]).map((row) => landedTrade(row, answers)),
    deadLetters: letters.rows.map((row) => ({ partition: row.partition, offset: Number(row.kafka_offset) })),
    gaps: gaps.rows.map((row) => ({
      partition: row.partition,
      from: Number(row.from_offset),
      to: Number(row.to_offset),
    })),
    nextOffsets: new Map(offsets.rows.map((row) => [row.partition, Number(row.next_offset)])),
  };
}

async function readAnswers(
  client: pg.Client,
  sent: readonly SentMessage[],
): Promise<Map<string, Record<string, unknown>>> {
  const asked = sent.flatMap(({ trades }) => trades.filter(({ row }) => row !== undefined));
  if (asked.length === 0) return new Map();
  const { rows } = await client.query(
    `SELECT t.* FROM solana_dex_trades t
     JOIN (SELECT DISTINCT * FROM unnest($1::bigint[], $2::int[], $3::int[]) AS asked (slot, tx, trade)) asked
       ON t.block_slot = asked.slot AND t.tx_index = asked.tx AND t.trade_index = asked.trade`,
    [asked.map(({ slot }) => slot), asked.map(({ txIndex }) => txIndex), asked.map(({ tradeIndex }) => tradeIndex)],
  );
  return new Map(rows.map((row) => [`${row.block_slot}/${row.tx_index}/${row.trade_index}`, row]));
}

type TradeRow = [
  slot: number,
  txIndex: number,
  tradeIndex: number,
  partition: number,
  offset: number,
  committedAtUs: number | null,
];

function landedTrade(row: TradeRow, answers: ReadonlyMap<string, Record<string, unknown>>): LandedTrade {
  const [slot, txIndex, tradeIndex, partition, offset, committedAtUs] = row;
  const trade = { slot, txIndex, tradeIndex, partition, offset, committedAtUs };
  const full = answers.get(keyOf(trade));
  return full === undefined ? trade : { ...trade, row: full };
}
