import type { SolVolume } from './messages.js';
import { isSol, MONEY } from './money.js';
import type { Trade } from './trade.js';
import { isValue } from './usd.js';

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

  /** USD per SOL, NaN while too few trades are known. */
  price(): number {
    if (this.#before.trades + this.#trades < REFERENCE_TRADES_MIN) return Number.NaN;
    const price = (this.#before.usd + this.#usd) / (this.#before.sol + this.#sol);
    return isValue(price) ? price : Number.NaN;
  }

  /** The slab's own part. */
  volume(): SolVolume {
    return { sol: this.#sol, usd: this.#usd, trades: this.#trades };
  }

  /** Takes a successful trade into account where it qualifies. Slot and indexes name it; a repeat of it counts once. */
  observe(trade: Trade, slot: number, txIndex: number, tradeIndex: number): void {
    if (trade.isRouter || trade.selfPaired) return;
    const sol = isSol(trade.boughtMoney) ? trade.bought : isSol(trade.soldMoney) ? trade.sold : 0;
    const usd =
      trade.boughtMoney === MONEY.stablecoin ? trade.bought : trade.soldMoney === MONEY.stablecoin ? trade.sold : 0;
    if (sol <= 0 || usd < OBSERVED_USD_MIN) return;
    const price = usd / sol;
    if (!isValue(price) || this.#isFarOff(price)) return;
    const key = `${slot}/${txIndex}/${tradeIndex}`;
    if (this.#observed.has(key)) return;
    this.#observed.add(key);
    const weight = Math.min(1, OBSERVED_USD_MAX / usd);
    this.#sol += sol * weight;
    this.#usd += usd * weight;
    this.#trades += 1;
  }

  #isFarOff(price: number): boolean {
    const reference = this.price(); // NaN is neither above nor below
    return price > reference * REFERENCE_FACTOR_MAX || price < reference / REFERENCE_FACTOR_MAX;
  }
}
