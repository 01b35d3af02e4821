import type { BlockHeader, DexParsedBlockMessage, ParsedDexTransaction } from '../../proto/generated/projection.js';
import { AddressTooLongError } from './base58.js';
import { decodeMessage } from './decode-message.js';
import { MessageFault } from './message-fault.js';
import type { SlabRows } from './slab-rows.js';
import { blockTimeMs, isFinalHeader, slotHeader } from './slot-header.js';
import { extractTrade } from './trade.js';
import { encodeStableColumns, encodeVolatileColumns, type MessageContext, transactionContext } from './trade-row.js';
import { safeIntegerOf } from './units.js';
import { valueTrade } from './usd.js';

const TX_INDEX_MAX = 2 ** 31 - 1;

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

/**
 * Writes everything a message of the dextrades topic holds into `rows`. Throws an UndecodableError, with nothing written, where
 * the bytes are not a message.
 */
export function writeMessage(bytes: Uint8Array, place: MessagePlace, rows: SlabRows): MessageOutcome {
  const message = decodeMessage(bytes);
  const fault = new MessageFault();
  const slot = slotOf(message, fault);
  if (slot !== null) {
    if (message.Header !== null) writeSlot(message.Header, slot, rows, fault);
    const context: MessageContext = {
      slot,
      blockTimeMs: blockTimeMs(message.Header, place.timestampMs),
      partition: place.partition,
      offset: place.offset,
    };
    for (const [ordinal, transaction] of message.Transactions.entries()) {
      writeTransaction(transaction, ordinal, context, rows, fault);
    }
  }
  return { transactions: message.Transactions.length, fault: fault.isEmpty ? null : fault };
}

/** The slot everything in the message is keyed by; null where there is none, a fault where it is missed. */
function slotOf(message: DexParsedBlockMessage, fault: MessageFault): number | null {
  const header = message.Header;
  const slot = header === null ? 0 : safeIntegerOf(header.Slot);
  if (slot === null) {
    const missed = message.Transactions.length > 0 || (header !== null && isFinalHeader(header));
    if (missed) fault.add('slot_out_of_range', 'the header', 'its Slot is above 2^53 - 1');
    return null;
  }
  if (slot > 0) return slot;
  if (message.Transactions.length > 0) {
    fault.add('no_slot', 'the header', `it has no Slot to key ${message.Transactions.length} transactions by`);
  }
  return null;
}

function writeSlot(header: BlockHeader, slot: number, rows: SlabRows, fault: MessageFault): void {
  if (!isFinalHeader(header)) return;
  try {
    rows.slots.push(slotHeader(header, slot));
  } catch (error) {
    if (!(error instanceof AddressTooLongError)) throw error;
    fault.add('address_too_long', 'the header', error.message);
  }
}

function writeTransaction(
  transaction: ParsedDexTransaction,
  ordinal: number,
  message: MessageContext,
  rows: SlabRows,
  fault: MessageFault,
): void {
  if (transaction.Index > TX_INDEX_MAX) {
    fault.add('tx_index_out_of_range', `transaction ${ordinal}`, `its Index is ${transaction.Index}`);
    return;
  }
  if (transaction.Trades.length === 0) return;
  const mark = rows.beginTransaction();
  try {
    writeTrades(transaction, message, rows);
  } catch (error) {
    rows.abandonTransaction(mark);
    if (!(error instanceof AddressTooLongError)) throw error;
    fault.add('address_too_long', `transaction ${ordinal}`, error.message);
    return;
  }
  rows.endTransaction(mark, message, transaction.Index, transaction.Trades.length);
}

function writeTrades(transaction: ParsedDexTransaction, message: MessageContext, rows: SlabRows): void {
  const context = transactionContext(transaction);
  const { encoder, solPrice } = rows;
  for (const [tradeIndex, event] of transaction.Trades.entries()) {
    const start = encoder.position;
    const trade = extractTrade(event, context.signer);
    encodeStableColumns(encoder, message, context, tradeIndex, event, trade);
    rows.fingerprint(start);
    encodeVolatileColumns(encoder, message, valueTrade(trade, solPrice.price()));
    if (context.success) solPrice.observe(trade, `${message.slot}/${context.txIndex}/${tradeIndex}`);
  }
}
