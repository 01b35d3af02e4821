import type { Account } from '../../../../proto/generated/full.js';
import type { GeneratorOptions } from './options.js';
import { type Random, Zipf } from './random.js';
import type { Token, Tokens } from './tokens.js';
import type { Venue, Venues } from './venues.js';
import { concatenate, encodePart, lengthDelimited } from './wire.js';

/** A pool, a bonding curve or an order book. */
export interface Market {
  readonly venue: Venue;
  readonly address: Uint8Array;
  readonly base: Token;
  readonly quote: Token;
  /** Message DexMarket without and with USD fields. */
  readonly market: Uint8Array;
  readonly marketUsd: Uint8Array;
  readonly baseVault: Account;
  readonly quoteVault: Account;
  /** What its instructions touch besides the trader's own, as field Accounts of an instruction and of a transaction header. */
  readonly instructionAccounts: Uint8Array;
  readonly headerAccounts: Uint8Array;
}

const INSTRUCTION_ACCOUNTS = 9;
const HEADER_ACCOUNTS = 6;
/** Accounts of an instruction that are the trader's own: wallet and two token accounts. */
export const TRADER_ACCOUNTS = 3;

export function makeDexMarket(address: Uint8Array, base: Uint8Array, quote: Uint8Array): Uint8Array {
  const parts = address.length === 0 ? [] : [lengthDelimited(1, [address])];
  return concatenate([...parts, lengthDelimited(2, [base]), lengthDelimited(3, [quote])]);
}

/** Draws markets: few of them make most of the trades. */
export class Markets {
  readonly #curves: readonly Market[];
  readonly #pools: readonly Market[];
  readonly #books: readonly Market[];
  readonly #curveRanks: Zipf;
  readonly #poolRanks: Zipf;

  constructor(options: GeneratorOptions, venues: Venues, tokens: Tokens, random: Random) {
    const { nativeSol, wrappedSol, usdc, usdt, others } = tokens;
    const make = (list: readonly Venue[], base: Token, quote: Token): Market =>
      makeMarket(random.pick(list), base, quote, random);
    const majors = [
      ...[1, 2, 3].map(() => make(venues.pools, wrappedSol, usdc)),
      make(venues.pools, usdc, wrappedSol),
      make(venues.pools, wrappedSol, usdt),
      make(venues.pools, usdt, usdc),
    ];
    const minors = others.map((token) => {
      const quote = random.chance(0.85) ? wrappedSol : random.pick([usdc, usdt]);
      return random.chance(0.06) ? make(venues.pools, quote, token) : make(venues.pools, token, quote);
    });
    // A pool of a token against itself, and one of both kinds of SOL.
    const selfPaired = [make(venues.pools, usdc, usdc), make(venues.pools, wrappedSol, nativeSol)];
    this.#pools = [...minors.slice(0, 4), ...majors, ...minors.slice(4, 40), ...selfPaired, ...minors.slice(40)];
    this.#curves = others.slice(0, Math.ceil(options.tokens / 2)).map((token) => make(venues.curves, token, nativeSol));
    this.#books = [wrappedSol, ...others.slice(0, 7)].map((token) => make(venues.books, token, usdc));
    this.#poolRanks = new Zipf(this.#pools.length, 1);
    this.#curveRanks = new Zipf(this.#curves.length, 0.8);
  }

  pool(random: Random): Market {
    return at(this.#pools, this.#poolRanks.draw(random));
  }

  curve(random: Random): Market {
    return at(this.#curves, this.#curveRanks.draw(random));
  }

  book(random: Random): Market {
    return random.pick(this.#books);
  }
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`no item ${index} of ${items.length}`);
  return item;
}

function makeMarket(venue: Venue, base: Token, quote: Token, random: Random): Market {
  const address = random.bytes(32);
  const vault = (token: Token): Account => ({
    Address: token.native ? address : random.bytes(32),
    IsWritable: true,
    ...(token.native ? {} : { Token: { Mint: token.mint, Owner: address, Decimals: token.decimals } }),
  });
  const baseVault = vault(base);
  const quoteVault = vault(quote);
  const others: Account[] = [{ Address: address, IsWritable: true }, baseVault, quoteVault];
  others.push({ Address: venue.address });
  while (others.length < venue.accounts - TRADER_ACCOUNTS) {
    const token = random.chance(0.2) ? { Token: { Mint: quote.mint, Owner: random.bytes(32), Decimals: 9 } } : {};
    others.push({ Address: random.bytes(32), ...token });
  }
  const encoded = others.map((account) => encodePart('Account', account));
  return {
    venue,
    address,
    base,
    quote,
    market: makeDexMarket(address, base.currency, quote.currency),
    marketUsd: makeDexMarket(address, base.currencyUsd, quote.currencyUsd),
    baseVault,
    quoteVault,
    instructionAccounts: repeated(INSTRUCTION_ACCOUNTS, encoded),
    headerAccounts: repeated(HEADER_ACCOUNTS, encoded),
  };
}

function repeated(field: number, messages: readonly Uint8Array[]): Uint8Array {
  return concatenate(messages.map((message) => lengthDelimited(field, [message])));
}
