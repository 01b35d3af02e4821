import { invariant } from '../errors.js';
import {
  FIELD_BYTES_MAX,
  putBool,
  putFloat8,
  putInt4,
  putInt8,
  putNull,
  putNumeric,
  putSafeInteger,
  timestampHalves,
} from './copy-fields.js';

const INITIAL_BYTES = 65_536;
const GROWTH = 1.5;
/** A larger buffer is given up once it is taken: a slab of ordinary messages makes a few hundred KiB of rows. */
const KEPT_BYTES_MAX = 16_777_216;

/** Bytes of UTF-8 that one unit of a string may take. */
const UTF8_GROWTH_MAX = 3;
const utf8 = new TextEncoder();

/**
 * One growing buffer of rows in PostgreSQL's binary COPY format. Whole rows are written the fast way: reserve room for
 * the longest the row can become, write its fields behind the position with the functions of copy-fields.ts, advance.
 * Each of the methods writes one field of a value.
 */
export class CopyEncoder {
  /** Replaced when it grows, together with its view. */
  bytes = new Uint8Array(INITIAL_BYTES);
  view = new DataView(this.bytes.buffer);
  #position = 0;

  /** Bytes written. */
  get position(): number {
    return this.#position;
  }

  /** Moves the position behind what has been written there. */
  advance(position: number): void {
    invariant(
      position >= this.#position && position <= this.bytes.length,
      'what was written lies within the room that was reserved',
    );
    this.#position = position;
  }

  /** Takes back everything from `position` on. */
  truncate(position: number): void {
    invariant(position <= this.#position, 'an encoder can only be truncated to a position it has passed');
    this.#position = position;
  }

  /** Everything written, in an ArrayBuffer of its own; the encoder is empty after. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(Buffer.allocUnsafeSlow(this.#position).buffer);
    taken.set(this.bytes.subarray(0, this.#position));
    this.#position = 0;
    if (this.bytes.length > KEPT_BYTES_MAX) this.#replace(INITIAL_BYTES);
    return taken;
  }

  /** Makes room for so many bytes behind the position. */
  reserve(bytes: number): void {
    const needed = this.#position + bytes;
    if (needed > this.bytes.length) this.#replace(Math.max(needed, Math.ceil(this.bytes.length * GROWTH)));
  }

  beginRow(columns: number): void {
    this.reserve(2);
    this.view.setInt16(this.#position, columns);
    this.#position += 2;
  }

  null(): void {
    this.reserve(FIELD_BYTES_MAX);
    this.#position = putNull(this.view, this.#position);
  }

  bool(value: boolean): void {
    this.reserve(FIELD_BYTES_MAX);
    this.#position = putBool(this.view, this.#position, value);
  }

  int4(value: number): void {
    this.reserve(FIELD_BYTES_MAX);
    this.#position = putInt4(this.view, this.#position, value);
  }

  /** A whole number from 0 to 2^53 - 1. */
  int8(value: number): void {
    this.reserve(FIELD_BYTES_MAX);
    this.#position = putSafeInteger(this.view, this.#position, value);
  }

  /** Null for anything that is not a finite number. */
  float8(value: number | null): void {
    this.reserve(FIELD_BYTES_MAX);
    this.#position = putFloat8(this.view, this.#position, value ?? Number.NaN);
  }

  /** An unsigned 64-bit integer, in two halves, as numeric. */
  numeric(high: number, low: number): void {
    this.reserve(FIELD_BYTES_MAX);
    this.#position = putNumeric(this.view, this.#position, high, low);
  }

  text(value: string | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.reserve(4 + UTF8_GROWTH_MAX * value.length);
    const { written } = utf8.encodeInto(value, this.bytes.subarray(this.#position + 4));
    this.view.setInt32(this.#position, written);
    this.#position += 4 + written;
  }

  /** Milliseconds since 1970. */
  timestamptz(value: number | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.reserve(FIELD_BYTES_MAX);
    const { high, low } = timestampHalves(value);
    this.#position = putInt8(this.view, this.#position, high, low);
  }

  #replace(bytes: number): void {
    const replaced = new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
    replaced.set(this.bytes.subarray(0, this.#position));
    this.bytes = replaced;
    this.view = new DataView(replaced.buffer);
  }
}
