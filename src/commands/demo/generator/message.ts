import type { ExpectedRow } from './expected-row.js';

/** What a planned bad message is made of. */
export const POISON_KINDS = ['truncated', 'random', 'huge-length', 'no-slot', 'endless-nesting'] as const;

export type PoisonKind = (typeof POISON_KINDS)[number];

/** A trade as one message carries it; repeats carry the same again. */
export interface GeneratedTrade {
  readonly slot: number;
  readonly txIndex: number;
  readonly tradeIndex: number;
  /** The row it must give, worked out when asked for. */
  readonly row: () => ExpectedRow;
}

export interface GeneratedMessage {
  readonly partition: number;
  readonly key: Uint8Array<ArrayBuffer> | null;
  /** Virtual time of the message, ms since the epoch; never less than that of the message before. */
  readonly timestampMs: number;
  readonly value: Uint8Array<ArrayBuffer>;
  readonly slot: number;
  /** Set for a message that must end as a dead letter; it has no trades then. */
  readonly poison: PoisonKind | null;
  readonly transactions: number;
  /** In the order of the message. */
  readonly trades: readonly GeneratedTrade[];
}
