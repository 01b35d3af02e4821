import type { BlockHeader, Long64 } from '../../../proto/generated/projection.js';
import type { SlotHeader } from '../../../src/workers/messages.js';
import { addressOf } from './base58.js';
import { safeIntegerOf, signedOf } from './units.js';

/** A clock that says less is broken; Solana's first block is of 2020. */
const BLOCK_TIME_MS_MIN = Date.UTC(1971, 0, 1);
/** PostgreSQL could hold more, JavaScript and people could not. */
const BLOCK_TIME_MS_END = Date.UTC(10_000, 0, 1);

/** The header's exact time in ms, null where it has none or one outside the years 1971 to 9999. */
export function headerTimeMs(header: BlockHeader): number | null {
  const time = signedOf(header.Timestamp) * 1_000;
  return time >= BLOCK_TIME_MS_MIN && time < BLOCK_TIME_MS_END ? time : null;
}

/** Time of a message's rows in ms: the header's, else the Kafka record's (-1 for none), else null. */
export function blockTimeMs(header: BlockHeader | null, recordTimestampMs: number): number | null {
  const exact = header === null ? null : headerTimeMs(header);
  if (exact !== null) return exact;
  return recordTimestampMs >= 0 && recordTimestampMs < BLOCK_TIME_MS_END ? recordTimestampMs : null;
}

/** True for a header that says more than its slot: the one of a slot's final message. */
export function isFinalHeader(header: BlockHeader): boolean {
  return (
    isSet(header.Timestamp) ||
    isSet(header.ParentSlot) ||
    isSet(header.Height) ||
    header.Hash.length > 0 ||
    header.ParentHash.length > 0
  );
}

/** The row of `solana_slots` a final header makes. Throws where a hash is too long. */
export function slotHeader(header: BlockHeader, slot: number): SlotHeader {
  return {
    slot,
    blockTimeMs: headerTimeMs(header),
    hash: addressOf(header.Hash),
    parentSlot: isSet(header.ParentSlot) ? safeIntegerOf(header.ParentSlot) : null,
    parentHash: addressOf(header.ParentHash),
    height: isSet(header.Height) ? safeIntegerOf(header.Height) : null,
  };
}

function isSet(value: Long64): boolean {
  return value.low !== 0 || value.high !== 0;
}
