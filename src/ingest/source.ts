/** One record as the broker gave it. */
export interface SourceMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Kafka timestamp in ms, -1 where the broker gave none. */
  readonly timestampMs: number;
  readonly key: Uint8Array<ArrayBuffer> | null;
  /** In an ArrayBuffer of its own, which may be moved to another thread. */
  readonly value: Uint8Array<ArrayBuffer> | null;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number;
}

export interface Watermarks {
  readonly low: number;
  readonly high: number;
}

/** Which cluster and which incarnation of the topic offsets belong to; null where the broker gives no such id. */
export interface SourceIdentity {
  readonly clusterId: string | null;
  readonly topicId: string | null;
}

/** Names a partition in maps. */
export const keyOf = ({ topic, partition }: TopicPartition): string => `${partition}/${topic}`;

/** What a source calls. The engine implements it. */
export interface SourceHandler {
  /** What may be received before the memory budget is spent, in bytes; a single larger message may pass alone. */
  readonly freeBytes: number;
  /**
   * Partitions became ours. Answers where each is to start; a partition left out of the answer is not to be read.
   * `signal` aborts when the source gives up waiting (it is stopping).
   */
  assigned(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<TopicPartitionOffset[]>;
  /** Partitions are to be given up: finish what is in flight within the source's budget; `signal` aborts when that is spent. */
  revoked(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<void>;
  /** Partitions are another's already: drop everything of theirs. */
  lost(partitions: readonly TopicPartition[]): void;
  /** Messages in the order they came, each partition's in offset order. */
  messages(messages: readonly SourceMessage[]): void;
  /** Everything up to `offset` (exclusive) was delivered, and the partition holds no more for now. */
  endReached(partition: TopicPartitionOffset): void;
  /** The position asked for is no longer in the source. */
  outOfRange(partition: TopicPartition): void;
  /** The source can go on no longer. */
  failed(error: Error): void;
}

/** Where messages come from: Kafka, or a capture file. */
export interface Source {
  /** Begins to deliver. Rejects where the source cannot be reached or refuses us, with what to do. */
  start(handler: SourceHandler): Promise<void>;
  /** Stop and go for all partitions: nothing is fetched while held, group membership lives on. */
  hold(): void;
  release(): void;
  /** Goes on reading a partition from another offset. Messages of the old position may still be delivered before it resolves, none after. */
  seek(position: TopicPartitionOffset): Promise<void>;
  /** Tells lag tools how far we landed. Best effort. */
  commit(positions: readonly TopicPartitionOffset[]): void;
  watermarks(partition: TopicPartition): Promise<Watermarks>;
  /** Where a partition without a stored position starts: the group's offset, else the configured start. */
  startOffset(partition: TopicPartition, watermarks: Watermarks): Promise<number>;
  /** What the offsets are worth: asked anew each time. Rejects while the source does not answer. */
  identity?(): Promise<SourceIdentity>;
  /** Another engine claimed a partition that the source still counts as ours: settles anew whose it is. */
  fenced(partition: TopicPartition): void;
  /** Stops fetching, gives partitions up through `revoked`, commits, leaves. */
  stop(): Promise<void>;
}
