import bs58 from 'bs58';
import * as engine from '../../src/workers/base58.js';
import type { Case, Group, Work } from './rounds.js';

/** Random bytes from a seed, other ones in every round, so that no memory of texts can help where it would not in truth. */
function keysOf(seed: number, count: number, bytes: number): Uint8Array[] {
  let state = (seed * 2_654_435_761 + bytes) >>> 0 || 1;
  return Array.from({ length: count }, () =>
    Uint8Array.from({ length: bytes }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state & 0xff;
    }),
  );
}

const encodeAsBigInt = (bytes: Uint8Array): string => {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (; value > 0n; value /= 58n) text = alphabet[Number(value % 58n)] + text;
  for (let zero = 0; zero < bytes.length && bytes[zero] === 0; zero++) text = `1${text}`;
  return text;
};

/** Ways to write 32 bytes (an address) or 64 (a signature) as base58. */
export function base58Group(bytes: 32 | 64, count: number, rounds: number): Group {
  const sets = Array.from({ length: rounds }, (_, round) => keysOf(round + 1, count, bytes));
  const one = (key: string, name: string, encode: (bytes: Uint8Array) => unknown): Case => ({
    key,
    name,
    run: (round): Work => {
      const keys = sets[round % sets.length]!;
      for (const value of keys) encode(value);
      return { bytes: keys.length * bytes, items: keys.length };
    },
  });
  return {
    key: `base58_${bytes}`,
    title: `Base58 of ${bytes} bytes: ${count.toLocaleString('en-US')} random ones, other ones every round`,
    item: 'key',
    cases: [
      one('engine', 'engine (encodeBase58)', engine.encodeBase58),
      one('bs58', 'bs58', (value) => bs58.encode(value)),
      one('bigint', 'BigInt', encodeAsBigInt),
    ],
  };
}
