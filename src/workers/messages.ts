/** What crosses between the main thread and a decode worker. Both sides import this file; it holds no behaviour. */

/**
 * Columns of {@link SlabTask.index}, one row of doubles per message, in offset order.
 *
 * `buffer` is 0 for a value packed into `packed`, else 1 + the place of its own buffer in `large`; `start` and `length`
 * are bytes within that buffer; a `length` of -1 is a null value. Keys always lie in `packed`; a `keyLength` of -1 is a
 * null key. `timestampMs` is the record's Kafka timestamp, -1 where the broker gave none.
 */
export const TASK_COLUMN = {
  offset: 0,
  timestampMs: 1,
  buffer: 2,
  start: 3,
  length: 4,
  keyStart: 5,
  keyLength: 6,
} as const;
export const TASK_STRIDE = 7;

/** Sums over recent SOL/stablecoin pool trades: the SOL reference price in USD is `usd / sol`. */
export interface SolVolume {
  /** SOL traded, in SOL. */
  readonly sol: number;
  /** What it was traded for, in USD. */
  readonly usd: number;
  /** Trades that make up the sums. */
  readonly trades: number;
}

/** Consecutive messages of one partition, moved to a worker. */
export interface SlabTask {
  readonly topic: string;
  readonly partition: number;
  /** Messages in the slab, at least 1. */
  readonly messages: number;
  /** `messages` rows of {@link TASK_STRIDE} doubles. */
  readonly index: Float64Array<ArrayBuffer>;
  /** Small values and all keys, end to end. */
  readonly packed: Uint8Array<ArrayBuffer>;
  /** Values too large to copy, each in the buffer it came in. */
  readonly large: readonly Uint8Array<ArrayBuffer>[];
  /**
   * The unbroken run of reading that the slab is a part of, another number for each in this process: results of a run
   * are used in offset order or not at all. 0: of none, and every transaction's rows are written.
   */
  readonly run: number;
  /** Trades seen on the stream before this slab, for the SOL reference price. */
  readonly solVolume: SolVolume;
}

/**
 * Columns of {@link SlabResult.transactions}, one row of doubles per transaction that has trades, in message order.
 *
 * `start` and `end` are bytes in `trades`; they are one and the same for a repeat whose rows were left out because they
 * have been written at a lower offset of the same run. `fingerprint` is a hash below 2^32 of everything that the columns
 * are made of which are a function of the transaction alone; two deliveries with the same key and another fingerprint conflict.
 */
export const TRANSACTION_COLUMN = {
  slot: 0,
  txIndex: 1,
  start: 2,
  end: 3,
  rows: 4,
  fingerprint: 5,
  offset: 6,
} as const;
export const TRANSACTION_STRIDE = 7;

/** The header of a slot's final message. Absent values are null. */
export interface SlotHeader {
  readonly slot: number;
  readonly blockTimeMs: number | null;
  readonly hash: string | null;
  readonly parentSlot: number | null;
  readonly parentHash: string | null;
  readonly height: number | null;
}

/** A message, or a part of one, that no row could be made of. The message is kept whole. */
export interface MessageFailure {
  readonly offset: number;
  /** Kafka timestamp in ms, -1 where there is none. */
  readonly timestampMs: number;
  readonly key: Uint8Array<ArrayBuffer> | null;
  readonly payload: Uint8Array<ArrayBuffer>;
  /** A bounded set of reasons, usable as a metric label: `truncated`, `invalid_wire`, `too_large`, `no_slot`, … */
  readonly errorClass: string;
  /** What was wrong and where, for a person. */
  readonly errorText: string;
}

/** What a worker made of a {@link SlabTask}. */
export interface SlabResult {
  /** Messages seen, empty ones and failed ones included. */
  readonly messages: number;
  readonly emptyMessages: number;
  /** Encoded COPY rows of the trades table (no COPY header, no trailer), end to end. */
  readonly trades: Uint8Array<ArrayBuffer>;
  /** Rows of {@link TRANSACTION_STRIDE} doubles. */
  readonly transactions: Float64Array<ArrayBuffer>;
  readonly slots: readonly SlotHeader[];
  readonly failures: readonly MessageFailure[];
  /** SOL/stablecoin trades of this slab alone. */
  readonly solVolume: SolVolume;
  /** Time the worker spent on the slab, in ms. */
  readonly busyMs: number;
}
