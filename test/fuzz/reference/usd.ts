import { moneyOf, perUnit, type Trade, type TradeLeg, WRAPPED_SOL } from './trade.js';

/** Mints taken at 1.00 USD. */
export const STABLECOINS: ReadonlySet<string> = new Set([
  'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', // USDC
  'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB', // USDT
  '2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo', // PYUSD
  'USD1ttGY1N17NEEHLmELoaybftRBUSErhqYiQzvEmuB', // USD1
  '2u1tszSeqZ3qBWF3uNGPFc8TzMk2tdiwknnRMWGWjGWH', // USDG
]);

export type UsdSource = 'amount_in_usd' | 'stablecoin' | 'sol_reference';

export interface Valuation {
  readonly amountUsd: number | null;
  readonly priceUsd: number | null;
  readonly source: UsdSource | null;
  /** |b - s| / (b + s) of the values of both legs, null where either has none. */
  readonly asymmetry: number | null;
}

interface LegValue {
  readonly usd: number;
  readonly source: UsdSource;
}

/** In the order in which they are believed. */
const RANK: Readonly<Record<UsdSource, number>> = { amount_in_usd: 0, stablecoin: 1, sol_reference: 2 };

/** What a trade is worth. `solUsd` is the SOL reference price, null while there is none. */
export function valueTrade(trade: Trade, solUsd: number | null): Valuation {
  const bought = legValue(trade.bought, solUsd);
  const sold = legValue(trade.sold, solUsd);
  const best = bought === null || (sold !== null && RANK[sold.source] < RANK[bought.source]) ? sold : bought;
  if (best === null) return { amountUsd: null, priceUsd: null, source: null, asymmetry: null };
  return {
    amountUsd: best.usd,
    priceUsd: perUnit(best.usd, trade.baseLeg),
    source: best.source,
    asymmetry: bought === null || sold === null ? null : asymmetryOf(bought.usd, sold.usd),
  };
}

/** By halves, so that the sum of two values near the largest double stays finite. */
function asymmetryOf(bought: number, sold: number): number {
  return Math.abs(bought / 2 - sold / 2) / (bought / 2 + sold / 2);
}

function legValue(leg: TradeLeg | null, solUsd: number | null): LegValue | null {
  if (leg === null) return null;
  if (isValue(leg.amountInUsd)) return { usd: leg.amountInUsd, source: 'amount_in_usd' };
  if (leg.amount === null || leg.mint === null) return null;
  if (STABLECOINS.has(leg.mint)) return knownValue(leg.amount, 'stablecoin');
  if (moneyOf(leg.mint) === WRAPPED_SOL && solUsd !== null) return knownValue(leg.amount * solUsd, 'sol_reference');
  return null;
}

function knownValue(usd: number, source: UsdSource): LegValue | null {
  return isValue(usd) ? { usd, source } : null;
}

/** A figure in USD that says something: 0 and what is not finite mean unknown. */
export function isValue(usd: number): boolean {
  return Number.isFinite(usd) && usd > 0;
}
