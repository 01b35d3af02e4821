import pg from 'pg';
import type { Landed, LandedTrade, SentMessage } from './ledger.js';

const UNDEFINED_TABLE = '42P01';

export interface NewTrade {
  readonly time: Date | null;
  readonly protocol: string | null;
  readonly side: string | null;
  readonly bought: number | null;
  readonly boughtMint: string | null;
  readonly sold: number | null;
  readonly soldMint: string | null;
  readonly usd: number | null;
  readonly trader: string | null;
}

/** What PostgreSQL holds of one run of the demo. */
export class Landing {
  readonly #client: pg.Client;
  readonly #groupId: string;
  readonly #topic: string;
  readonly #commitTimes: boolean;
  /** No row of this run has a lower slot. */
  readonly firstSlot: number;

  private constructor(client: pg.Client, groupId: string, topic: string, firstSlot: number, commitTimes: boolean) {
    this.#client = client;
    this.#groupId = groupId;
    this.#topic = topic;
    this.firstSlot = firstSlot;
    this.#commitTimes = commitTimes;
  }

  /** Rows of earlier runs in the same database lie below `firstSlot`, which is at least `slot`. */
  static async connect(url: string, groupId: string, topic: string, slot: number): Promise<Landing> {
    const client = new pg.Client({ connectionString: url, application_name: 'solana-trades-demo' });
    client.on('error', () => {}); // The query that meets it throws.
    await client.connect();
    const last = await rowsOrNone(client, 'SELECT max(block_slot) AS slot FROM solana_dex_trades');
    const setting = await client.query('SHOW track_commit_timestamp');
    const firstSlot = Math.max(slot, Number(last[0]?.slot ?? 0) + 1_000);
    return new Landing(client, groupId, topic, firstSlot, setting.rows[0]?.track_commit_timestamp === 'on');
  }

  /** Position by partition; empty before the engine has claimed any. */
  async positions(): Promise<Map<number, number>> {
    const sql = 'SELECT partition, next_offset FROM kafka_offsets WHERE group_id = $1 AND topic = $2';
    const rows = await rowsOrNone(this.#client, sql, [this.#groupId, this.#topic]);
    return new Map(rows.map((row) => [Number(row.partition), Number(row.next_offset)]));
  }

  /** Epoch by partition: it rises with every claim. */
  async epochs(): Promise<Map<number, number>> {
    const sql = 'SELECT partition, epoch FROM kafka_offsets WHERE group_id = $1 AND topic = $2';
    const rows = await rowsOrNone(this.#client, sql, [this.#groupId, this.#topic]);
    return new Map(rows.map((row) => [Number(row.partition), Number(row.epoch)]));
  }

  /** The newest trades that took effect, newest first. */
  async newest(count: number): Promise<NewTrade[]> {
    const { rows } = await this.#client.query(
      `SELECT "timestamp" AS time, protocol_name AS protocol, side, bought_amount AS bought, bought_mint AS "boughtMint",
         sold_amount AS sold, sold_mint AS "soldMint", amount_usd AS usd, trader
       FROM dex_trades WHERE block_slot >= $1
       ORDER BY block_slot DESC, tx_index DESC, trade_index DESC LIMIT $2`,
      [this.firstSlot, count],
    );
    return rows as NewTrade[];
  }

  /** Everything the run left behind; full rows only for the trades that were sent with their known answer. */
  async landed(sent: readonly SentMessage[]): Promise<Landed> {
    const answers = await this.#answerRows(sent);
    const committedAt = this.#commitTimes
      ? '(extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::float8'
      : 'NULL';
    const trades = await this.#client.query({
      text: `SELECT block_slot::float8, tx_index, trade_index, kafka_partition, kafka_offset::float8, ${committedAt}
             FROM solana_dex_trades WHERE block_slot >= $1`,
      values: [this.firstSlot],
      rowMode: 'array',
    });
    const source = [this.#groupId, this.#topic];
    const letters = await this.#client.query(
      'SELECT partition, kafka_offset FROM ingest_dead_letters WHERE group_id = $1 AND topic = $2',
      source,
    );
    const gaps = await this.#client.query(
      'SELECT partition, from_offset, to_offset FROM ingest_gaps WHERE group_id = $1 AND topic = $2',
      source,
    );
    return {
      trades: (trades.rows as TradeRow[]).map((row) => landedTrade(row, answers)),
      deadLetters: letters.rows.map((row) => ({ partition: row.partition, offset: Number(row.kafka_offset) })),
      gaps: gaps.rows.map((row) => ({
        partition: row.partition,
        from: Number(row.from_offset),
        to: Number(row.to_offset),
      })),
      nextOffsets: await this.positions(),
    };
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  async #answerRows(sent: readonly SentMessage[]): Promise<Map<string, Record<string, unknown>>> {
    const asked = sent.flatMap(({ trades }) => trades.filter(({ row }) => row !== undefined));
    const { rows } = await this.#client.query(
      `SELECT t.* FROM solana_dex_trades t
       JOIN (SELECT DISTINCT * FROM unnest($1::bigint[], $2::int[], $3::int[]) AS asked (slot, tx, trade)) asked
         ON t.block_slot = asked.slot AND t.tx_index = asked.tx AND t.trade_index = asked.trade`,
      [asked.map(({ slot }) => slot), asked.map(({ txIndex }) => txIndex), asked.map(({ tradeIndex }) => tradeIndex)],
    );
    return new Map(rows.map((row) => [`${row.block_slot}/${row.tx_index}/${row.trade_index}`, row]));
  }
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
  const full = answers.get(`${slot}/${txIndex}/${tradeIndex}`);
  const trade = { slot, txIndex, tradeIndex, partition, offset, committedAtUs };
  return full === undefined ? trade : { ...trade, row: full };
}

/** No rows where the table does not exist yet. */
async function rowsOrNone(
  client: pg.Client,
  sql: string,
  values: readonly unknown[] = [],
): Promise<pg.QueryResultRow[]> {
  try {
    return (await client.query(sql, [...values])).rows;
  } catch (error) {
    if ((error as { code?: unknown }).code === UNDEFINED_TABLE) return [];
    throw error;
  }
}
