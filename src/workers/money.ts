import bs58 from 'bs58';

const MINT_BYTES = 32;

/** What is known of a mint: 0 for most, else whether it is SOL, native or wrapped, or a coin taken at 1.00 USD. */
export const MONEY = { other: 0, nativeSol: 1, wrappedSol: 2, stablecoin: 3 } as const;

const KNOWN_MINTS: readonly (readonly [mint: string, money: number])[] = [
  ['11111111111111111111111111111111', MONEY.nativeSol],
  ['So11111111111111111111111111111111111111112', MONEY.wrappedSol],
  ['EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', MONEY.stablecoin], // USDC
  ['Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB', MONEY.stablecoin], // USDT
  ['2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo', MONEY.stablecoin], // PYUSD
  ['USD1ttGY1N17NEEHLmELoaybftRBUSErhqYiQzvEmuB', MONEY.stablecoin], // USD1
  ['2u1tszSeqZ3qBWF3uNGPFc8TzMk2tdiwknnRMWGWjGWH', MONEY.stablecoin], // USDG
];

/** The known mints, end to end, and what each is. */
const mints = new Uint8Array(KNOWN_MINTS.length * MINT_BYTES);
const moneys = new Uint8Array(KNOWN_MINTS.length);
/** 1 for the first bytes that a known mint has: most others are told apart by one look. */
const isFirstByte = new Uint8Array(256);
for (const [i, [mint, money]] of KNOWN_MINTS.entries()) {
  const bytes = bs58.decode(mint);
  mints.set(bytes, i * MINT_BYTES);
  moneys[i] = money;
  isFirstByte[bytes[0]!] = 1;
}

/** Which of {@link MONEY} the mint at `at` is. */
export function moneyOf(bytes: Uint8Array, at: number, length: number): number {
  if (length !== MINT_BYTES || isFirstByte[bytes[at]!] === 0) return MONEY.other;
  for (let known = 0; known < moneys.length; known++) {
    if (mints[known * MINT_BYTES] === bytes[at] && isSame(mints, known * MINT_BYTES, bytes, at, MINT_BYTES)) {
      return moneys[known]!;
    }
  }
  return MONEY.other;
}

export function isSol(money: number): boolean {
  return money === MONEY.nativeSol || money === MONEY.wrappedSol;
}

function isSame(one: Uint8Array, at: number, other: Uint8Array, otherAt: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (one[at + i] !== other[otherAt + i]) return false;
  return true;
}

/** Whether two stretches of bytes are there and hold the same. */
export function isSameKey(
  bytes: Uint8Array,
  at: number,
  length: number,
  otherAt: number,
  otherLength: number,
): boolean {
  return length > 0 && length === otherLength && isSame(bytes, at, bytes, otherAt, length);
}
