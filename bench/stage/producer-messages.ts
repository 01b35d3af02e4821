/** What crosses between the bench and its producer's process. */

export interface ProducerPlan {
  /** librdkafka properties that reach the broker. */
  readonly kafka: Readonly<Record<string, unknown>>;
  readonly topic: string;
  readonly partitions: number;
  /** Holds the corpus, as `writeCorpus` wrote it. */
  readonly corpusFile: string;
}

export type ToProducer =
  | { readonly kind: 'open'; readonly plan: ProducerPlan }
  /** Sends as fast as it goes until a partition got this much, uncompressed, or so many bytes were sent in all. */
  | { readonly kind: 'burst'; readonly partitionBytes: number; readonly bytes: number }
  /** Sends at a fixed pace, each message at its own time whatever became of the ones before. */
  | { readonly kind: 'pace'; readonly rate: number; readonly seconds: number; readonly aheadBytes: number | null }
  /** Everything below has landed; makes room where `aheadBytes` holds the producer back. */
  | { readonly kind: 'landed'; readonly nextOffsets: readonly (readonly [partition: number, nextOffset: number])[] };

/** What was sent and acknowledged. Arrays hold one entry per message. */
export interface Sent {
  readonly messages: number;
  readonly bytes: number;
  readonly trades: number;
  readonly newTrades: number;
  /** Of the stream, by its own clock. */
  readonly streamMs: number;
  readonly partitions: Int32Array;
  readonly offsets: Float64Array;
  /** When each was due, which is its Kafka timestamp, ms since the epoch. */
  readonly dueMs: Float64Array;
  /** When each was handed to the client, and when the broker's answer was seen. */
  readonly sentMs: Float64Array;
  readonly acknowledgedMs: Float64Array;
}

export type FromProducer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'sent'; readonly sent: Sent }
  | { readonly kind: 'failed'; readonly text: string };
