import type { Account } from '../../../../proto/generated/full.js';
import type { Market, Markets } from './markets.js';
import type { GeneratorOptions } from './options.js';
import type { TradePlan, TransactionPlan } from './plan.js';
import { type Random, Zipf } from './random.js';
import type { Token } from './tokens.js';
import type { Venues } from './venues.js';

/** What a transaction does, by running sum of shares: 1.37 trades each on average. The rest goes to order books. */
const CURVE = 0.24;
const POOL = 0.7;
const ROUTED = 0.9;
const ARBITRAGE = 0.95;

/** Who trades, and on whose account. */
interface Actor {
  readonly trader: Uint8Array;
  readonly signer: Uint8Array;
  readonly feePayer: Uint8Array;
}

/** Invents transactions. */
export class Recipes {
  readonly #options: GeneratorOptions;
  readonly #random: Random;
  readonly #markets: Markets;
  readonly #venues: Venues;
  readonly #wallets: readonly Uint8Array[];
  readonly #walletRanks: Zipf;

  constructor(options: GeneratorOptions, venues: Venues, markets: Markets, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#venues = venues;
    this.#markets = markets;
    this.#wallets = Array.from({ length: options.traders }, () => random.bytes(32));
    this.#walletRanks = new Zipf(options.traders, 0.9);
  }

  transaction(slot: number, index: number): TransactionPlan {
    const random = this.#random;
    const actor = this.#actor();
    return {
      slot,
      index,
      signature: random.bytes(64),
      signer: actor.signer,
      feePayer: actor.feePayer,
      feeLamports: 5_000 + (random.chance(0.7) ? random.between(1, 2_000_000) : 0),
      success: !random.chance(this.#options.failedShare),
      usd: random.chance(this.#options.usdShare),
      trades: this.#trades(actor),
    };
  }

  #trades(actor: Actor): TradePlan[] {
    const random = this.#random;
    const instruction = random.between(2, 9);
    const dice = random.next();
    if (dice < CURVE) return [this.#swap(this.#markets.curve(random), actor, instruction)];
    if (dice < POOL) return [this.#swap(this.#markets.pool(random), actor, instruction)];
    if (dice < ROUTED) return this.#routed(actor, instruction);
    if (dice < ARBITRAGE) {
      return [0, 3].map((further) => this.#swap(this.#markets.pool(random), actor, instruction + further));
    }
    return this.#fills(actor, instruction);
  }

  /** Mostly the trader signs and pays; sometimes a relayer does both, or pays only. */
  #actor(): Actor {
    const random = this.#random;
    const trader = this.#wallet();
    const dice = random.next();
    if (dice < 0.94) return { trader, signer: trader, feePayer: trader };
    const relayer = this.#wallet();
    return dice < 0.97 ? { trader, signer: relayer, feePayer: relayer } : { trader, signer: trader, feePayer: relayer };
  }

  #wallet(): Uint8Array {
    const wallet = this.#wallets[this.#walletRanks.draw(this.#random)];
    if (wallet === undefined) throw new Error('a generator needs at least one trader');
    return wallet;
  }

  #swap(market: Market, actor: Actor, instructionIndex: number): TradePlan {
    const random = this.#random;
    const { base, quote, venue } = market;
    const buys = random.chance(0.52);
    const baseRaw = this.#amount(base);
    const quoteRaw = quoteFor(baseRaw, base, quote, random);
    const selfPaired = base === quote || (isSol(base) && isSol(quote));
    const [boughtToken, boughtRaw, soldToken, soldRaw] = buys
      ? [base, baseRaw, quote, quoteRaw]
      : [quote, quoteRaw, base, baseRaw];
    const { bought, sold, trader } = this.#accounts(actor, boughtToken, soldToken);
    return {
      instructionIndex,
      venue,
      market,
      pair: { base, quote },
      bought: { token: boughtToken, raw: boughtRaw, account: bought },
      sold: { token: soldToken, raw: soldRaw, account: sold },
      side: selfPaired ? null : buys ? 'buy' : 'sell',
      trader,
      fee: quoteRaw / 400n,
      royalty: random.chance(0.2) ? quoteRaw / 2_000n : 0n,
      orderId: null,
    };
  }

  /** How the message tells whose the two accounts are, and whose trade that makes it. */
  #accounts(
    actor: Actor,
    boughtToken: Token,
    soldToken: Token,
  ): { bought: Account; sold: Account; trader: Uint8Array } {
    const random = this.#random;
    const { trader, signer } = actor;
    const open = (token: Token): Account => accountOf(trader, token, true);
    const closed = (token: Token): Account => accountOf(trader, token, false);
    const dice = random.next();
    // Both token accounts were closed within the transaction: a native side still tells the wallet, else only the signer is known.
    if (dice < 0.01) {
      const told = boughtToken.native || soldToken.native ? trader : signer;
      return { bought: closed(boughtToken), sold: closed(soldToken), trader: told };
    }
    // A wrapped SOL account lives only as long as the trade; the other side still tells.
    if (dice < 0.2 && boughtToken.symbol === 'WSOL')
      return { bought: closed(boughtToken), sold: open(soldToken), trader };
    if (dice < 0.2 && soldToken.symbol === 'WSOL')
      return { bought: open(boughtToken), sold: closed(soldToken), trader };
    // What was bought goes to someone else, who signs nothing: the one who pays is the trader.
    if (dice < 0.23 && !boughtToken.native && !soldToken.native) {
      return { bought: accountOf(random.bytes(32), boughtToken, true), sold: open(soldToken), trader };
    }
    return { bought: open(boughtToken), sold: open(soldToken), trader };
  }

  /** A router's row beside the legs it was routed to. */
  #routed(actor: Actor, instructionIndex: number): TradePlan[] {
    const random = this.#random;
    const legs = random.chance(0.75) ? 1 : 2;
    const trades = Array.from({ length: legs }, (_, leg) =>
      this.#swap(this.#markets.pool(random), actor, instructionIndex + 1 + leg * 3),
    );
    const soldLeg = (trades[0] as TradePlan).sold;
    const boughtLeg = (trades.at(-1) as TradePlan).bought;
    const { bought, sold, trader } = this.#accounts(actor, boughtLeg.token, soldLeg.token);
    const sameMoney = boughtLeg.token === soldLeg.token || (isSol(boughtLeg.token) && isSol(soldLeg.token));
    const pair = random.chance(0.5) ? { base: boughtLeg.token, quote: soldLeg.token } : null;
    const router: TradePlan = {
      instructionIndex,
      venue: random.pick(this.#venues.routers),
      market: null,
      pair,
      bought: { ...boughtLeg, account: bought },
      sold: { ...soldLeg, account: sold },
      side: pair === null || sameMoney ? null : 'buy',
      trader,
      fee: 0n,
      royalty: 0n,
      orderId: null,
    };
    return random.chance(0.5) ? [router, ...trades] : [...trades, router];
  }

  /** Several orders filled by one instruction: their InstructionIndex is one and the same. */
  #fills(actor: Actor, instructionIndex: number): TradePlan[] {
    const random = this.#random;
    const market = this.#markets.book(random);
    return Array.from({ length: random.between(1, 4) }, () => ({
      ...this.#swap(market, actor, instructionIndex),
      orderId: random.bytes(16),
    }));
  }

  /** Mostly a price's worth; now and then nothing, or more than 2^63. */
  #amount(token: Token): bigint {
    const random = this.#random;
    const dice = random.next();
    if (dice < 0.003) return 0n;
    if (dice < 0.006) return (1n << 63n) + (BigInt(random.bits()) << 30n) + BigInt(random.bits());
    if (dice < 0.007) return (1n << 64n) - 1n;
    const usd = 10 ** (random.next() * 3.5);
    return clamp((usd / token.priceUsd) * 10 ** token.decimals);
  }
}

function quoteFor(baseRaw: bigint, base: Token, quote: Token, random: Random): bigint {
  const usd = (Number(baseRaw) / 10 ** base.decimals) * base.priceUsd * (0.995 + random.next() / 100);
  return clamp((usd / quote.priceUsd) * 10 ** quote.decimals);
}

function clamp(value: number): bigint {
  return value >= 2 ** 64 ? (1n << 64n) - 1n : BigInt(Math.floor(value));
}

/** The wallet itself for native SOL, else its token account; one that is gone has no Token. */
function accountOf(wallet: Uint8Array, token: Token, open: boolean): Account {
  if (token.native) return { Address: wallet, IsSigner: true, IsWritable: true };
  const account = { Address: tokenAccount(wallet, token.mint), IsWritable: true };
  return open ? { ...account, Token: { Mint: token.mint, Owner: wallet, Decimals: token.decimals } } : account;
}

/** One address per wallet and mint, as the chain derives it; only that it is one matters here. */
function tokenAccount(wallet: Uint8Array, mint: Uint8Array): Uint8Array {
  const address = new Uint8Array(32);
  for (let at = 0; at < 32; at++) address[at] = (wallet[at] ?? 0) ^ (mint[31 - at] ?? 0) ^ 0x5a;
  return address;
}

function isSol(token: Token): boolean {
  return token.native || token.symbol === 'WSOL';
}
