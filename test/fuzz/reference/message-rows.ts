import type { BlockHeader, DexParsedBlockMessage, ParsedDexTransaction } from '../../../proto/generated/projection.js';
import { AddressTooLongError } from '../../../src/workers/base58.js';
import { MessageFault } from '../../../src/workers/message-fault.js';
import type { MessageOutcome, MessagePlace } from '../../../src/workers/message-rows.js';
import { addressOf } from './base58.js';
import { refuseForeign } from './decode-message.js';
import type { ReferenceRows } from './reference-rows.js';
import { blockTimeMs, isFinalHeader, slotHeader } from './slot-header.js';
import { extractTrade, type Trade } from './trade.js';
import {
  encodeStableColumns,
  encodeVolatileColumns,
  type MessageContext,
  type TransactionContext,
  transactionContext,
} from './trade-row.js';
import { safeIntegerOf } from './units.js';
import { valueTrade } from './usd.js';

const TX_INDEX_MAX = 2 ** 31 - 1;

/**
 * Writes everything a decoded message holds into `rows`, as the workers do, in the plainest way. Throws an
 * UndecodableError where it is one of another topic.
 */
export function writeDecoded(
  message: DexParsedBlockMessage,
  bytes: Uint8Array,
  place: MessagePlace,
  rows: ReferenceRows,
): MessageOutcome {
  refuseForeign(message, bytes);
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

function writeSlot(header: BlockHeader, slot: number, rows: ReferenceRows, fault: MessageFault): void {
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
  rows: ReferenceRows,
  fault: MessageFault,
): void {
  if (transaction.Index > TX_INDEX_MAX) {
    fault.add('tx_index_out_of_range', `transaction ${ordinal}`, `its Index is ${transaction.Index}`);
    return;
  }
  if (transaction.Trades.length === 0) return;
  let readable: ReadableTransaction;
  try {
    readable = readTransaction(transaction);
  } catch (error) {
    if (!(error instanceof AddressTooLongError)) throw error;
    fault.add('address_too_long', `transaction ${ordinal}`, error.message);
    return;
  }
  writeTrades(transaction, readable, message, rows);
}

interface ReadableTransaction {
  readonly context: TransactionContext;
  readonly trades: readonly Trade[];
}

/** Everything that may throw. */
function readTransaction(transaction: ParsedDexTransaction): ReadableTransaction {
  const context = transactionContext(transaction);
  const trades = transaction.Trades.map((event) => {
    addressOf(event.Dex?.ProgramAddress);
    return extractTrade(event, context.signer);
  });
  return { context, trades };
}

function writeTrades(
  transaction: ParsedDexTransaction,
  { context, trades }: ReadableTransaction,
  message: MessageContext,
  rows: ReferenceRows,
): void {
  const { encoder, solPrice } = rows;
  rows.beginTransaction();
  for (const [tradeIndex, event] of transaction.Trades.entries()) {
    const trade = trades[tradeIndex]!;
    encodeStableColumns(encoder, message, context, tradeIndex, event, trade);
    encodeVolatileColumns(encoder, message, valueTrade(trade, solPrice.price()));
    if (context.success) solPrice.observe(trade, `${message.slot}/${context.txIndex}/${tradeIndex}`);
  }
  rows.endTransaction(message, transaction.Index, transaction.Trades.length);
}
