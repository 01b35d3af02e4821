import type { SolVolume } from '../../../src/workers/messages.js';
import { moneyOf, type Trade, WRAPPED_SOL } from './trade.js';
import { isValue, STABLECOINS } from './usd.js';

/** Below this a trade's price is dust. */
const OBSERVED_USD_MIN = 1;
/** No single trade weighs more than this. */
const OBSERVED_USD_MAX = 10_000;
/** A reference stands on at least this many trades. */
const REFERENCE_TRADES_MIN = 3;
/** A trade further than this from the reference, either way, is not believed. */
const REFERENCE_FACTOR_MAX = 2;

/**
 * The SOL reference price: volume-weighted over recent SOL/stablecoin pool trades, those before the slab and those of
 * the slab so far. No routers, no failed ones, no dust, no self-paired pools, no trade counted twice, and never on the
 * word of a few.
 */
export class SolPrice {
  readonly #before: SolVolume;
  #sol = 0;
  #usd = 0;
  #trades = 0;
  readonly #observed = new Set<string>();

  constructor(before: SolVolume) {
    this.#before = before;
  }

  /** USD per SOL, null while too few trades are known. */
  price(): number | null {
    if (this.#before.trades + this.#trades < REFERENCE_TRADES_MIN) return null;
    const price = (this.#before.usd + this.#usd) / (this.#before.sol + this.#sol);
    return isValue(price) ? price : null;
  }

  /** The slab's own part. */
  volume(): SolVolume {
    return { sol: this.#sol, usd: this.#usd, trades: this.#trades };
  }

  /** Takes a successful trade into account where it qualifies. `key` names it; a repeat of it counts once. */
  observe(trade: Trade, key: string): void {
    if (trade.market === null || trade.selfPaired) return;
    const sol = legAmount(trade, isSol);
    const usd = legAmount(trade, isStablecoin);
    if (sol === null || usd === null || sol <= 0 || usd < OBSERVED_USD_MIN) return;
    const reference = this.price();
    const price = usd / sol;
    if (!isValue(price)) return;
    if (reference !== null && (price > reference * REFERENCE_FACTOR_MAX || price < reference / REFERENCE_FACTOR_MAX))
      return;
    if (this.#observed.has(key)) return;
    this.#observed.add(key);
    const weight = Math.min(1, OBSERVED_USD_MAX / usd);
    this.#sol += sol * weight;
    this.#usd += usd * weight;
    this.#trades += 1;
  }
}

function legAmount(trade: Trade, accepts: (mint: string) => boolean): number | null {
  for (const leg of [trade.bought, trade.sold]) {
    if (leg !== null && leg.mint !== null && accepts(leg.mint)) return leg.amount;
  }
  return null;
}

function isSol(mint: string): boolean {
  return moneyOf(mint) === WRAPPED_SOL;
}

function isStablecoin(mint: string): boolean {
  return STABLECOINS.has(mint);
}
