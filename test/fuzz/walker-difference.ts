import { isDeepStrictEqual } from 'node:util';
import { type MessageFailure, TRANSACTION_COLUMN, TRANSACTION_STRIDE } from '../../src/workers/messages.js';
import { decodeSlab } from '../../src/workers/slab.js';
import { readRows } from '../support/copy-rows.js';
import { slabOf } from '../support/messages.js';
import { NO_FINGERPRINT } from './reference/reference-rows.js';
import { type ReferenceResult, referenceSlab } from './reference/reference-slab.js';

const PARTITION = 3;
const OFFSET = 1_000;
const TIMESTAMP_MS = 1_760_000_000_123;
const SOL_VOLUME = { sol: 10, usd: 2_000, trades: 3 };
/** Bytes that are no message; all other classes name parts of one. */
const UNDECODABLE = ['truncated', 'invalid_wire', 'too_deep', 'too_many_trades', 'wrong_type'];

/** What the workers make of a message and the reference does not, null where both make the same of it. */
export function walkerDifference(value: Uint8Array): string | null {
  const record = { value, offset: OFFSET, timestampMs: TIMESTAMP_MS };
  const expected = referenceSlab([record], PARTITION, SOL_VOLUME);
  const slab = slabOf([record], { partition: PARTITION, solVolume: SOL_VOLUME, largeBytes: Number.POSITIVE_INFINITY });
  let actual: ReturnType<typeof decodeSlab>;
  try {
    actual = decodeSlab(slab, { messageMaxBytes: Number.POSITIVE_INFINITY });
  } catch (error) {
    return `the walker broke: ${error instanceof Error ? error.stack : error}`;
  }
  return (
    different('failures', actual.failures.map(comparable), expected.failures.map(comparable)) ??
    different('transactions', withoutFingerprints(actual.transactions), expected.transactions) ??
    differentRows(actual.trades, expected.trades) ??
    different('slots', actual.slots, expected.slots) ??
    different('solVolume', actual.solVolume, expected.solVolume) ??
    different('emptyMessages', actual.emptyMessages, expected.emptyMessages)
  );
}

/**
 * Of damaged bytes both name the class, each in its own words; of parts both say the same, but for which of two long
 * addresses it was.
 */
function comparable({ errorClass, errorText }: ReferenceResult['failures'][number] | MessageFailure) {
  const text = UNDECODABLE.includes(errorClass) ? '' : errorText.replaceAll(/address of \d+ bytes/g, 'address');
  return { errorClass, text };
}

/** The reference makes none: test/workers/fingerprint.test.ts holds them against the rows. */
function withoutFingerprints(transactions: Float64Array): Float64Array {
  return transactions.map((value, at) =>
    at % TRANSACTION_STRIDE === TRANSACTION_COLUMN.fingerprint ? NO_FINGERPRINT : value,
  );
}

function differentRows(actual: Uint8Array, expected: Uint8Array): string | null {
  if (Buffer.compare(actual, expected) === 0) return null;
  return different('rows', readRows(actual), readRows(expected)) ?? 'the rows differ in their bytes only';
}

function different(what: string, actual: unknown, expected: unknown): string | null {
  if (isDeepStrictEqual(actual, expected)) return null;
  return `${what}: the walker gives ${JSON.stringify(actual)}, the reference ${JSON.stringify(expected)}`;
}
