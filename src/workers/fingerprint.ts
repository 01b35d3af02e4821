import { orderSlot, traderSlot } from './trade.js';
import { CURRENCY_SLOT, SIDE_SLOT, TRADE_SLOT, TRADE_STRIDE, TRANSACTION_SLOT } from './walk-slots.js';
import { xxHash32 } from './xx-hash.js';

const KEY_BYTES = 32;
/** In the place of bytes that are not there. Not 0, which is the sum of native SOL's address. */
const ABSENT = 0x5bd1_e995;
const SIDES = [TRADE_SLOT.buy, TRADE_SLOT.sell] as const;
const SIDE_CURRENCIES = SIDES.map((side) => side + SIDE_SLOT.currency);
/** Integers of a trade's record that its stable columns depend on. */
const TRADE_INTEGERS = Uint8Array.of(
  TRADE_SLOT.instructionIndex,
  TRADE_SLOT.feeLow,
  TRADE_SLOT.feeHigh,
  TRADE_SLOT.royaltyLow,
  TRADE_SLOT.royaltyHigh,
  ...SIDES.flatMap((side) => [side + SIDE_SLOT.present, side + SIDE_SLOT.amountLow, side + SIDE_SLOT.amountHigh]),
  ...SIDE_CURRENCIES.flatMap((currency) => [currency + CURRENCY_SLOT.present, currency + CURRENCY_SLOT.decimals]),
);
/** Odd, another for each. */
const TRADE_FACTORS = Int32Array.from(TRADE_INTEGERS, (_, i) => Math.imul(2 * i + 1, 0x9e37_79b1));
/** Bytes of a trade's record that they depend on, besides the trader's and the order's. */
const TRADE_BYTES = Uint8Array.of(
  TRADE_SLOT.programAt,
  TRADE_SLOT.nameAt,
  TRADE_SLOT.familyAt,
  TRADE_SLOT.marketAt,
  ...[TRADE_SLOT.base, TRADE_SLOT.quote, ...SIDE_CURRENCIES].map((currency) => currency + CURRENCY_SLOT.mintAt),
);

/**
 * A hash, below 2^32, of what a transaction's stable columns are made of, and of nothing else: two deliveries of it differ here
 * where they differ there, but for one case in 2^32, and nowhere else, but for texts that are none. `count` trades have their
 * records at `record` of `trades` and after.
 */
export function fingerprintOf(
  source: DataView,
  transactions: Int32Array,
  transaction: number,
  trades: Int32Array,
  record: number,
  count: number,
): number {
  let hash = mix(count, transactions[transaction + TRANSACTION_SLOT.success]!);
  hash = mix(hash, transactions[transaction + TRANSACTION_SLOT.header]!);
  hash = mix(hash, transactions[transaction + TRANSACTION_SLOT.feeLow]!);
  hash = mix(hash, transactions[transaction + TRANSACTION_SLOT.feeHigh]!);
  hash = mixBytes(hash, source, transactions, transaction + TRANSACTION_SLOT.signatureAt);
  hash = mixBytes(hash, source, transactions, transaction + TRANSACTION_SLOT.signerAt);
  hash = mixBytes(hash, source, transactions, transaction + TRANSACTION_SLOT.feePayerAt);
  for (let at = record; at < record + count * TRADE_STRIDE; at += TRADE_STRIDE) {
    let sum = 0;
    for (let i = 0; i < TRADE_INTEGERS.length; i++) {
      sum = (sum + Math.imul(trades[at + TRADE_INTEGERS[i]!]!, TRADE_FACTORS[i]!)) | 0;
    }
    hash = mix(hash, sum);
    for (let i = 0; i < TRADE_BYTES.length; i++) hash = mixBytes(hash, source, trades, at + TRADE_BYTES[i]!);
    hash = mixBytes(hash, source, trades, orderSlot(trades, at));
    const trader = traderSlot(source, trades, at, transactions, transaction);
    hash =
      trader < 0
        ? mixBytes(hash, source, transactions, transaction + TRANSACTION_SLOT.signerAt)
        : mixBytes(hash, source, trades, trader);
  }
  return hash >>> 0;
}

/** One step of MurmurHash3's 32-bit body (github.com/aappleby/smhasher). */
function mix(hash: number, word: number): number {
  const scrambled = Math.imul(word, 0xcc9e_2d51);
  const mixed = hash ^ Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b87_3593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe654_6b64) | 0;
}

/** The bytes that `slot` of `ints` and the one after it name, and how many they are. */
function mixBytes(hash: number, source: DataView, ints: Int32Array, slot: number): number {
  const at = ints[slot]!;
  const length = ints[slot + 1]!;
  if (length === 0) return mix(hash, ABSENT);
  if (length === KEY_BYTES) return mix(hash, sumOfKey(source, at));
  return xxHash32(source, at, at + length, hash) | 0;
}

/** Words times odd factors of their own: products that do not wait for each other. */
function sumOfKey(source: DataView, at: number): number {
  return (
    (Math.imul(source.getInt32(at, true), 0x9e37_79b1) +
      Math.imul(source.getInt32(at + 4, true), 0x85eb_ca77) +
      Math.imul(source.getInt32(at + 8, true), 0xc2b2_ae3d) +
      Math.imul(source.getInt32(at + 12, true), 0x27d4_eb2f) +
      Math.imul(source.getInt32(at + 16, true), 0x1656_67b1) +
      Math.imul(source.getInt32(at + 20, true), 0x85eb_ca6b) +
      Math.imul(source.getInt32(at + 24, true), 0xc2b2_ae35) +
      Math.imul(source.getInt32(at + 28, true), 0x2545_f491)) |
    0
  );
}
