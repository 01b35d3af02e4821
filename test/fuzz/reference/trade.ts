import type { Account, DexTradeEvent, DexTradeSide, Long64 } from '../../../proto/generated/projection.js';
import { addressOf } from './base58.js';
import { unitsOf } from './units.js';

export const NATIVE_SOL = '11111111111111111111111111111111';
export const WRAPPED_SOL = 'So11111111111111111111111111111111111111112';

/** One side of a trade, from its trader's point of view. */
export interface TradeLeg {
  readonly mint: string | null;
  /** In the token's smallest unit. */
  readonly raw: Long64;
  /** Null without a Currency. */
  readonly decimals: number | null;
  /** In whole tokens, null without a Currency. */
  readonly amount: number | null;
  /** What the message says it is worth; 0 where it does not. */
  readonly amountInUsd: number;
}

export type Side = 'buy' | 'sell';

/** What a trade means, before any pricing. */
export interface Trade {
  /** Null where the message has no such side. */
  readonly bought: TradeLeg | null;
  readonly sold: TradeLeg | null;
  readonly market: string | null;
  readonly baseMint: string | null;
  readonly quoteMint: string | null;
  readonly selfPaired: boolean;
  /** Whether the trader bought or sold the market's base; null where that cannot be told. */
  readonly side: Side | null;
  /** The leg in the market's base, null without a side. */
  readonly baseLeg: TradeLeg | null;
  /** Quote per base, in whole tokens. */
  readonly price: number | null;
  /** The wallet that traded. */
  readonly trader: string | null;
  readonly orderId: string | null;
}

/** A trade's meaning, by the rules of the stream. `signer` is the transaction's, null where unknown. */
export function extractTrade(event: DexTradeEvent, signer: string | null): Trade {
  const bought = legOf(event.Buy);
  const sold = legOf(event.Sell);
  const baseMint = addressOf(event.Market?.BaseCurrency?.MintAddress);
  const quoteMint = addressOf(event.Market?.QuoteCurrency?.MintAddress);
  const selfPaired = baseMint !== null && moneyOf(baseMint) === moneyOf(quoteMint);
  const side = selfPaired ? null : sideOf(baseMint, bought?.mint ?? null, sold?.mint ?? null);
  const [baseLeg, quoteLeg] = side === 'buy' ? [bought, sold] : side === 'sell' ? [sold, bought] : [null, null];
  return {
    bought,
    sold,
    market: addressOf(event.Market?.MarketAddress),
    baseMint,
    quoteMint,
    selfPaired,
    side,
    baseLeg,
    price: perUnit(quoteLeg?.amount ?? null, baseLeg),
    trader: traderOf(event.Buy, event.Sell, signer),
    orderId: addressOf(event.Buy?.Order?.OrderId) ?? addressOf(event.Sell?.Order?.OrderId),
  };
}

/** `value` per whole token of `leg`, null where either is unknown or the leg is empty. */
export function perUnit(value: number | null, leg: TradeLeg | null): number | null {
  if (value === null || leg === null || leg.amount === null || leg.amount === 0) return null;
  return value / leg.amount;
}

/** Native and wrapped SOL are one money. */
export function moneyOf(mint: string | null): string | null {
  return mint === NATIVE_SOL ? WRAPPED_SOL : mint;
}

function legOf(side: DexTradeSide | null): TradeLeg | null {
  if (side === null) return null;
  const decimals = side.Currency === null ? null : side.Currency.Decimals;
  return {
    mint: addressOf(side.Currency?.MintAddress),
    raw: side.Amount,
    decimals,
    amount: decimals === null ? null : unitsOf(side.Amount, decimals),
    amountInUsd: side.AmountInUsd,
  };
}

function sideOf(baseMint: string | null, boughtMint: string | null, soldMint: string | null): Side | null {
  if (baseMint === null) return null;
  const base = moneyOf(baseMint);
  const buysBase = moneyOf(boughtMint) === base;
  const sellsBase = moneyOf(soldMint) === base;
  if (buysBase === sellsBase) return null;
  return buysBase ? 'buy' : 'sell';
}

/** An owner on either side, else the address of a native side, else the signer. `Order.Owner` is never the trader. */
function traderOf(buy: DexTradeSide | null, sell: DexTradeSide | null, signer: string | null): string | null {
  return (
    oneOf(ownerOf(buy?.Account), ownerOf(sell?.Account), signer) ??
    oneOf(nativeAddressOf(buy), nativeAddressOf(sell), signer) ??
    signer
  );
}

/** Of two that differ: the signer where it is one of them, else the one who pays. */
function oneOf(buyer: string | null, seller: string | null, signer: string | null): string | null {
  if (buyer === null || seller === null) return buyer ?? seller;
  return buyer === signer ? buyer : seller;
}

function ownerOf(account: Account | null | undefined): string | null {
  return addressOf(account?.Token?.Owner);
}

function nativeAddressOf(side: DexTradeSide | null): string | null {
  if (side?.Currency == null || addressOf(side.Currency.MintAddress) !== NATIVE_SOL) return null;
  return addressOf(side.Account?.Address);
}
