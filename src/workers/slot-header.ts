import { encodeBase58 } from './base58.js';
import type { SlotHeader } from './messages.js';
import { safeIntegerOf, signedOf } from './units.js';
import { MESSAGE_SLOT } from './walk-slots.js';

/** A clock that says less is broken; Solana's first block is of 2020. */
const BLOCK_TIME_MS_MIN = Date.UTC(1971, 0, 1);
/** PostgreSQL could hold more, JavaScript and people could not. */
const BLOCK_TIME_MS_END = Date.UTC(10_000, 0, 1);

/**
 * The header's exact time in ms, null where it has none or one outside the years 1971 to 9999. `message` is a record
 * of MESSAGE_SLOT.
 */
export function headerTimeMs(message: Int32Array): number | null {
  const time = signedOf(message[MESSAGE_SLOT.timestampHigh]!, message[MESSAGE_SLOT.timestampLow]!) * 1_000;
  return time >= BLOCK_TIME_MS_MIN && time < BLOCK_TIME_MS_END ? time : null;
}

/** Time of a message's rows in ms: the header's, else the Kafka record's (-1 for none), else null. */
export function blockTimeMs(message: Int32Array, recordTimestampMs: number): number | null {
  const exact = headerTimeMs(message);
  if (exact !== null) return exact;
  return recordTimestampMs >= 0 && recordTimestampMs < BLOCK_TIME_MS_END ? recordTimestampMs : null;
}

/** True for a header that says more than its slot: the one of a slot's final message. */
export function isFinalHeader(message: Int32Array): boolean {
  return (
    isSet(message, MESSAGE_SLOT.timestampLow) ||
    isSet(message, MESSAGE_SLOT.parentSlotLow) ||
    isSet(message, MESSAGE_SLOT.heightLow) ||
    message[MESSAGE_SLOT.hashLength]! > 0 ||
    message[MESSAGE_SLOT.parentHashLength]! > 0
  );
}

/** The row of `solana_slots` a final header makes. Throws an AddressTooLongError where a hash is too long. */
export function slotHeader(bytes: Uint8Array, message: Int32Array, slot: number): SlotHeader {
  return {
    slot,
    blockTimeMs: headerTimeMs(message),
    hash: hashAt(bytes, message, MESSAGE_SLOT.hashAt),
    parentSlot: figureAt(message, MESSAGE_SLOT.parentSlotLow),
    parentHash: hashAt(bytes, message, MESSAGE_SLOT.parentHashAt),
    height: figureAt(message, MESSAGE_SLOT.heightLow),
  };
}

function hashAt(bytes: Uint8Array, message: Int32Array, place: number): string | null {
  const length = message[place + 1]!;
  return length === 0 ? null : encodeBase58(bytes.subarray(message[place], message[place]! + length));
}

/** Null for 0, and beyond 2^53 - 1. */
function figureAt(message: Int32Array, place: number): number | null {
  return isSet(message, place) ? safeIntegerOf(message[place + 1]!, message[place]!) : null;
}

function isSet(message: Int32Array, place: number): boolean {
  return message[place] !== 0 || message[place + 1] !== 0;
}
