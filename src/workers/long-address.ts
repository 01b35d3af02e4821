import { BASE58_MAX_BYTES } from './base58.js';
import { MONEY, moneyOf } from './money.js';
import { orderSlot } from './trade.js';
import { CURRENCY_SLOT, SIDE_SLOT, TRADE_SLOT, TRADE_STRIDE, TRANSACTION_SLOT } from './walk-slots.js';

const TRANSACTION_ADDRESSES = [
  TRANSACTION_SLOT.signatureLength,
  TRANSACTION_SLOT.signerLength,
  TRANSACTION_SLOT.feePayerLength,
];
const MINT_LENGTH = SIDE_SLOT.currency + CURRENCY_SLOT.mintLength;
const TRADE_ADDRESSES = [
  TRADE_SLOT.buy + MINT_LENGTH,
  TRADE_SLOT.sell + MINT_LENGTH,
  TRADE_SLOT.base + CURRENCY_SLOT.mintLength,
  TRADE_SLOT.quote + CURRENCY_SLOT.mintLength,
  TRADE_SLOT.marketLength,
  TRADE_SLOT.programLength,
  TRADE_SLOT.buy + SIDE_SLOT.ownerLength,
  TRADE_SLOT.sell + SIDE_SLOT.ownerLength,
];

/**
 * Bytes of an address of a transaction that is too long to be written, 0 where there is none. Only addresses that its
 * rows are made of count. `count` trades have their records at `record` of `trades` and after.
 */
export function longAddress(
  source: DataView,
  transactions: Int32Array,
  transaction: number,
  trades: Int32Array,
  record: number,
  count: number,
): number {
  if (!mayBeLong(transactions, transaction, trades, record, count)) return 0;
  let longest = 0;
  for (const slot of TRANSACTION_ADDRESSES) longest = Math.max(longest, transactions[transaction + slot]!);
  for (let at = record; at < record + count * TRADE_STRIDE; at += TRADE_STRIDE) {
    for (const slot of TRADE_ADDRESSES) longest = Math.max(longest, trades[at + slot]!);
    longest = Math.max(longest, trades[orderSlot(trades, at) + 1]!);
    longest = Math.max(longest, nativeAddress(source, trades, at));
  }
  return longest > BASE58_MAX_BYTES ? longest : 0;
}

/** A look at what takes no rule: the bits of all lengths together are at least the largest. */
function mayBeLong(
  transactions: Int32Array,
  transaction: number,
  trades: Int32Array,
  record: number,
  count: number,
): boolean {
  let bits =
    transactions[transaction + TRANSACTION_SLOT.signatureLength]! |
    transactions[transaction + TRANSACTION_SLOT.signerLength]! |
    transactions[transaction + TRANSACTION_SLOT.feePayerLength]!;
  for (let at = record; at < record + count * TRADE_STRIDE; at += TRADE_STRIDE) {
    bits |=
      trades[at + TRADE_SLOT.buy + MINT_LENGTH]! |
      trades[at + TRADE_SLOT.sell + MINT_LENGTH]! |
      trades[at + TRADE_SLOT.base + CURRENCY_SLOT.mintLength]! |
      trades[at + TRADE_SLOT.quote + CURRENCY_SLOT.mintLength]! |
      trades[at + TRADE_SLOT.marketLength]! |
      trades[at + TRADE_SLOT.programLength]! |
      trades[at + TRADE_SLOT.buy + SIDE_SLOT.ownerLength]! |
      trades[at + TRADE_SLOT.sell + SIDE_SLOT.ownerLength]! |
      trades[at + TRADE_SLOT.buy + SIDE_SLOT.addressLength]! |
      trades[at + TRADE_SLOT.sell + SIDE_SLOT.addressLength]! |
      trades[at + TRADE_SLOT.buy + SIDE_SLOT.orderIdLength]! |
      trades[at + TRADE_SLOT.sell + SIDE_SLOT.orderIdLength]!;
  }
  return bits > BASE58_MAX_BYTES;
}

/** Bytes of the longer address of a native side, where it may be the trader's: where neither side has an owner. */
function nativeAddress(source: DataView, trades: Int32Array, record: number): number {
  let longest = 0;
  for (const side of [record + TRADE_SLOT.buy, record + TRADE_SLOT.sell]) {
    if (trades[side + SIDE_SLOT.ownerLength]! > 0) return 0;
    const mint = side + SIDE_SLOT.currency + CURRENCY_SLOT.mintAt;
    if (moneyOf(source, trades[mint]!, trades[mint + 1]!) !== MONEY.nativeSol) continue;
    longest = Math.max(longest, trades[side + SIDE_SLOT.addressLength]!);
  }
  return longest;
}
