import { AddressTooLongError } from './base58.js';
import { fingerprintOf } from './fingerprint.js';
import { longAddress } from './long-address.js';
import { MessageFault } from './message-fault.js';
import { Repeats } from './repeats.js';
import type { SlabRows } from './slab-rows.js';
import { blockTimeMs, isFinalHeader, slotHeader } from './slot-header.js';
import { readTrade, Trade } from './trade.js';
import { RowContext, writeStableColumns, writeVolatileColumns } from './trade-row.js';
import { safeIntegerOf } from './units.js';
import { Valuation, valueTrade } from './usd.js';
import { MessageFields } from './walk-fields.js';
import { walkMessage } from './walk-message.js';
import { MESSAGE_SLOT, TRADE_STRIDE, TRANSACTION_RECORD_STRIDE, TRANSACTION_SLOT } from './walk-slots.js';

/** A message's place in the stream. */
export interface MessagePlace {
  readonly partition: number;
  readonly offset: number;
  /** -1 where the broker gave none. */
  readonly timestampMs: number;
}

/** What became of a message. `fault` names the parts that no row could be made of; the rest has landed in the rows. */
export interface MessageOutcome {
  readonly transactions: number;
  readonly fault: MessageFault | null;
}

/** One of each per worker, filled anew for each message, trade and value. */
const fields = new MessageFields();
const trade = new Trade();
const valuation = new Valuation();
const repeats = new Repeats();

/**
 * Writes everything a message of the dextrades topic holds into `rows`. Throws an UndecodableError, with nothing
 * written, where the bytes are not a message.
 */
export function writeMessage(bytes: Uint8Array, place: MessagePlace, rows: SlabRows): MessageOutcome {
  walkMessage(bytes, fields);
  const { message } = fields;
  const transactions = message[MESSAGE_SLOT.transactions]!;
  const fault = new MessageFault();
  const slot = slotOf(message, fault);
  if (slot !== null) {
    if (isFinalHeader(message)) writeSlot(bytes, slot, rows, fault);
    if (transactions > 0) {
      const time = blockTimeMs(message, place.timestampMs);
      const context = new RowContext(bytes, slot, time, place.partition, place.offset);
      writeTransactions(context, transactions, rows, fault);
    }
  }
  return { transactions, fault: fault.isEmpty ? null : fault };
}

/** Messages from here on belong to this run of reading, as a task names it. */
export function beginRun(run: number): void {
  repeats.begin(run);
}

/** Rows written so far count for nothing: whoever delivers them again is no repeat. */
export function forgetRows(): void {
  repeats.clear();
}

/** Gives back the memory a message of unusual size has taken. */
export function releaseFields(): void {
  fields.shrink();
}

/** The slot everything in the message is keyed by; null where there is none, a fault where it is missed. */
function slotOf(message: Int32Array, fault: MessageFault): number | null {
  const transactions = message[MESSAGE_SLOT.transactions]!;
  const slot = safeIntegerOf(message[MESSAGE_SLOT.slotHigh]!, message[MESSAGE_SLOT.slotLow]!);
  if (slot === null) {
    const missed = transactions > 0 || isFinalHeader(message);
    if (missed) fault.add('slot_out_of_range', 'the header', 'its Slot is above 2^53 - 1');
    return null;
  }
  if (slot > 0) return slot;
  if (transactions > 0) {
    fault.add('no_slot', 'the header', `it has no Slot to key ${transactions} transactions by`);
  }
  return null;
}

function writeSlot(bytes: Uint8Array, slot: number, rows: SlabRows, fault: MessageFault): void {
  try {
    rows.slots.push(slotHeader(bytes, fields.message, slot));
  } catch (error) {
    if (!(error instanceof AddressTooLongError)) throw error;
    fault.add('address_too_long', 'the header', error.message);
  }
}

function writeTransactions(context: RowContext, transactions: number, rows: SlabRows, fault: MessageFault): void {
  const { ints } = fields.transactions;
  let record = 0;
  for (let ordinal = 0; ordinal < transactions; ordinal++) {
    const transaction = ordinal * TRANSACTION_RECORD_STRIDE;
    const trades = ints[transaction + TRANSACTION_SLOT.trades]!;
    const index = ints[transaction + TRANSACTION_SLOT.index]!;
    if (index < 0) {
      fault.add('tx_index_out_of_range', `transaction ${ordinal}`, `its Index is ${index >>> 0}`);
    } else if (trades > 0) {
      const tooLong = longAddress(context.source, ints, transaction, fields.trades.ints, record, trades);
      if (tooLong > 0) {
        fault.add('address_too_long', `transaction ${ordinal}`, new AddressTooLongError(tooLong).message);
      } else {
        deliverTransaction(context, transaction, record, trades, rows);
      }
    }
    record += trades * TRADE_STRIDE;
  }
}

/** Writes a transaction's rows unless it is a repeat: then it is named, and its rows are left out. */
function deliverTransaction(
  context: RowContext,
  transaction: number,
  firstRecord: number,
  count: number,
  rows: SlabRows,
): void {
  const transactions = fields.transactions.ints;
  const { source, slot, offset } = context;
  const txIndex = transactions[transaction + TRANSACTION_SLOT.index]!;
  const fingerprint = fingerprintOf(source, transactions, transaction, fields.trades.ints, firstRecord, count);
  const start = rows.encoder.position;
  if (!repeats.has(slot, txIndex, fingerprint, offset)) {
    writeTransaction(context, transaction, firstRecord, count, rows);
    repeats.add(slot, txIndex, fingerprint, offset);
  }
  rows.addTransaction(slot, txIndex, start, count, fingerprint, offset);
}

/** Writes the rows of the trades whose records begin at `firstRecord`. */
function writeTransaction(
  context: RowContext,
  transaction: number,
  firstRecord: number,
  count: number,
  rows: SlabRows,
): void {
  const { encoder, solPrice } = rows;
  const transactions = fields.transactions.ints;
  const trades = fields.trades.ints;
  const txIndex = transactions[transaction + TRANSACTION_SLOT.index]!;
  const success = transactions[transaction + TRANSACTION_SLOT.success] === 1;
  for (let tradeIndex = 0; tradeIndex < count; tradeIndex++) {
    const record = firstRecord + tradeIndex * TRADE_STRIDE;
    readTrade(trade, context.source, trades, record, transactions, transaction);
    writeStableColumns(encoder, context, transactions, transaction, trades, record, tradeIndex, trade);
    valueTrade(valuation, trade, solPrice.price());
    writeVolatileColumns(encoder, context, valuation);
    if (success) solPrice.observe(trade, context.slot, txIndex, tradeIndex);
  }
}
