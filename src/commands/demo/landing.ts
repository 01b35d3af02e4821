import pg from 'pg';
import { readLanded } from './landed.js';
import type { Landed, SentMessage } from './ledger.js';

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
  /** No row of this run has a lower slot. */
  readonly firstSlot: number;

  private constructor(client: pg.Client, groupId: string, topic: string, firstSlot: number) {
    this.#client = client;
    this.#groupId = groupId;
    this.#topic = topic;
    this.firstSlot = firstSlot;
  }

  /** Rows of earlier runs in the same database lie below `firstSlot`, which is at least `slot`. */
  static async connect(url: string, groupId: string, topic: string, slot: number): Promise<Landing> {
    const client = new pg.Client({ connectionString: url, application_name: 'solana-trades-demo' });
    client.on('error', () => {}); // The query that meets it throws.
    await client.connect();
    const last = await rowsOrNone(client, 'SELECT max(block_slot) AS slot FROM solana_dex_trades');
    const firstSlot = Math.max(slot, Number(last[0]?.slot ?? 0) + 1_000);
    return new Landing(client, groupId, topic, firstSlot);
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
  landed(sent: readonly SentMessage[]): Promise<Landed> {
    const { firstSlot } = this;
    return readLanded(this.#client, { groupId: this.#groupId, topic: this.#topic, firstSlot }, sent);
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
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
