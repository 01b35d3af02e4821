import { TRADES } from '../tables.js';
import type { SolVolume } from '../workers/messages.js';
import type { Connection } from './connection.js';

/** Slots looked at on either side: about two minutes of the stream in all. */
const SLOTS_AROUND = 150;
/** The rules of the live reference price, by which no single trade says much: workers/sol-price.ts. */
const USD_MIN = 1;
const USD_MAX = 10_000;
const FACTOR_MAX = 2;

const NEAR = `
  WITH seen AS (
    SELECT amount_usd / price_usd AS sol, amount_usd AS usd, price_usd AS price FROM ${TRADES.name}
      WHERE block_slot BETWEEN $1::bigint - ${SLOTS_AROUND} AND $1::bigint + ${SLOTS_AROUND}
        AND base_mint IN ('11111111111111111111111111111111', 'So11111111111111111111111111111111111111112')
        AND usd_source = 'stablecoin' AND success AND NOT is_router AND price_usd > 0 AND amount_usd >= ${USD_MIN}
  ), median AS (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY price) AS price FROM seen
  )
  SELECT sum(sol * least(1, ${USD_MAX} / usd)) AS sol, sum(usd * least(1, ${USD_MAX} / usd)) AS usd, count(*) AS trades
    FROM seen JOIN median ON seen.price BETWEEN median.price / ${FACTOR_MAX} AND median.price * ${FACTOR_MAX}`;

/**
 * What SOL was traded for around a slot, of what has landed: the reference price for messages that come late. Such messages
 * lie together mostly, and the answer for one is that for its neighbours.
 */
export class SolVolumes {
  #slot = Number.NaN;
  #volume: SolVolume = { sol: 0, usd: 0, trades: 0 };

  async near(connection: Connection, slot: number): Promise<SolVolume> {
    if (Math.abs(slot - this.#slot) <= SLOTS_AROUND / 2) return this.#volume;
    const [row] = await connection.rows<{ sol: number | null; usd: number | null; trades: string }>(NEAR, [slot]);
    this.#slot = slot;
    this.#volume = { sol: row?.sol ?? 0, usd: row?.usd ?? 0, trades: Number(row?.trades ?? 0) };
    return this.#volume;
  }
}
