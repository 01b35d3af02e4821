import { isSameKey, isSol, MONEY, moneyOf } from './money.js';
import { unitsOf, unsignedOf } from './units.js';
import { CURRENCY_SLOT, SIDE_SLOT, TRADE_SLOT, TRANSACTION_SLOT } from './walk-slots.js';

export const SIDE = { none: 0, buy: 1, sell: 2 } as const;

/**
 * What a trade means, before any pricing. One object, filled anew for each trade; a number that is not known is NaN.
 */
export class Trade {
  /** Whether the trader bought or sold the market's base: one of {@link SIDE}. */
  side: number = SIDE.none;
  /** The base and the quote of its pool are one money. */
  selfPaired = false;
  /** Without a market's address. */
  isRouter = false;
  /** In whole tokens; known with a Currency. */
  bought = Number.NaN;
  sold = Number.NaN;
  /** One of {@link MONEY}. */
  boughtMoney: number = MONEY.other;
  soldMoney: number = MONEY.other;
  /** What the message says the sides are worth; 0 where it does not. */
  boughtUsd = 0;
  soldUsd = 0;
  /** Quote per base, in whole tokens; not finite where it cannot be told. */
  price = Number.NaN;
  /** The wallet that traded. */
  traderAt = 0;
  traderLength = 0;
  orderIdAt = 0;
  orderIdLength = 0;

  /** Amount of the base, in whole tokens; NaN without a side. */
  get base(): number {
    return this.side === SIDE.buy ? this.bought : this.side === SIDE.sell ? this.sold : Number.NaN;
  }

  get quote(): number {
    return this.side === SIDE.buy ? this.sold : this.side === SIDE.sell ? this.bought : Number.NaN;
  }
}

/**
 * Fills `trade` from the record at `record` of `trades`, by the rules of the stream. `transactions` at `transaction`
 * is the record of its transaction.
 */
export function readTrade(
  trade: Trade,
  source: DataView,
  trades: Int32Array,
  record: number,
  transactions: Int32Array,
  transaction: number,
): void {
  const buy = record + TRADE_SLOT.buy;
  const sell = record + TRADE_SLOT.sell;
  trade.bought = amountOf(trades, buy);
  trade.sold = amountOf(trades, sell);
  trade.boughtUsd = floatOf(trades[buy + SIDE_SLOT.amountInUsd]!);
  trade.soldUsd = floatOf(trades[sell + SIDE_SLOT.amountInUsd]!);
  trade.boughtMoney = moneyAt(source, trades, buy + SIDE_SLOT.currency);
  trade.soldMoney = moneyAt(source, trades, sell + SIDE_SLOT.currency);
  trade.isRouter = trades[record + TRADE_SLOT.marketLength] === 0;
  readSide(trade, source, trades, record);
  trade.price = trade.quote / trade.base;
  const trader = traderSlot(source, trades, record, transactions, transaction);
  const signer = transaction + TRANSACTION_SLOT.signerAt;
  trade.traderAt = trader < 0 ? transactions[signer]! : trades[trader]!;
  trade.traderLength = trader < 0 ? transactions[signer + 1]! : trades[trader + 1]!;
  const order = orderSlot(trades, record);
  trade.orderIdAt = trades[order]!;
  trade.orderIdLength = trades[order + 1]!;
}

function amountOf(trades: Int32Array, side: number): number {
  if (trades[side + SIDE_SLOT.currency] === 0) return Number.NaN;
  const raw = unsignedOf(trades[side + SIDE_SLOT.amountLow + 1]!, trades[side + SIDE_SLOT.amountLow]!);
  return unitsOf(raw, trades[side + SIDE_SLOT.currency + CURRENCY_SLOT.decimals]! >>> 0);
}

const floatBits = new Int32Array(1);
const float = new Float32Array(floatBits.buffer);

function floatOf(bits: number): number {
  if (bits === 0) return 0;
  floatBits[0] = bits;
  return float[0]!;
}

function moneyAt(source: DataView, trades: Int32Array, currency: number): number {
  return moneyOf(source, trades[currency + CURRENCY_SLOT.mintAt]!, trades[currency + CURRENCY_SLOT.mintLength]!);
}

/** The side against the market's base. A pool paired with itself has none, nor has a trade of the base for the base. */
function readSide(trade: Trade, source: DataView, trades: Int32Array, record: number): void {
  const base = record + TRADE_SLOT.base;
  trade.side = SIDE.none;
  trade.selfPaired = false;
  if (trades[base + CURRENCY_SLOT.mintLength] === 0) return;
  const money = moneyAt(source, trades, base);
  const quote = record + TRADE_SLOT.quote;
  trade.selfPaired = isSameMoney(source, trades, base, money, quote, moneyAt(source, trades, quote));
  if (trade.selfPaired) return;
  const bought = record + TRADE_SLOT.buy + SIDE_SLOT.currency;
  const sold = record + TRADE_SLOT.sell + SIDE_SLOT.currency;
  const buysBase = isSameMoney(source, trades, base, money, bought, trade.boughtMoney);
  const sellsBase = isSameMoney(source, trades, base, money, sold, trade.soldMoney);
  if (buysBase !== sellsBase) trade.side = buysBase ? SIDE.buy : SIDE.sell;
}

/** Whether two currencies have the same mint; native and wrapped SOL are one money. */
function isSameMoney(
  source: DataView,
  trades: Int32Array,
  one: number,
  oneMoney: number,
  other: number,
  otherMoney: number,
): boolean {
  if (isSol(oneMoney) || isSol(otherMoney)) return isSol(oneMoney) && isSol(otherMoney);
  return isSameKey(
    source,
    trades[one + CURRENCY_SLOT.mintAt]!,
    trades[one + CURRENCY_SLOT.mintLength]!,
    trades[other + CURRENCY_SLOT.mintAt]!,
    trades[other + CURRENCY_SLOT.mintLength]!,
  );
}

/**
 * The place in `trades` of the wallet that traded, -1 where it is the signer: an owner on either side, else the address of a native
 * side, else the signer. `Order.Owner` is never the trader.
 */
export function traderSlot(
  source: DataView,
  trades: Int32Array,
  record: number,
  transactions: Int32Array,
  transaction: number,
): number {
  const buy = record + TRADE_SLOT.buy;
  const sell = record + TRADE_SLOT.sell;
  const buyerOwns = trades[buy + SIDE_SLOT.ownerLength]! > 0;
  const sellerOwns = trades[sell + SIDE_SLOT.ownerLength]! > 0;
  const owned = buyerOwns || sellerOwns;
  const place = owned ? SIDE_SLOT.ownerAt : SIDE_SLOT.addressAt;
  const hasBuyer = owned ? buyerOwns : hasNativeAddress(source, trades, buy);
  const hasSeller = owned ? sellerOwns : hasNativeAddress(source, trades, sell);
  if (!hasBuyer && !hasSeller) return -1;
  if (!hasSeller) return buy + place;
  // Of two that differ: the signer where it is one of them, else the one who pays.
  const signer = transaction + TRANSACTION_SLOT.signerAt;
  const isBuyer =
    hasBuyer &&
    isSameKey(source, trades[buy + place]!, trades[buy + place + 1]!, transactions[signer]!, transactions[signer + 1]!);
  return (isBuyer ? buy : sell) + place;
}

function hasNativeAddress(source: DataView, trades: Int32Array, side: number): boolean {
  if (trades[side + SIDE_SLOT.addressLength] === 0) return false;
  return moneyAt(source, trades, side + SIDE_SLOT.currency) === MONEY.nativeSol;
}

/** The side whose order's id is the trade's. */
export function orderSlot(trades: Int32Array, record: number): number {
  const isBuyers = trades[record + TRADE_SLOT.buy + SIDE_SLOT.orderIdLength]! > 0;
  return record + (isBuyers ? TRADE_SLOT.buy : TRADE_SLOT.sell) + SIDE_SLOT.orderIdAt;
}
