import bs58 from 'bs58';

const MINT_BYTES = 32;
const MINT_WORDS = MINT_BYTES / 4;

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

/** The known mints, end to end, as words, and what each is. */
const mints = new Int32Array(KNOWN_MINTS.length * MINT_WORDS);
const moneys = new Uint8Array(KNOWN_MINTS.length);
/** 1 for the first bytes that a known mint has: most others are told apart by one look. */
const isFirstByte = new Uint8Array(256);
for (const [i, [mint, money]] of KNOWN_MINTS.entries()) {
  const bytes = bs58.decode(mint);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let word = 0; word < MINT_WORDS; word++) mints[i * MINT_WORDS + word] = view.getInt32(4 * word);
  moneys[i] = money;
  isFirstByte[bytes[0]!] = 1;
}

/** Which of {@link MONEY} the mint at `at` is. */
export function moneyOf(source: DataView, at: number, length: number): number {
  if (length !== MINT_BYTES || isFirstByte[source.getUint8(at)] === 0) return MONEY.other;
  const first = source.getInt32(at);
  for (let known = 0; known < moneys.length; known++) {
    if (mints[known * MINT_WORDS] === first && isMint(known * MINT_WORDS, source, at)) return moneys[known]!;
  }
  return MONEY.other;
}

function isMint(place: number, source: DataView, at: number): boolean {
  for (let word = 1; word < MINT_WORDS; word++) {
    if (mints[place + word] !== source.getInt32(at + 4 * word)) return false;
  }
  return true;
}

export function isSol(money: number): boolean {
  return money === MONEY.nativeSol || money === MONEY.wrappedSol;
}

/** Whether two stretches of bytes are there and hold the same. */
export function isSameKey(source: DataView, at: number, length: number, otherAt: number, otherLength: number): boolean {
  if (length === 0 || length !== otherLength) return false;
  let i = 0;
  for (; i + 4 <= length; i += 4) if (source.getInt32(at + i) !== source.getInt32(otherAt + i)) return false;
  for (; i < length; i++) if (source.getUint8(at + i) !== source.getUint8(otherAt + i)) return false;
  return true;
}
