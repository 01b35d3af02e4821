import type { Account } from '../../../../proto/generated/full.js';
import type { Market } from './markets.js';
import type { Token } from './tokens.js';
import type { Venue } from './venues.js';

/** What happens on the chain, before it is written down as a message or as a row. */
export interface TransactionPlan {
  readonly slot: number;
  readonly index: number;
  readonly signature: Uint8Array;
  readonly signer: Uint8Array;
  readonly feePayer: Uint8Array;
  readonly feeLamports: number;
  readonly success: boolean;
  /** The message carries USD fields. */
  readonly usd: boolean;
  readonly trades: readonly TradePlan[];
}

export interface TradePlan {
  readonly instructionIndex: number;
  readonly venue: Venue;
  /** Null for a router's row. */
  readonly market: Market | null;
  /** Currencies of the message's Market; null where a router's row has none. */
  readonly pair: { readonly base: Token; readonly quote: Token } | null;
  readonly bought: Leg;
  readonly sold: Leg;
  /** What the trader did with the base, null where the pair has no side. */
  readonly side: 'buy' | 'sell' | null;
  /** Whose trade it is. */
  readonly trader: Uint8Array;
  readonly fee: bigint;
  readonly royalty: bigint;
  /** Of the order that was filled, on an order book. */
  readonly orderId: Uint8Array | null;
}

export interface Leg {
  readonly token: Token;
  /** In the token's smallest unit. */
  readonly raw: bigint;
  /** The trader's account as the message tells it. */
  readonly account: Account;
}
