import { invariant } from '../errors.js';

// Fields of PostgreSQL's binary COPY format: a length, -1 for NULL, and the bytes. Each function writes one at `at`,
// where there must be room, and returns the position after it.

/** Room for any field but a text. */
export const FIELD_BYTES_MAX = 32;
const POSTGRES_EPOCH_MS = 946_684_800_000n;
const NUMERIC_BASE = 10_000;
const NUMERIC_BASE_2 = NUMERIC_BASE ** 2;
const TWO_POW_21 = 2 ** 21;
const TWO_POW_32 = 2 ** 32;

export function putNull(view: DataView, at: number): number {
  view.setInt32(at, -1);
  return at + 4;
}

export function putBool(view: DataView, at: number, value: boolean): number {
  view.setInt32(at, 1);
  view.setUint8(at + 4, value ? 1 : 0);
  return at + 5;
}

export function putInt4(view: DataView, at: number, value: number): number {
  view.setInt32(at, 4);
  view.setInt32(at + 4, value);
  return at + 8;
}

/** An integer from two halves. */
export function putInt8(view: DataView, at: number, high: number, low: number): number {
  view.setInt32(at, 8);
  view.setInt32(at + 4, high);
  view.setInt32(at + 8, low);
  return at + 12;
}

/** A whole number from 0 to 2^53 - 1. */
export function putSafeInteger(view: DataView, at: number, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) invariant(false, `an int8 column got ${value}`);
  return putInt8(view, at, Math.floor(value / TWO_POW_32), value >>> 0);
}

/** NULL for anything that is not a finite number. */
export function putFloat8(view: DataView, at: number, value: number): number {
  if (!Number.isFinite(value)) return putNull(view, at);
  view.setInt32(at, 8);
  view.setFloat64(at + 4, value);
  return at + 12;
}

/** Microseconds since 2000 of milliseconds since 1970: a timestamptz, to be put by {@link putInt8}. */
export function timestampHalves(ms: number): { readonly high: number; readonly low: number } {
  const microseconds = (BigInt(ms) - POSTGRES_EPOCH_MS) * 1_000n;
  return { high: Number(microseconds >> 32n), low: Number(BigInt.asIntN(32, microseconds)) };
}

/** An unsigned 64-bit integer, in two halves, as numeric. */
export function putNumeric(view: DataView, at: number, high: number, low: number): number {
  const upper = high >>> 0;
  if (upper >= TWO_POW_21) return putLargeNumeric(view, at, upper, low >>> 0);
  const value = upper * TWO_POW_32 + (low >>> 0);
  const top = Math.floor(value / NUMERIC_BASE_2) | 0;
  const bottom = (value - top * NUMERIC_BASE_2) | 0;
  const third = (top / NUMERIC_BASE) | 0;
  const first = (bottom / NUMERIC_BASE) | 0;
  return putDigits(view, at, 0, third, top - third * NUMERIC_BASE, first, bottom - first * NUMERIC_BASE);
}

/** From 2^53 on: the lowest digit first by long division, with every step below 2^53; the rest fits. */
function putLargeNumeric(view: DataView, at: number, high: number, low: number): number {
  const quotient = Math.floor(high / NUMERIC_BASE);
  const rest = (high - quotient * NUMERIC_BASE) * TWO_POW_32 + low;
  const lower = Math.floor(rest / NUMERIC_BASE);
  const zeroth = rest - lower * NUMERIC_BASE;
  const value = quotient * TWO_POW_32 + lower; // below 2^64 / 10,000
  const top = Math.floor(value / NUMERIC_BASE_2);
  const bottom = (value - top * NUMERIC_BASE_2) | 0;
  const fourth = Math.floor(top / NUMERIC_BASE);
  const second = (bottom / NUMERIC_BASE) | 0;
  return putDigits(view, at, fourth, top - fourth * NUMERIC_BASE, second, bottom - second * NUMERIC_BASE, zeroth);
}

/** Digits to the base of 10,000, the highest first; zeros at either end are not written. */
function putDigits(view: DataView, at: number, d4: number, d3: number, d2: number, d1: number, d0: number): number {
  const highest = d4 > 0 ? 4 : d3 > 0 ? 3 : d2 > 0 ? 2 : d1 > 0 ? 1 : d0 > 0 ? 0 : -1;
  const lowest = d0 > 0 ? 0 : d1 > 0 ? 1 : d2 > 0 ? 2 : d3 > 0 ? 3 : 4;
  const count = Math.max(highest - lowest + 1, 0);
  view.setInt32(at, 8 + 2 * count);
  view.setInt16(at + 4, count);
  view.setInt16(at + 6, Math.max(highest, 0)); // weight of the first digit
  view.setInt32(at + 8, 0); // positive, no decimals shown
  let to = at + 12;
  for (let digit = highest; digit >= lowest; digit--) {
    view.setInt16(to, digit === 0 ? d0 : digit === 1 ? d1 : digit === 2 ? d2 : digit === 3 ? d3 : d4);
    to += 2;
  }
  return to;
}

/** A text of ASCII, as its bytes. */
export function putAscii(view: DataView, at: number, text: Uint8Array): number {
  view.setInt32(at, text.length);
  for (let i = 0; i < text.length; i++) view.setUint8(at + 4 + i, text[i]!);
  return at + 4 + text.length;
}
