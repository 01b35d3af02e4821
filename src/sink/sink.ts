import type { MessageFailure, SlotHeader } from '../workers/messages.js';
import type { RowPlace } from './rows.js';

/** The offset row's answer to a claim: from `nextOffset` on, writes of `epoch` and no other may land. */
export interface Claim {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly nextOffset: number;
  /** The owner before, null where the row is new. */
  readonly previousOwner: string | null;
}

/** Where the offsets of a claim come from; an id is null where the source has none. */
export interface ClaimedSource {
  readonly clusterId: string | null;
  readonly topicId: string | null;
  /** Whether a position that was read from another cluster or topic is to be taken over all the same. */
  readonly acceptOther: boolean;
}

/** A stretch of one partition, ready to land: offsets [from, to), and everything that came of them. */
export interface BatchPart {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  /** Messages in the stretch. */
  readonly messages: number;
  /** Encoded COPY rows, in offset order. */
  readonly trades: readonly Uint8Array[];
  readonly tradeRows: number;
  readonly tradeBytes: number;
  readonly slots: readonly SlotHeader[];
  readonly failures: readonly MessageFailure[];
  /** Kafka timestamps of the oldest and newest message, ms; -1 where unknown. */
  readonly oldestTimestampMs: number;
  readonly newestTimestampMs: number;
}

/** What one transaction is to hold: parts of different partitions of one lane. */
export interface Batch {
  readonly parts: readonly BatchPart[];
}

/** What became of one part. `rewound` and `fenced` parts did not land and never will under this claim. */
export type PartOutcome =
  | {
      readonly kind: 'landed';
      readonly part: BatchPart;
      readonly rowsInserted: number;
      readonly rowsDuplicate: number;
      /** Which rows were inserted, in order: only where that is not all of them, and of a sink that is to tell. */
      readonly places?: readonly RowPlace[];
    }
  | { readonly kind: 'fenced'; readonly part: BatchPart; readonly epoch: number }
  | { readonly kind: 'rewound'; readonly part: BatchPart; readonly nextOffset: number };

export interface TransactionKeys {
  /** Pairs (slot, tx index), end to end. */
  readonly pairs: Float64Array;
}

/** Offsets [from, to) that the source no longer holds. */
export interface Gap {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  /** Whether the position moves over the gap; otherwise only the row is written (once). */
  readonly advance: boolean;
}

/** Where batches land. One implementation: PostgreSQL. */
export interface Sink {
  /** Connects, checks the schema; throws an EngineError that says what to do. */
  open(): Promise<void>;
  /** Stored position of a partition, null where it has none. Retries outages until `signal` aborts. */
  position(topic: string, partition: number, signal: AbortSignal): Promise<number | null>;
  /**
   * Takes the partition over: inserts the offsets row at `start`, or bumps the epoch of the row that is there. Retries
   * outages until `signal` aborts. Rejects with KAFKA_SOURCE_CHANGED where the row's position was read from elsewhere.
   */
  claim(topic: string, partition: number, start: number, signal: AbortSignal, claimed?: ClaimedSource): Promise<Claim>;
  /**
   * Writes a gap row, unless the same one is there, and moves the position over it where `advance` says so, in one
   * transaction. False where the claim no longer holds.
   */
  recordGap(gap: Gap, signal: AbortSignal): Promise<boolean>;
  /** Keys of the partition's last landed transactions, oldest first, at most `limit`. */
  recentTransactions(topic: string, partition: number, limit: number, signal: AbortSignal): Promise<TransactionKeys>;
  /**
   * Lands a batch on a lane, exactly once, or says why not, part by part in the batch's order. Outages are retried until
   * `signal` aborts; an error thrown is one that a person must mend, and nothing of the batch has landed. Calls on one lane
   * must not overlap.
   */
  write(lane: number, batch: Batch, signal: AbortSignal): Promise<PartOutcome[]>;
  close(): Promise<void>;
}
