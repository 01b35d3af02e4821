import { POISON_KINDS, type PoisonKind } from './message.js';
import type { Random } from './random.js';
import { concatenate, encodePart, lengthDelimited } from './wire.js';

/** Below this there is nothing in a message worth cutting. */
const CUT_BYTES_MIN = 1_000;

/**
 * A message that no reader can make rows of, by whatever rules it reads. `victim` is the value of a good message, null
 * where there is none yet.
 */
export function poison(
  victim: Uint8Array | null,
  random: Random,
): { kind: PoisonKind; value: Uint8Array<ArrayBuffer> } {
  const kind = random.pick(POISON_KINDS);
  switch (kind) {
    case 'truncated':
      if (victim === null || victim.length < CUT_BYTES_MIN) return { kind: 'random', value: noise(random) };
      return { kind, value: truncated(victim) };
    case 'random':
      return { kind, value: noise(random) };
    case 'huge-length':
      // A field that claims 4 GiB less one byte, of which a few are there.
      return { kind, value: concatenate([Uint8Array.of(0x12, 0xff, 0xff, 0xff, 0xff, 0x0f), random.bytes(16)]) };
    case 'no-slot': {
      const transaction = encodePart('ParsedDexTransaction', { Index: 7, Trades: [{ InstructionIndex: 1 }] });
      return { kind, value: lengthDelimited(2, [transaction]) };
    }
    case 'endless-nesting':
      // Groups that open and never close.
      return { kind, value: new Uint8Array(20_000).fill(0x7b) };
  }
}

/** Ends a byte before its last field does, wherever that field began. */
function truncated(victim: Uint8Array): Uint8Array<ArrayBuffer> {
  return victim.slice(0, -1);
}

/** Random bytes behind a tag of a wire type that does not exist. */
function noise(random: Random): Uint8Array<ArrayBuffer> {
  const bytes = random.bytes(random.between(8, 400));
  bytes[0] = 0x0f;
  return bytes;
}
