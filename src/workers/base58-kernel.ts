/**
 * Base58 of 32 and 64 bytes without long division, after Firedancer's fd_base58 (src/ballet/base58 of
 * firedancer-io/firedancer, Apache-2.0): the bytes as limbs times a precomputed matrix give limbs in base 58^5, which
 * fall into digits two at a time. Limbs of 16 bits instead of 32 keep every product and every sum below 2^53, so that
 * doubles hold them exactly.
 */
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const ONE = 0x31;
const LIMB_DIGITS = 5;
const LIMB_BASE = 58 ** LIMB_DIGITS;
const PAIR_BASE = 58 * 58;

/** Two digits, the first in the high byte. */
const PAIRS = Uint16Array.from({ length: PAIR_BASE }, (_, value) => {
  return (ALPHABET.charCodeAt(Math.floor(value / 58)) << 8) | ALPHABET.charCodeAt(value % 58);
});

/** What it takes to encode values of one length. */
interface Kernel {
  /** Limbs of 16 bits, the first one the highest. */
  readonly words: Float64Array;
  /** Row after row, for each limb in base 58^5 from the highest on, what each word adds to it. */
  readonly matrix: Float64Array;
  /** Digits at most: 5 times the limbs. */
  readonly digits: Uint8Array;
  readonly digitsView: DataView;
}

/** `limbs`: how many limbs in base 58^5 hold any value of so many bytes. */
function kernelOf(bytes: number, limbs: number): Kernel {
  const words = bytes / 2;
  const matrix = new Float64Array(words * limbs);
  for (let word = 0; word < words; word++) {
    let rest = 1n << BigInt(16 * (words - 1 - word));
    for (let limb = limbs - 1; limb >= 0; limb--) {
      matrix[limb * words + word] = Number(rest % BigInt(LIMB_BASE));
      rest /= BigInt(LIMB_BASE);
    }
  }
  const digits = new Uint8Array(limbs * LIMB_DIGITS);
  return { words: new Float64Array(words), matrix, digits, digitsView: new DataView(digits.buffer) };
}

const KERNEL_32 = kernelOf(32, 9);
const KERNEL_64 = kernelOf(64, 18);

/** Writes base58 of 32 bytes, at most 44 characters, into `target`. Returns the position after it. */
export function writeBase58Of32(source: DataView, start: number, target: Uint8Array, at: number): number {
  return writeDigits(KERNEL_32, source, start, target, at);
}

/** Writes base58 of 64 bytes, at most 88 characters, into `target`. Returns the position after it. */
export function writeBase58Of64(source: DataView, start: number, target: Uint8Array, at: number): number {
  return writeDigits(KERNEL_64, source, start, target, at);
}

function writeDigits(kernel: Kernel, source: DataView, start: number, target: Uint8Array, at: number): number {
  const { words, digits } = kernel;
  for (let word = 0; word < words.length; word++) words[word] = source.getUint16(start + 2 * word);
  toDigits(words, kernel.matrix, digits, kernel.digitsView);
  let skipped = 0;
  while (skipped < digits.length && digits[skipped] === ONE) skipped++;
  // A leading zero byte is a leading one; the digits have at least as many.
  for (let zero = start; zero < start + 2 * words.length && source.getUint8(zero) === 0; zero++) skipped--;
  for (let digit = skipped; digit < digits.length; digit++) target[at++] = digits[digit]!;
  return at;
}

/** Fills `digits`, leading ones included, from the lowest limb up. */
function toDigits(words: Float64Array, matrix: Float64Array, digits: Uint8Array, view: DataView): void {
  const count = words.length;
  const limbs = digits.length / LIMB_DIGITS;
  let carry = 0;
  for (let limb = limbs - 1; limb >= 0; limb--) {
    let row = limb * count;
    // The upper limbs only have a part in the upper words; two sums do not wait for each other.
    const used = Math.min(count, 2 * limb + 2);
    let even = 0;
    let odd = 0;
    for (let word = 0; word < used; word += 2, row += 2) {
      even += words[word]! * matrix[row]!;
      odd += words[word + 1]! * matrix[row + 1]!;
    }
    const sum = even + odd + carry;
    carry = Math.floor(sum / LIMB_BASE);
    const value = (sum - carry * LIMB_BASE) | 0;
    const high = (value / PAIR_BASE) | 0;
    const first = (high / PAIR_BASE) | 0;
    const end = limb * LIMB_DIGITS;
    view.setUint16(end + 3, PAIRS[value - high * PAIR_BASE]!);
    view.setUint16(end + 1, PAIRS[high - first * PAIR_BASE]!);
    digits[end] = PAIRS[first]!; // its low byte is the digit
  }
}
