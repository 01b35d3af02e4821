import { invariant } from '../../../src/errors.js';

const INITIAL_BYTES = 65_536;
const GROWTH = 1.5;
const POSTGRES_EPOCH_MS = 946_684_800_000n;
const NUMERIC_BASE = 10_000;
const NUMERIC_DIGITS_MAX = 5; // base-10000 digits of an unsigned 64-bit integer

/**
 * Writes rows in PostgreSQL's binary COPY format into one growing buffer. Each method writes one field, a length and
 * its bytes; null is a length of -1.
 */
export class PlainEncoder {
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #position = 0;
  readonly #digits = new Uint16Array(NUMERIC_DIGITS_MAX);

  /** Bytes written. */
  get position(): number {
    return this.#position;
  }

  /** Takes back everything from `position` on. */
  truncate(position: number): void {
    invariant(position <= this.#position, 'an encoder can only be truncated to a position it has passed');
    this.#position = position;
  }

  /** Everything written, in an ArrayBuffer of its own; the encoder is empty after. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#position);
    bytes.set(this.#buffer.subarray(0, this.#position));
    this.#position = 0;
    return bytes;
  }

  beginRow(columns: number): void {
    this.#reserve(2);
    this.#position = this.#buffer.writeInt16BE(columns, this.#position);
  }

  null(): void {
    this.#reserve(4);
    this.#position = this.#buffer.writeInt32BE(-1, this.#position);
  }

  bool(value: boolean): void {
    this.#length(1);
    this.#buffer[this.#position++] = value ? 1 : 0;
  }

  int4(value: number): void {
    this.#length(4);
    this.#position = this.#buffer.writeInt32BE(value, this.#position);
  }

  /** A whole number from 0 to 2^53 - 1. */
  int8(value: number): void {
    invariant(Number.isSafeInteger(value) && value >= 0, `an int8 column got ${value}`);
    this.#length(8);
    this.#position = this.#buffer.writeUInt32BE(Math.floor(value / 2 ** 32), this.#position);
    this.#position = this.#buffer.writeUInt32BE(value >>> 0, this.#position);
  }

  /** Null for anything that is not a finite number. */
  float8(value: number | null): void {
    if (value === null || !Number.isFinite(value)) {
      this.null();
      return;
    }
    this.#length(8);
    this.#position = this.#buffer.writeDoubleBE(value, this.#position);
  }

  /** An unsigned 64-bit integer, in two halves, as numeric. */
  numeric(high: number, low: number): void {
    let count = splitDigits(high >>> 0, low >>> 0, this.#digits);
    const weight = Math.max(count - 1, 0);
    let lowest = 0;
    while (lowest < count && this.#digits[lowest] === 0) lowest++;
    count -= lowest;
    this.#length(8 + 2 * count);
    const buffer = this.#buffer;
    let at = buffer.writeInt16BE(count, this.#position);
    at = buffer.writeInt16BE(weight, at);
    at = buffer.writeInt16BE(0, at); // positive
    at = buffer.writeInt16BE(0, at); // no decimals shown
    for (let i = lowest + count - 1; i >= lowest; i--) at = buffer.writeInt16BE(this.#digits[i]!, at);
    this.#position = at;
  }

  text(value: string | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.#reserve(4 + 3 * value.length);
    const bytes = this.#buffer.write(value, this.#position + 4, 'utf8');
    this.#buffer.writeInt32BE(bytes, this.#position);
    this.#position += 4 + bytes;
  }

  /** Milliseconds since 1970. */
  timestamptz(value: number | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.#length(8);
    const microseconds = (BigInt(value) - POSTGRES_EPOCH_MS) * 1_000n;
    this.#position = this.#buffer.writeBigInt64BE(microseconds, this.#position);
  }

  #length(bytes: number): void {
    this.#reserve(4 + bytes);
    this.#position = this.#buffer.writeInt32BE(bytes, this.#position);
  }

  #reserve(bytes: number): void {
    const needed = this.#position + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.ceil(this.#buffer.length * GROWTH)));
    this.#buffer.copy(grown, 0, 0, this.#position);
    this.#buffer = grown;
  }
}

/** Base-10000 digits of high * 2^32 + low, lowest first; returns how many. Every step stays below 2^53. */
function splitDigits(high: number, low: number, digits: Uint16Array): number {
  let count = 0;
  while (high > 0 || low > 0) {
    const rest = (high % NUMERIC_BASE) * 2 ** 32 + low;
    high = Math.floor(high / NUMERIC_BASE);
    low = Math.floor(rest / NUMERIC_BASE);
    digits[count++] = rest % NUMERIC_BASE;
  }
  return count;
}
