import { setTimeout as delay } from 'node:timers/promises';
import { EngineError } from '../errors.js';
import { KafkaClient, messageFrom, readStatistics } from './kafka-client.js';
import type { KafkaSourceOptions } from './kafka-source-options.js';
import { awaitTopic } from './kafka-topic.js';
import { SeekQueue } from './seek-queue.js';
import type { Source, SourceHandler, TopicPartition, TopicPartitionOffset, Watermarks } from './source.js';

interface Assigned extends TopicPartition {
  /** Number of the consume call during which it was assigned anew; messages of that call may be of the tenure before. */
  readonly sinceCall: number;
  /** Where reading goes on should messages of that call have to be dropped. */
  readonly start: number;
  /** What comes next. */
  offset: number;
}

/** The client's connect cannot be interrupted: a start that is refused ends no sooner than this. */
const CONNECT_TIMEOUT_MS = 10_000;
const COMMIT_WAIT_MS = 2_000;
const LEAVE_MARGIN_MS = 5_000;
/** A hold shorter than this only stops asking for messages; a longer one pauses the partitions and goes on polling. */
const PAUSE_AFTER_MS = 1_000;
const HOLD_POLL_MS = 2;
/** A consume call asks for about this much. */
const CONSUME_BYTES = 4_194_304;
const CONSUME_MESSAGES_MAX = 64;
const AUTO_OFFSET_RESET = -140;
const FATAL = -150;
const ERRONEOUS_STATE = -172;
/** A member that was fenced joins its group anew after this long, and twice as long each time it happens again. */
const REJOIN_FIRST_MS = 1_000;
const REJOIN_MAX_MS = 60_000;
const TOPIC_AUTHORIZATION_FAILED = 29;
const GROUP_AUTHORIZATION_FAILED = 30;

const keyOf = ({ topic, partition }: TopicPartition) => `${partition}/${topic}`;

/**
 * Kafka as a {@link Source}: one consume call in flight at a time, everything that moves positions between two calls.
 *
 * A rebalance is answered late: the partitions are assigned when the handler has claimed them and said where they start,
 * and given back when it has drained them. librdkafka waits meanwhile, and the loop goes on polling.
 */
export class KafkaSource implements Source {
  readonly #options: KafkaSourceOptions;
  readonly #client: KafkaClient;
  readonly #assigned = new Map<string, Assigned>();
  readonly #known = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #seeks = new SeekQueue();
  #handler: SourceHandler | null = null;
  #rebalances: Promise<void> = Promise.resolve();
  #rebalancing = 0;
  #loop: Promise<void> = Promise.resolve();
  #calls = 0;
  #messageBytes = 1_048_576;
  #partitionsAtStart = Number.POSITIVE_INFINITY;
  #rejoin: NodeJS.Timeout | 'leaving' | null = null;
  #rejoinMs = REJOIN_FIRST_MS;
  #polling = false;
  #heldSinceMs: number | null = null;
  #paused = false;
  #ended = false;
  #commitsOpen = 0;
  #lastPollAt = Date.now();
  #joined = false;
  #receivedBytes = -1;
  #connected = false;

  constructor(options: KafkaSourceOptions) {
    this.#options = options;
    this.#client = new KafkaClient(options.settings, {
      rebalance: (kind, partitions) => this.#rebalance(kind, partitions),
      rebalanceError: (error) => options.observer.warned(`rebalance failed: ${error.message}`),
      committed: (error) => this.#commitAnswered(error),
      statistics: (json) => this.#readStatistics(json),
      log: (severity, text) => {
        if (severity <= 4) options.observer.warned(text);
      },
    });
  }

  /** A broker is up and bytes came since the report before. */
  get connected(): boolean {
    return this.#connected;
  }

  /** The group has answered with an assignment, perhaps an empty one, and none is being changed. */
  get steady(): boolean {
    return this.#joined && this.#rebalancing === 0;
  }

  get lastPollAt(): number {
    return this.#lastPollAt;
  }

  async start(handler: SourceHandler): Promise<void> {
    this.#handler = handler;
    await this.#client.connect(CONNECT_TIMEOUT_MS, this.#options.explain).catch(async () => {
      throw await this.#options.explainFailure(this.#client.texts);
    });
    this.#connected = true;
    this.#partitionsAtStart = await awaitTopic(this.#client, this.#options.topic, this.#options.explain);
    this.#client.subscribe(this.#options.topic);
    this.#loop = this.#poll().catch((error: unknown) => {
      this.#polling = false;
      handler.failed(error as Error);
    });
  }

  hold(): void {
    this.#heldSinceMs ??= performance.now();
  }

  release(): void {
    this.#heldSinceMs = null;
    if (!this.#paused) return;
    this.#paused = false;
    this.#client.resume([...this.#assigned.values()]);
  }

  seek(position: TopicPartitionOffset): Promise<void> {
    return this.#seeks.ask(position);
  }

  commit(positions: readonly TopicPartitionOffset[]): void {
    if (positions.length === 0) return;
    try {
      this.#client.commit(positions);
      this.#commitsOpen += 1;
    } catch (error) {
      this.#options.observer.commitFailed(error as Error);
    }
  }

  watermarks(partition: TopicPartition): Promise<Watermarks> {
    return this.#client.watermarks(partition);
  }

  async startOffset(partition: TopicPartition, watermarks: Watermarks): Promise<number> {
    const { startFrom } = this.#options;
    const committed = await this.#client.committed(partition);
    if (committed !== null) return committed;
    // One that was added while we ran: what it holds came after everything we were told to begin with.
    if (partition.partition >= this.#partitionsAtStart) return watermarks.low;
    if (startFrom === 'latest') return watermarks.high;
    if (startFrom === 'earliest') return watermarks.low;
    return (await this.#client.offsetForTime(partition, startFrom)) ?? watermarks.high;
  }

  fenced({ topic, partition }: TopicPartition): void {
    if (this.#rejoin !== null || this.#stopping.signal.aborted) return;
    const seconds = this.#rejoinMs / 1_000;
    this.#options.observer.warned(
      `partition ${partition} of ${topic} is claimed by another engine while the group says it is ours: joins the group anew in ${seconds} s`,
    );
    this.#rejoin = setTimeout(() => {
      this.#rejoin = 'leaving';
      this.#client.unsubscribe();
    }, this.#rejoinMs);
    this.#rejoinMs = Math.min(REJOIN_MAX_MS, this.#rejoinMs * 2);
  }

  async stop(): Promise<void> {
    if (!this.#stopping.signal.aborted) {
      this.#stopping.abort();
      await this.#leave();
    }
    this.#ended = true;
    await this.#loop;
    for (const { reject } of this.#seeks.take()) reject(new Error('the source was stopped'));
    // With a commit unanswered, disconnecting waits for a broker that may never answer, and the process could not exit.
    if (this.#commitsOpen === 0) await this.#client.disconnect();
  }

  /** Gives the partitions back through the group's own revoke, so that they are drained and the group is told. */
  async #leave(): Promise<void> {
    if (this.#handler === null) return;
    if (this.#rejoin !== null && this.#rejoin !== 'leaving') clearTimeout(this.#rejoin);
    await this.#rebalances;
    // Without the loop nobody is told of a revoke.
    if (!this.#polling) return this.#revoke([...this.#assigned.values()]).catch(() => {});
    try {
      this.#client.unsubscribe();
    } catch {
      return; // not connected: nothing to leave
    }
    const deadline = performance.now() + this.#options.drainMs + LEAVE_MARGIN_MS;
    while (this.#assigned.size > 0 && performance.now() < deadline) await delay(HOLD_POLL_MS);
    await this.#rebalances;
  }

  async #poll(): Promise<void> {
    this.#polling = true;
    while (!this.#ended) {
      this.#lastPollAt = Date.now();
      if (this.#heldSinceMs !== null && !this.#paused) {
        if (performance.now() - this.#heldSinceMs < PAUSE_AFTER_MS && !this.#stopping.signal.aborted) {
          await delay(HOLD_POLL_MS);
          continue;
        }
        this.#paused = true;
        this.#client.pause([...this.#assigned.values()]);
      }
      await this.#consumeOnce();
      await this.#runSeeks();
      if (this.#rejoin === 'leaving' && this.#assigned.size === 0 && this.#rebalancing === 0) {
        this.#rejoin = null;
        if (!this.#stopping.signal.aborted) this.#client.subscribe(this.#options.topic);
      }
    }
  }

  async #consumeOnce(): Promise<void> {
    const call = ++this.#calls;
    const bytes = Math.min(CONSUME_BYTES, this.#handler?.freeBytes ?? CONSUME_BYTES);
    const count = Math.max(1, Math.min(CONSUME_MESSAGES_MAX, Math.floor(bytes / this.#messageBytes)));
    try {
      const { messages, ends } = await this.#client.consume(count);
      const fresh = messages.filter((message) => this.#isFresh(message, call)).map(messageFrom);
      if (messages.length > 0) {
        const mean = messages.reduce((sum, message) => sum + message.size, 0) / messages.length;
        // Up at once and down slowly: a call that asks for too many large messages overshoots the budget.
        this.#messageBytes = Math.max(mean, this.#messageBytes + (mean - this.#messageBytes) / 8, 1);
      }
      for (const message of fresh) this.#assigned.get(keyOf(message))!.offset = message.offset + 1;
      if (fresh.length > 0) this.#handler?.messages(fresh);
      for (const end of ends) if (this.#isFresh(end, call)) this.#handler?.endReached(end);
    } catch (error) {
      await this.#consumeFailed(error as Error & { code?: number });
    }
  }

  /**
   * Whether a message surely belongs to the partition's current assignment. One popped during the call in which the
   * partition came back to us may be of the tenure before: it is dropped, and reading goes on from the start again.
   */
  #isFresh(at: TopicPartition, call: number): boolean {
    const assigned = this.#assigned.get(keyOf(at));
    if (assigned === undefined) return false;
    if (call > assigned.sinceCall) return true;
    const { topic, partition, start } = assigned;
    // A seek that fails is asked for again by the next message that is not fresh.
    if (!this.#seeks.has(at)) this.seek({ topic, partition, offset: start }).catch(() => {});
    return false;
  }

  async #consumeFailed(error: Error & { code?: number }): Promise<void> {
    const { code } = error;
    if (code === AUTO_OFFSET_RESET) {
      for (const partition of [...this.#assigned.values()]) this.#handler?.outOfRange(partition);
    } else if (code === TOPIC_AUTHORIZATION_FAILED || code === GROUP_AUTHORIZATION_FAILED) {
      throw new EngineError(
        'KAFKA_AUTHORIZATION',
        `the broker refuses to let this user read topic ${this.#options.topic} in this group: ${error.message}; check the subscription, KAFKA_USERNAME and KAFKA_GROUP_ID`,
      );
    } else if (code === FATAL) {
      throw new EngineError('KAFKA_FATAL', `the Kafka client cannot go on: ${error.message}`);
    } else {
      this.#options.observer.warned(`consume failed: ${error.message}`);
      await delay(HOLD_POLL_MS);
    }
  }

  /** Between two consume calls no message is on its way to us, so none of the old position can follow a seek. */
  async #runSeeks(): Promise<void> {
    for (const { position, resolve, reject } of this.#seeks.take()) {
      if (!this.#assigned.has(keyOf(position))) {
        resolve();
        continue;
      }
      try {
        await this.#moveTo(position);
        if (this.#paused) this.#client.pause([...this.#assigned.values()]);
        resolve();
      } catch (error) {
        reject(error);
      }
    }
  }

  /** A partition that was out of range stands still in the client and takes no seek: it is given back and taken anew. */
  async #moveTo(position: TopicPartitionOffset): Promise<void> {
    this.#assigned.get(keyOf(position))!.offset = position.offset;
    try {
      await this.#client.seek(position);
    } catch (error) {
      // During a rebalance the client would take the assignment for our answer to it.
      if ((error as { code?: number }).code !== ERRONEOUS_STATE || this.#rebalancing > 0) throw error;
      const { incremental } = this.#options;
      if (incremental) this.#client.unassign([position], true);
      this.#client.assign(incremental ? [position] : [...this.#assigned.values()], incremental);
    }
  }

  #rebalance(kind: 'assign' | 'revoke', partitions: TopicPartition[]): void {
    this.#options.observer.rebalanced(kind, partitions.length);
    this.#rebalancing += 1;
    const change = kind === 'assign' ? () => this.#assign(partitions) : () => this.#revoke(partitions);
    this.#rebalances = this.#rebalances
      .then(change)
      .catch((error: unknown) => this.#handler?.failed(error as Error))
      .finally(() => {
        this.#rebalancing -= 1;
        this.#joined = true;
      });
  }

  async #assign(partitions: readonly TopicPartition[]): Promise<void> {
    const starts = partitions.length === 0 ? [] : await this.#handler!.assigned(partitions, this.#stopping.signal);
    this.#seeks.forget(partitions);
    for (const start of starts) {
      const key = keyOf(start);
      // A partition that this client never read has nothing old on its way.
      const sinceCall = this.#known.has(key) ? this.#calls : 0;
      this.#assigned.set(key, { ...start, sinceCall, start: start.offset });
      this.#known.add(key);
    }
    this.#client.assign(starts, this.#options.incremental);
    if (this.#paused) this.#client.pause(starts);
  }

  async #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    const held = partitions.filter((partition) => this.#assigned.has(keyOf(partition)));
    if (held.length > 0) {
      await this.#handler!.revoked(held, AbortSignal.timeout(this.#options.drainMs));
      await this.#commitsAnswered();
    }
    for (const partition of held) this.#assigned.delete(keyOf(partition));
    this.#seeks.forget(held);
    this.#client.unassign(held, this.#options.incremental);
  }

  async #commitsAnswered(): Promise<void> {
    const deadline = performance.now() + COMMIT_WAIT_MS;
    while (this.#commitsOpen > 0 && performance.now() < deadline) await delay(HOLD_POLL_MS);
  }

  #commitAnswered(error: Error | null): void {
    this.#commitsOpen = Math.max(0, this.#commitsOpen - 1);
    if (error !== null) this.#options.observer.commitFailed(error);
  }

  #readStatistics(json: string): void {
    const { received, up } = readStatistics(json);
    this.#connected = up && received > this.#receivedBytes;
    this.#receivedBytes = received;
  }
}
