import type { SlabResult, SolVolume } from '../../../src/workers/messages.js';
import { UndecodableError } from '../../../src/workers/wire.js';
import { type Decode, decodeFull, decodeProjection } from './decode-message.js';
import { writeDecoded } from './message-rows.js';
import { PlainEncoder } from './plain-encoder.js';
import { ReferenceRows } from './reference-rows.js';

const encoder = new PlainEncoder();

/** A message as it stands in a slab. */
export interface ReferenceMessage {
  readonly value: Uint8Array;
  readonly offset: number;
  readonly timestampMs: number;
}

/** The part of a SlabResult that its messages decide; of a failure, what was wrong with which message. */
export interface ReferenceResult
  extends Pick<SlabResult, 'emptyMessages' | 'trades' | 'transactions' | 'slots' | 'solVolume'> {
  readonly failures: readonly { readonly offset: number; readonly errorClass: string; readonly errorText: string }[];
}

/**
 * Decodes with the whole schema; where that refuses, with the projection. They differ in one thing: damage within a
 * field that no row needs makes the whole schema refuse, while the projection, and the walker, step over the field
 * unseen. What the projection refuses must be refused.
 */
export const decodeReference: Decode = (bytes) => {
  try {
    return decodeFull(bytes);
  } catch (error) {
    if (!(error instanceof UndecodableError)) throw error;
    return decodeProjection(bytes);
  }
};

/** What the workers must make of a slab of these messages, worked out by protobufjs and in the plainest way. */
export function referenceSlab(
  messages: readonly ReferenceMessage[],
  partition: number,
  solVolume: SolVolume,
  decode: Decode = decodeReference,
): ReferenceResult {
  encoder.truncate(0);
  const rows = new ReferenceRows(encoder, solVolume);
  const failures: { offset: number; errorClass: string; errorText: string }[] = [];
  let emptyMessages = 0;
  for (const { value, offset, timestampMs } of messages) {
    try {
      const outcome = writeDecoded(decode(value), value, { partition, offset, timestampMs }, rows);
      if (outcome.fault !== null) {
        failures.push({ offset, errorClass: outcome.fault.errorClass, errorText: outcome.fault.text });
      } else if (outcome.transactions === 0) {
        emptyMessages += 1;
      }
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error;
      failures.push({ offset, errorClass: error.errorClass, errorText: error.message });
    }
  }
  return {
    emptyMessages,
    trades: rows.encoder.take(),
    transactions: rows.transactions(),
    slots: rows.slots,
    failures,
    solVolume: rows.solPrice.volume(),
  };
}
