import { setTimeout as delay } from 'node:timers/promises';
import { EngineError } from '../errors.js';
import { CaptureReader } from './capture-file.js';
import type {
  Source,
  SourceHandler,
  SourceMessage,
  TopicPartition,
  TopicPartitionOffset,
  Watermarks,
} from './source.js';

interface Captured extends TopicPartition {
  low: number;
  high: number;
  /** Messages before this offset are passed over. */
  next: number;
}

const DELIVERY_BYTES = 4_194_304;
const HOLD_POLL_MS = 2;

/**
 * A capture file as a {@link Source}: every partition in it is assigned at the start and read once through. A seek back
 * starts the file over; what other partitions have had already is passed over.
 */
export class CaptureSource implements Source {
  /** Resolves when everything in the file was delivered, rejects where the file is damaged. */
  readonly finished: Promise<void>;
  readonly #reader: CaptureReader;
  readonly #partitions: Map<number, Captured>;
  readonly #stopping = new AbortController();
  #handler: SourceHandler | null = null;
  readonly #seeks: { partition: number; offset: number; done: () => void }[] = [];
  #held = false;
  #atEnd = false;
  #loop: Promise<void> = Promise.resolve();
  #finish: () => void = () => {};
  #fail: (error: unknown) => void = () => {};

  private constructor(reader: CaptureReader, partitions: Map<number, Captured>) {
    this.#reader = reader;
    this.#partitions = partitions;
    this.finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.finished.catch(() => {}); // whoever waits for it hears of it; nobody has to
  }

  /** Reads the file once to learn which offsets it holds. Throws CAPTURE_INVALID where it is damaged. */
  static async open(path: string): Promise<CaptureSource> {
    const reader = await CaptureReader.open(path);
    const partitions = new Map<number, Captured>();
    for (let message = await reader.next(); message !== null; message = await reader.next()) {
      const { topic, partition, offset } = message;
      const known = partitions.get(partition);
      if (known === undefined)
        partitions.set(partition, { topic, partition, low: offset, high: offset + 1, next: offset });
      else known.high = Math.max(known.high, offset + 1);
    }
    reader.rewind();
    return new CaptureSource(reader, partitions);
  }

  /** Partitions of the file with their ends. */
  get partitions(): readonly { readonly partition: number; readonly high: number }[] {
    return [...this.#partitions.values()];
  }

  get topic(): string {
    return this.#reader.topic;
  }

  get connected(): boolean {
    return !this.#stopping.signal.aborted;
  }

  get steady(): boolean {
    return this.#handler !== null;
  }

  get lastPollAt(): number {
    return Date.now();
  }

  async start(handler: SourceHandler): Promise<void> {
    this.#handler = handler;
    const starts = await handler.assigned([...this.#partitions.values()], this.#stopping.signal);
    const assigned = new Map(starts.map((start) => [start.partition, start.offset]));
    for (const captured of this.#partitions.values()) {
      captured.next = assigned.get(captured.partition) ?? Number.POSITIVE_INFINITY;
    }
    this.#loop = this.#deliver().catch((error: unknown) => {
      this.#fail(error);
      handler.failed(error as Error);
    });
  }

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
  }

  /** Takes effect between two reads, so that none of the old position follows it. */
  seek({ partition, offset }: TopicPartitionOffset): Promise<void> {
    return new Promise((resolve) => this.#seeks.push({ partition, offset, done: resolve }));
  }

  /** A file has no group that could tell whose the partition is. */
  fenced({ topic, partition }: TopicPartition): void {
    const text = `partition ${partition} of ${topic} was claimed by another engine in the same group: give the replay a KAFKA_GROUP_ID of its own`;
    this.#handler?.failed(new EngineError('DATABASE_FENCED', text));
  }

  /** A file needs no commits. */
  commit(): void {}

  async watermarks({ partition }: TopicPartition): Promise<Watermarks> {
    const { low, high } = this.#partitions.get(partition) ?? { low: 0, high: 0 };
    return { low, high };
  }

  async startOffset(_partition: TopicPartition, watermarks: Watermarks): Promise<number> {
    return watermarks.low;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    for (const { done } of this.#seeks.splice(0)) done();
    await this.#handler?.revoked([...this.#partitions.values()], new AbortController().signal);
    await this.#reader.close();
  }

  async #deliver(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#runSeeks();
      if (this.#held || this.#atEnd) {
        await delay(HOLD_POLL_MS);
        continue;
      }
      const messages = await this.#read();
      if (messages.length > 0) this.#handler?.messages(messages);
      if (!this.#atEnd) continue;
      for (const { topic, partition, high } of this.#partitions.values()) {
        this.#handler?.endReached({ topic, partition, offset: high });
      }
      this.#finish();
    }
  }

  #runSeeks(): void {
    for (const { partition, offset, done } of this.#seeks.splice(0)) {
      const captured = this.#partitions.get(partition);
      if (captured !== undefined) captured.next = offset;
      this.#reader.rewind();
      this.#atEnd = false;
      done();
    }
  }

  async #read(): Promise<SourceMessage[]> {
    const messages: SourceMessage[] = [];
    let bytes = 0;
    while (bytes < DELIVERY_BYTES) {
      const message = await this.#reader.next();
      if (message === null) {
        this.#atEnd = true;
        return messages;
      }
      const captured = this.#partitions.get(message.partition);
      if (captured === undefined || message.offset < captured.next) continue;
      captured.next = message.offset + 1;
      messages.push(message);
      bytes += message.value?.byteLength ?? 0;
    }
    return messages;
  }
}
