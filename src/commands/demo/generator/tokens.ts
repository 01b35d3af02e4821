import bs58 from 'bs58';
import type { Currency } from '../../../../proto/generated/full.js';
import type { GeneratorOptions } from './options.js';
import type { Random } from './random.js';
import { encodePart } from './wire.js';

export interface Token {
  readonly mint: Uint8Array;
  readonly decimals: number;
  readonly symbol: string;
  readonly priceUsd: number;
  /** The chain's own SOL, which lies in the wallet itself and not in a token account. */
  readonly native: boolean;
  /** Message Currency without and with USD fields. */
  readonly currency: Uint8Array;
  readonly currencyUsd: Uint8Array;
}

export interface Tokens {
  readonly nativeSol: Token;
  readonly wrappedSol: Token;
  readonly usdc: Token;
  readonly usdt: Token;
  /** Most traded first. */
  readonly others: readonly Token[];
}

const TOKEN_PROGRAM = bs58.decode('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');
const SYSTEM_PROGRAM = new Uint8Array(32);
const SOL_USD = 187.5;

/** What anyone may call a token: a false SOL, blanks, emoji, a NUL, a right-to-left mark, nothing at all. */
const ODD_NAMES: readonly (readonly [symbol: string, name: string])[] = [
  ['SOL', 'Solana'],
  ['PEPE ', ' Pepe with blanks '],
  ['🚀🌕', 'To the moon 🚀'],
  ['NUL\u0000L', 'A name\u0000with NUL'],
  ['\u202eLOS', 'Right to left'],
  ['', ''],
];

const SYLLABLES = 'ba bo chi da do fu ga go hi ka ko la lo ma mo na no pa pe po ra ri sa shi ta to wa wo za zu'.split(
  ' ',
);

/** `mint` in base58. */
function known(mint: string, decimals: number, symbol: string, name: string, priceUsd: number): Token {
  const bytes = mint === '' ? SYSTEM_PROGRAM : bs58.decode(mint);
  return token(bytes, decimals, priceUsd, mint === '', {
    Name: name,
    Symbol: symbol,
    Native: mint === '',
    Wrapped: symbol === 'WSOL',
    UpdateAuthority: bs58.decode('NativeLoader1111111111111111111111111111111'),
  });
}

function token(mint: Uint8Array, decimals: number, priceUsd: number, native: boolean, fields: Currency): Token {
  const currency: Currency = { ...fields, Decimals: decimals, Fungible: true, MintAddress: mint };
  return {
    mint,
    decimals,
    symbol: fields.Symbol ?? '',
    priceUsd,
    native,
    currency: encodePart('Currency', currency),
    currencyUsd: encodePart('Currency', { ...currency, PriceInUsd: priceUsd, TotalSupplyInUsd: priceUsd * 1e9 }),
  };
}

export function makeTokens(options: GeneratorOptions, random: Random): Tokens {
  const others = Array.from({ length: options.tokens }, (_, rank) => {
    const [symbol, name] = ODD_NAMES[rank - 20] ?? inventName(random);
    // Pump tokens have 6 decimals; a few others have none, or 9, or more than a price can use.
    const decimals = random.chance(0.85) ? 6 : random.pick([0, 2, 5, 8, 9, 9, 18]);
    return token(random.bytes(32), decimals, 10 ** (random.next() * 6 - 5.5), false, {
      Name: name,
      Symbol: symbol,
      Uri: `https://ipfs.io/ipfs/${bs58.encode(random.bytes(34))}`,
      TokenStandard: 'Fungible',
      ProgramAddress: TOKEN_PROGRAM,
      MetadataAddress: random.bytes(32),
      UpdateAuthority: bs58.decode('TSLvdd1pWpHVjahSpsvCXUbgwsL3JAcvokwaKt1eokM'),
      IsMutable: random.chance(0.3),
      TokenCreators: random.chance(0.4) ? [{ Address: random.bytes(32), Share: 100 }] : [],
    });
  });
  return {
    nativeSol: known('', 9, 'SOL', 'Solana', SOL_USD),
    wrappedSol: known('So11111111111111111111111111111111111111112', 9, 'WSOL', 'Wrapped Solana', SOL_USD),
    usdc: known('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', 6, 'USDC', 'USD Coin', 1),
    usdt: known('Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB', 6, 'USDT', 'USDT', 1),
    others,
  };
}

function inventName(random: Random): readonly [symbol: string, name: string] {
  const syllables = Array.from({ length: random.between(2, 4) }, () => random.pick(SYLLABLES));
  const symbol = syllables.join('').toUpperCase().slice(0, 10);
  return [symbol, `The ${syllables.join('')} coin of ${random.pick(SYLLABLES)}${random.pick(SYLLABLES)} island`];
}
