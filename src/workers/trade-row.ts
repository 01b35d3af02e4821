import { TRADES } from '../tables.js';
import { BASE58_MAX_TEXT, writeBase58 } from './base58.js';
import type { CopyEncoder } from './copy-encoder.js';
import {
  FIELD_BYTES_MAX,
  putAscii,
  putBool,
  putFloat8,
  putInt4,
  putInt8,
  putNull,
  putNumeric,
  putSafeInteger,
  timestampHalves,
} from './copy-fields.js';
import { TEXT_GROWTH_MAX, writeText } from './text.js';
import { SIDE, type Trade } from './trade.js';
import { USD_SOURCES, type Valuation } from './usd.js';
import { CURRENCY_SLOT, SIDE_SLOT, TRADE_SLOT, TRANSACTION_SLOT } from './walk-slots.js';

/** Room for a row but for its texts: every address of the longest kind, every other field of the widest. */
const ROW_BYTES_MAX = 2 + TRADES.columns.length * FIELD_BYTES_MAX + 14 * BASE58_MAX_TEXT;

const ascii = new TextEncoder();
const BUY = ascii.encode('buy');
const SELL = ascii.encode('sell');
const USD_SOURCE_TEXTS = USD_SOURCES.map((source) => ascii.encode(source));

/** A message, and what its rows have in common. */
export class RowContext {
  readonly bytes: Uint8Array;
  readonly source: DataView;
  readonly slot: number;
  readonly partition: number;
  readonly offset: number;
  readonly hasTime: boolean;
  readonly timeHigh: number;
  readonly timeLow: number;

  /** `blockTimeMs` is null where unknown. */
  constructor(bytes: Uint8Array, slot: number, blockTimeMs: number | null, partition: number, offset: number) {
    const { high, low } = blockTimeMs === null ? { high: 0, low: 0 } : timestampHalves(blockTimeMs);
    this.bytes = bytes;
    this.source = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.slot = slot;
    this.partition = partition;
    this.offset = offset;
    this.hasTime = blockTimeMs !== null;
    this.timeHigh = high;
    this.timeLow = low;
  }
}

/**
 * Writes the columns of TRADES that are a function of the transaction alone, in the table's order, from the record at
 * `transaction` of `transactions` and the one at `record` of `trades`. No address may be longer than BASE58_MAX_BYTES.
 */
export function writeStableColumns(
  encoder: CopyEncoder,
  context: RowContext,
  transactions: Int32Array,
  transaction: number,
  trades: Int32Array,
  record: number,
  tradeIndex: number,
  trade: Trade,
): void {
  const texts = trades[record + TRADE_SLOT.nameLength]! + trades[record + TRADE_SLOT.familyLength]!;
  encoder.reserve(ROW_BYTES_MAX + TEXT_GROWTH_MAX * texts);
  const { bytes, source } = context;
  const { bytes: target, view } = encoder;
  let at = encoder.position;
  view.setInt16(at, TRADES.columns.length);
  at = putSafeInteger(view, at + 2, context.slot);
  at = putInt4(view, at, transactions[transaction + TRANSACTION_SLOT.index]!);
  at = putInt4(view, at, tradeIndex);
  at = putInt8(view, at, 0, trades[record + TRADE_SLOT.instructionIndex]!);
  at = putAddress(source, transactions, transaction + TRANSACTION_SLOT.signatureAt, target, view, at);
  at = putText(bytes, trades, record + TRADE_SLOT.nameAt, target, view, at);
  at = putText(bytes, trades, record + TRADE_SLOT.familyAt, target, view, at);
  at = putAddress(source, trades, record + TRADE_SLOT.programAt, target, view, at);
  at = putAddress(source, trades, record + TRADE_SLOT.marketAt, target, view, at);
  at = putBool(view, at, trade.isRouter);
  at = trade.side === SIDE.none ? putNull(view, at) : putAscii(view, at, trade.side === SIDE.buy ? BUY : SELL);
  at = putKey(source, trade.traderAt, trade.traderLength, target, view, at);
  at = putAddress(source, transactions, transaction + TRANSACTION_SLOT.signerAt, target, view, at);
  at = putAddress(source, transactions, transaction + TRANSACTION_SLOT.feePayerAt, target, view, at);
  at = putLeg(source, trades, record + TRADE_SLOT.buy, trade.bought, target, view, at);
  at = putLeg(source, trades, record + TRADE_SLOT.sell, trade.sold, target, view, at);
  at = putAddress(source, trades, record + TRADE_SLOT.base + CURRENCY_SLOT.mintAt, target, view, at);
  at = putAddress(source, trades, record + TRADE_SLOT.quote + CURRENCY_SLOT.mintAt, target, view, at);
  at = putFloat8(view, at, trade.price);
  at = putUnsigned(view, at, trades, record + TRADE_SLOT.feeLow);
  at = putUnsigned(view, at, trades, record + TRADE_SLOT.royaltyLow);
  const hasHeader = transactions[transaction + TRANSACTION_SLOT.header] === 1;
  at = hasHeader ? putUnsigned(view, at, transactions, transaction + TRANSACTION_SLOT.feeLow) : putNull(view, at);
  at = putBool(view, at, transactions[transaction + TRANSACTION_SLOT.success] === 1);
  encoder.advance(putKey(source, trade.orderIdAt, trade.orderIdLength, target, view, at));
}

/**
 * Writes the rest of the row, in room the stable columns have reserved: what depends on the message or on the moment.
 */
export function writeVolatileColumns(encoder: CopyEncoder, context: RowContext, valuation: Valuation): void {
  const { view } = encoder;
  let at = encoder.position;
  at = context.hasTime ? putInt8(view, at, context.timeHigh, context.timeLow) : putNull(view, at);
  at = putFloat8(view, at, valuation.amountUsd);
  at = putFloat8(view, at, valuation.priceUsd);
  const source = USD_SOURCE_TEXTS[valuation.source];
  at = source === undefined ? putNull(view, at) : putAscii(view, at, source);
  at = putFloat8(view, at, valuation.asymmetry);
  at = putInt4(view, at, context.partition);
  encoder.advance(putSafeInteger(view, at, context.offset));
}

function putLeg(
  source: DataView,
  trades: Int32Array,
  side: number,
  amount: number,
  target: Uint8Array,
  view: DataView,
  at: number,
): number {
  const hasSide = trades[side + SIDE_SLOT.present] === 1;
  const hasCurrency = trades[side + SIDE_SLOT.currency] === 1;
  const decimals = trades[side + SIDE_SLOT.currency + CURRENCY_SLOT.decimals]!;
  at = putAddress(source, trades, side + SIDE_SLOT.currency + CURRENCY_SLOT.mintAt, target, view, at);
  at = hasSide ? putUnsigned(view, at, trades, side + SIDE_SLOT.amountLow) : putNull(view, at);
  at = hasCurrency ? putInt8(view, at, 0, decimals) : putNull(view, at);
  return putFloat8(view, at, amount);
}

/** An unsigned 64-bit integer as numeric, of which `slot` of `ints` holds the low half. */
function putUnsigned(view: DataView, at: number, ints: Int32Array, slot: number): number {
  return putNumeric(view, at, ints[slot + 1]!, ints[slot]!);
}

/** Base58 of the bytes that `slot` of `ints` and the one after it name. */
function putAddress(
  source: DataView,
  ints: Int32Array,
  slot: number,
  target: Uint8Array,
  view: DataView,
  at: number,
): number {
  return putKey(source, ints[slot]!, ints[slot + 1]!, target, view, at);
}

function putKey(
  source: DataView,
  start: number,
  length: number,
  target: Uint8Array,
  view: DataView,
  at: number,
): number {
  if (length === 0) return putNull(view, at);
  const end = writeBase58(source, start, length, target, view, at + 4);
  view.setInt32(at, end - at - 4);
  return end;
}

function putText(
  bytes: Uint8Array,
  ints: Int32Array,
  slot: number,
  target: Uint8Array,
  view: DataView,
  at: number,
): number {
  const length = ints[slot + 1]!;
  if (length === 0) return putNull(view, at);
  const start = ints[slot]!;
  const end = writeText(bytes, start, start + length, target, at + 4);
  view.setInt32(at, end - at - 4);
  return end;
}
