import { writeBase58Of32, writeBase58Of64 } from './base58-kernel.js';

/** Longer addresses are refused: the work grows with the square of the length, and real ones have 32 or 64 bytes. */
export const BASE58_MAX_BYTES = 256;
/** Room that {@link writeBase58} may need: an address of the longest kind, and the words a remembered one is copied in. */
export const BASE58_MAX_TEXT = 360;

const ALPHABET = new TextEncoder().encode('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz');

export class AddressTooLongError extends Error {
  constructor(bytes: number) {
    super(`an address of ${bytes} bytes, more than ${BASE58_MAX_BYTES}`);
  }
}
const KEY_WORDS = 8;
const TEXT_WORDS = 11;
const ENTRY_WORDS = KEY_WORDS + TEXT_WORDS + 1;
const ENTRIES = 8_192;
const HASH_SHIFT = 32 - Math.log2(ENTRIES);

/** Entries of a key of 32 bytes, its text, and the text's length, 0 where there is none yet. */
const entries = new Int32Array(ENTRIES * ENTRY_WORDS);

/**
 * Writes base58 of `length` bytes of `source`, at most {@link BASE58_MAX_BYTES}, into `target`, whose view is `targetView`. Returns the position after the text.
 */
export function writeBase58(
  source: DataView,
  start: number,
  length: number,
  target: Uint8Array,
  targetView: DataView,
  at: number,
): number {
  if (length === 32) return writeKey(source, start, target, targetView, at);
  if (length === 64) return writeBase58Of64(source, start, target, at);
  return writeAnyLength(source, start, length, target, at);
}

/** Mints, programs, markets and traders come again and again: each place of the table remembers the last one that fell on it. */
function writeKey(source: DataView, start: number, target: Uint8Array, targetView: DataView, at: number): number {
  const hash = Math.imul(source.getInt32(start, true) ^ (source.getInt32(start + 12, true) >>> 3), 0x9e37_79b1);
  const entry = (hash >>> HASH_SHIFT) * ENTRY_WORDS;
  if (isKeyAt(entry, source, start)) {
    for (let word = 0; word < TEXT_WORDS; word++) {
      targetView.setInt32(at + 4 * word, entries[entry + KEY_WORDS + word]!, true);
    }
    return at + entries[entry + KEY_WORDS + TEXT_WORDS]!;
  }
  const end = writeBase58Of32(source, start, target, at);
  for (let word = 0; word < KEY_WORDS; word++) entries[entry + word] = source.getInt32(start + 4 * word, true);
  for (let word = 0; word < TEXT_WORDS; word++) {
    entries[entry + KEY_WORDS + word] = targetView.getInt32(at + 4 * word, true);
  }
  entries[entry + KEY_WORDS + TEXT_WORDS] = end - at;
  return end;
}

function isKeyAt(entry: number, source: DataView, start: number): boolean {
  if (entries[entry + KEY_WORDS + TEXT_WORDS] === 0) return false;
  for (let word = 0; word < KEY_WORDS; word++) {
    if (entries[entry + word] !== source.getInt32(start + 4 * word, true)) return false;
  }
  return true;
}

/** By long division, digit by digit. */
function writeAnyLength(source: DataView, start: number, length: number, target: Uint8Array, at: number): number {
  let zeros = 0;
  while (zeros < length && source.getUint8(start + zeros) === 0) target[at + zeros++] = ALPHABET[0]!;
  const first = at + zeros;
  let end = first;
  for (let byte = zeros; byte < length; byte++) {
    let carry = source.getUint8(start + byte);
    // The digits so far lie lowest first.
    for (let digit = first; digit < end; digit++) {
      carry += target[digit]! << 8;
      target[digit] = carry % 58;
      carry = (carry / 58) | 0;
    }
    for (; carry > 0; carry = (carry / 58) | 0) target[end++] = carry % 58;
  }
  target.subarray(first, end).reverse();
  for (let digit = first; digit < end; digit++) target[digit] = ALPHABET[target[digit]!]!;
  return end;
}

const scratch = Buffer.allocUnsafeSlow(BASE58_MAX_TEXT);
const scratchView = new DataView(scratch.buffer);

/** Base58 of bytes. Throws an {@link AddressTooLongError}. */
export function encodeBase58(bytes: Uint8Array): string {
  if (bytes.length > BASE58_MAX_BYTES) throw new AddressTooLongError(bytes.length);
  const source = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return scratch.toString('latin1', 0, writeBase58(source, 0, bytes.length, scratch, scratchView, 0));
}

/** {@link encodeBase58}, or null where there are no bytes. */
export function addressOf(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined || bytes.length === 0 ? null : encodeBase58(bytes);
}
