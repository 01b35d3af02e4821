import { isSol, MONEY } from './money.js';
import type { Trade } from './trade.js';

/** Where a value comes from, in the order in which they are believed. */
export const USD_SOURCES = ['amount_in_usd', 'stablecoin', 'sol_reference'] as const;
const SOURCE = { amountInUsd: 0, stablecoin: 1, solReference: 2, none: 3 } as const;

/** What a trade is worth. One object, filled anew for each trade; a number that is not known is not finite. */
export class Valuation {
  amountUsd = Number.NaN;
  /** Per whole token of the base. */
  priceUsd = Number.NaN;
  /** Place in {@link USD_SOURCES}; behind its end where there is no value. */
  source: number = SOURCE.none;
  /** |b - s| / (b + s) of the values of both legs. */
  asymmetry = Number.NaN;
}

/** Fills `valuation`. `solUsd` is the SOL reference price, NaN while there is none. */
export function valueTrade(valuation: Valuation, trade: Trade, solUsd: number): void {
  const boughtSource = sourceOf(trade.boughtUsd, trade.bought, trade.boughtMoney, solUsd);
  const soldSource = sourceOf(trade.soldUsd, trade.sold, trade.soldMoney, solUsd);
  const bought = legValue(boughtSource, trade.boughtUsd, trade.bought, solUsd);
  const sold = legValue(soldSource, trade.soldUsd, trade.sold, solUsd);
  valuation.source = Math.min(boughtSource, soldSource);
  valuation.amountUsd = soldSource < boughtSource ? sold : bought;
  valuation.priceUsd = valuation.amountUsd / trade.base;
  // By halves, so that the sum of two values near the largest double stays finite.
  valuation.asymmetry = Math.abs(bought / 2 - sold / 2) / (bought / 2 + sold / 2);
}

/** The first rule that gives a leg a value. */
function sourceOf(amountInUsd: number, amount: number, money: number, solUsd: number): number {
  if (isValue(amountInUsd)) return SOURCE.amountInUsd;
  if (money === MONEY.stablecoin && isValue(amount)) return SOURCE.stablecoin;
  if (isSol(money) && isValue(amount * solUsd)) return SOURCE.solReference;
  return SOURCE.none;
}

function legValue(source: number, amountInUsd: number, amount: number, solUsd: number): number {
  if (source === SOURCE.amountInUsd) return amountInUsd;
  if (source === SOURCE.stablecoin) return amount;
  return source === SOURCE.solReference ? amount * solUsd : Number.NaN;
}

/** A figure in USD that says something: 0 and what is not finite mean unknown. */
export function isValue(usd: number): boolean {
  return Number.isFinite(usd) && usd > 0;
}
