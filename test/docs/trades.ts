import type { TestDatabase } from '../support/database.js';

/** A row of solana_dex_trades as these tests reckon with it. */
export interface LandedTrade {
  readonly slot: number;
  readonly txIndex: number;
  readonly tradeIndex: number;
  readonly timeMs: number;
  readonly program: string;
  readonly market: string | null;
  readonly isRouter: boolean;
  readonly success: boolean;
  readonly side: 'buy' | 'sell' | null;
  readonly trader: string;
  readonly feePayer: string;
  readonly boughtMint: string;
  readonly bought: number | null;
  readonly soldMint: string;
  readonly sold: number | null;
  readonly price: number | null;
  readonly usd: number | null;
  readonly asymmetry: number | null;
  readonly feeLamports: number;
}

export interface LandedMarket {
  readonly all: readonly LandedTrade[];
  /** Those that took effect, each once, in the order in which they happened: what the view is to give. */
  readonly effective: readonly LandedTrade[];
  readonly orphans: ReadonlySet<number>;
  readonly newestHeader: number;
}

/** The tables' rows, and what follows from them without any view. */
export async function landedMarket(database: TestDatabase): Promise<LandedMarket> {
  const slots = await database.query<{ slot: string; parent: string | null; time: Date | null }>(
    'SELECT slot, parent_slot AS parent, block_time AS time FROM solana_slots ORDER BY slot DESC',
  );
  const times = new Map(slots.map(({ slot, time }) => [Number(slot), time?.getTime() ?? null]));
  const rows = await database.query<Omit<LandedTrade, 'timeMs'> & { time: Date }>(`
    SELECT block_slot::float8 AS slot, tx_index AS "txIndex", trade_index AS "tradeIndex", block_time AS time, program, market, is_router AS "isRouter",
        success, side, trader, fee_payer AS "feePayer", bought_mint AS "boughtMint", bought_amount AS bought, sold_mint AS "soldMint", sold_amount AS sold,
        price, amount_usd AS usd, price_asymmetry AS asymmetry, tx_fee_lamports::float8 AS "feeLamports"
      FROM solana_dex_trades`);
  const all = rows
    .map(({ time, ...row }) => ({ ...row, timeMs: times.get(row.slot) ?? time.getTime() }))
    .sort((a, b) => a.slot - b.slot || a.txIndex - b.txIndex || a.tradeIndex - b.tradeIndex);
  const orphans = passedBy(
    slots.map(({ slot, parent }) => ({ slot: Number(slot), parent: parent === null ? null : Number(parent) })),
  );
  return {
    all,
    orphans,
    effective: all.filter(({ success, isRouter, slot }) => success && !isRouter && !orphans.has(slot)),
    newestHeader: Math.max(...slots.filter(({ parent }) => parent !== null).map(({ slot }) => Number(slot))),
  };
}

/** Slots between a block and its parent, from the newest block down. */
function passedBy(slots: readonly { slot: number; parent: number | null }[]): Set<number> {
  const parents = new Map(slots.map(({ slot, parent }) => [slot, parent]));
  const orphans = new Set<number>();
  let at = Math.max(...slots.filter(({ parent }) => parent !== null).map(({ slot }) => slot));
  for (let parent = parents.get(at) ?? null; parent !== null; parent = parents.get(at) ?? null) {
    for (let between = parent + 1; between < at; between++) orphans.add(between);
    at = parent;
  }
  return orphans;
}

export function sum(values: Iterable<number | null>): number {
  let total = 0;
  for (const value of values) total += value ?? 0;
  return total;
}

export function groupBy<T>(rows: Iterable<T>, key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group === undefined) groups.set(key(row), [row]);
    else group.push(row);
  }
  return groups;
}

/** Base and quote of a trade that has a side. */
export function baseOf({ side, bought, sold }: LandedTrade): number {
  return (side === 'buy' ? bought : sold) ?? 0;
}

export function quoteOf({ side, bought, sold }: LandedTrade): number {
  return (side === 'buy' ? sold : bought) ?? 0;
}
