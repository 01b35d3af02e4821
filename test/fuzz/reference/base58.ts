import bs58 from 'bs58';
import { LRUCache } from 'lru-cache';
import { AddressTooLongError, BASE58_MAX_BYTES } from '../../../src/workers/base58.js';

/** bs58 is slow, and the fuzz has few addresses. */
const known = new LRUCache<string, string>({ max: 10_000 });

/** Base58 of bytes. Throws an {@link AddressTooLongError}. */
export function encodeBase58(bytes: Uint8Array): string {
  if (bytes.length > BASE58_MAX_BYTES) throw new AddressTooLongError(bytes.length);
  const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  let text = known.get(key);
  if (text === undefined) {
    text = bs58.encode(bytes);
    known.set(key, text);
  }
  return text;
}

/** {@link encodeBase58}, or null where there are no bytes. */
export function addressOf(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined || bytes.length === 0 ? null : encodeBase58(bytes);
}
