import type { Long64 } from '../../../proto/generated/projection.js';

const TWO_POW_32 = 2 ** 32;
/** Powers of ten that a double holds exactly. */
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** The double nearest to an unsigned 64-bit integer. */
export function unsignedOf(value: Long64): number {
  return (value.high >>> 0) * TWO_POW_32 + (value.low >>> 0);
}

/** An unsigned 64-bit integer as a number, null above 2^53 - 1. */
export function safeIntegerOf(value: Long64): number | null {
  const number = unsignedOf(value);
  return Number.isSafeInteger(number) ? number : null;
}

/** A signed 64-bit integer as the nearest double. */
export function signedOf(value: Long64): number {
  return value.high * TWO_POW_32 + (value.low >>> 0);
}

/** A raw amount in whole tokens. */
export function unitsOf(raw: Long64, decimals: number): number {
  const power = POWERS_OF_TEN[decimals];
  return power === undefined ? Number(`${unsignedOf(raw)}e-${decimals}`) : unsignedOf(raw) / power;
}
