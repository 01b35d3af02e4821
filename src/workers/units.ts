const TWO_POW_32 = 2 ** 32;
/** Powers of ten that a double holds exactly. */
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** The double nearest to an unsigned 64-bit integer of two halves. */
export function unsignedOf(high: number, low: number): number {
  return (high >>> 0) * TWO_POW_32 + (low >>> 0);
}

/** An unsigned 64-bit integer as a number, null above 2^53 - 1. */
export function safeIntegerOf(high: number, low: number): number | null {
  const number = unsignedOf(high, low);
  return Number.isSafeInteger(number) ? number : null;
}

/** A signed 64-bit integer as the nearest double. */
export function signedOf(high: number, low: number): number {
  return (high | 0) * TWO_POW_32 + (low >>> 0);
}

/** A raw amount in whole tokens. */
export function unitsOf(raw: number, decimals: number): number {
  const power = POWERS_OF_TEN[decimals];
  return power === undefined ? Number(`${raw}e-${decimals}`) : raw / power;
}
