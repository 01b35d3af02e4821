import { setTimeout as delay } from 'node:timers/promises';
import { AssignedPartitions } from './assigned-partitions.js';
import { BrokerSigns } from './broker-signs.js';
import { afterItsLog, consumeFailure, loggedFailure } from './consume-failure.js';
import { ConsumeSize } from './consume-size.js';
import { KafkaClient, messageFrom, readStatistics } from './kafka-client.js';
import type { KafkaSourceOptions } from './kafka-source-options.js';
import { awaitTopic } from './kafka-topic.js';
import { Membership } from './membership.js';
import { OpenCommits } from './open-commits.js';
import { SeekQueue } from './seek-queue.js';
import type {
  Source,
  SourceHandler,
  SourceIdentity,
  TopicPartition,
  TopicPartitionOffset,
  Watermarks,
} from './source.js';
import { startOffset } from './start-offset.js';
import { TopicGuard } from './topic-guard.js';

/** The client's connect cannot be interrupted: a start that is refused ends no sooner than this. */
const CONNECT_TIMEOUT_MS = 10_000;
const LEAVE_MARGIN_MS = 5_000;
/** A hold shorter than this only stops asking for messages; a longer one pauses the partitions and goes on polling. */
const PAUSE_AFTER_MS = 1_000;
const HOLD_POLL_MS = 2;
const ERRONEOUS_STATE = -172;

/**
 * Kafka as a {@link Source}: one consume call in flight at a time, everything that moves positions between two calls.
 *
 * A rebalance is answered late: the partitions are assigned when the handler has claimed them and said where they start,
 * and given back when it has drained them. librdkafka waits meanwhile, and the loop goes on polling.
 *
 * It may be told to leave the group and to join it again; in between the connections live on, and so does the loop.
 */
export class KafkaSource implements Source {
  readonly #options: KafkaSourceOptions;
  readonly #client: KafkaClient;
  readonly #guard: TopicGuard;
  readonly #assigned = new AssignedPartitions();
  readonly #membership = new Membership();
  readonly #stopping = new AbortController();
  /** Aborted while we are to be in no group. */
  #away = new AbortController();
  #leaving: Promise<void> | null = null;
  readonly #seeks = new SeekQueue();
  readonly #size = new ConsumeSize();
  readonly #commits = new OpenCommits();
  readonly #signs = new BrokerSigns();
  #handler: SourceHandler | null = null;
  #rebalances: Promise<void> = Promise.resolve();
  #rebalancing = 0;
  #loop: Promise<void> = Promise.resolve();
  #calls = 0;
  #partitionsAtStart = Number.POSITIVE_INFINITY;
  #polling = false;
  #heldSinceMs: number | null = null;
  #paused = false;
  #ended = false;
  #lastPollAt = Date.now();
  #fatal = false;

  constructor(options: KafkaSourceOptions) {
    this.#options = options;
    this.#client = new KafkaClient(options.settings, {
      rebalance: (kind, partitions) => this.#rebalance(kind, partitions),
      rebalanceError: (error) => options.observer.warned(`rebalance failed: ${error.message}`, 'rebalance_failed'),
      committed: (error) => {
        this.#commits.answered();
        if (error !== null) options.observer.commitFailed(error);
      },
      statistics: (json) => this.#readStatistics(json),
      log: (severity, text) => this.#logged(severity, text),
    });
    this.#guard = new TopicGuard({
      topic: options.topic,
      settings: options.settings.global,
      acceptOther: options.acceptOther,
      warned: (text) => options.observer.warned(text, 'source_changed'),
      seen: (partitions) => options.observer.topicSeen?.(partitions),
      failed: (error) => this.#handler?.failed(error),
    });
  }

  /** A broker is up and bytes came since the report before. */
  get connected(): boolean {
    return this.#signs.connected;
  }

  /** The group has answered with an assignment, perhaps an empty one, and none is being changed. */
  get steady(): boolean {
    return this.#membership.member && this.#rebalancing === 0 && !this.#away.signal.aborted;
  }

  get lastPollAt(): number {
    return this.#lastPollAt;
  }

  async start(handler: SourceHandler): Promise<void> {
    this.#handler = handler;
    await this.#client.connect(CONNECT_TIMEOUT_MS, this.#options.explain).catch(async () => {
      throw await this.#options.explainFailure(this.#client.texts);
    });
    this.#signs.answered();
    this.#partitionsAtStart = await awaitTopic(this.#client, this.#options.topic, this.#options.explain);
    await this.#guard.look();
    this.#guard.start();
    this.#away.abort();
    if (this.#options.standby !== true) this.join();
    this.#loop = this.#poll().catch((error: unknown) => {
      this.#polling = false;
      handler.failed(error as Error);
    });
  }

  join(): void {
    if (this.#stopping.signal.aborted || !this.#away.signal.aborted) return;
    this.#away = new AbortController();
    this.#membership.joining();
    this.#client.subscribe(this.#options.topic);
  }

  /** Gives everything up through `revoked`, within the drain's budget, and leaves the group; asked twice, it is one leaving. */
  leave(): Promise<void> {
    this.#away.abort();
    this.#membership.leave();
    this.#leaving ??= this.#leave().finally(() => (this.#leaving = null));
    return this.#leaving;
  }

  hold(): void {
    this.#heldSinceMs ??= performance.now();
  }

  release(): void {
    this.#heldSinceMs = null;
    if (!this.#paused) return;
    this.#paused = false;
    this.#client.resume(this.#assigned.all());
  }

  seek(position: TopicPartitionOffset): Promise<void> {
    return this.#seeks.ask(position);
  }

  commit(positions: readonly TopicPartitionOffset[]): void {
    if (positions.length === 0) return;
    try {
      this.#client.commit(positions);
      this.#commits.sent();
    } catch (error) {
      this.#options.observer.commitFailed(error as Error);
    }
  }

  watermarks(partition: TopicPartition): Promise<Watermarks> {
    return this.#client.watermarks(partition);
  }

  startOffset(partition: TopicPartition, watermarks: Watermarks): Promise<number> {
    const added = partition.partition >= this.#partitionsAtStart;
    return startOffset(this.#client, partition, watermarks, added ? 'added' : this.#options.startFrom);
  }

  identity(): Promise<SourceIdentity> {
    return this.#guard.identity();
  }

  fenced({ topic, partition }: TopicPartition): void {
    if (this.#away.signal.aborted) return;
    const delayMs = this.#membership.joinAnew(() => this.#client.unsubscribe(), this.#options.rejoinMs);
    if (delayMs === null) return;
    const text = `partition ${partition} of ${topic} is claimed by another engine while the group says it is ours: joins the group anew in ${delayMs / 1_000} s`;
    this.#options.observer.warned(text, 'group_rejoined');
  }

  async stop(): Promise<void> {
    if (!this.#stopping.signal.aborted) {
      this.#stopping.abort();
      await this.leave();
    }
    this.#ended = true;
    await Promise.all([this.#loop, this.#guard.stop()]);
    for (const { reject } of this.#seeks.take()) reject(new Error('the source was stopped'));
    // With a commit unanswered, disconnecting waits for a broker that may never answer, and the process could not exit.
    if (this.#commits.open === 0) await this.#client.disconnect();
  }

  /** Gives the partitions back through the group's own revoke, so that they are drained and the group is told. */
  async #leave(): Promise<void> {
    if (this.#handler === null) return;
    await this.#rebalances;
    // Without the loop nobody is told of a revoke, and a client with a fatal error tells of none.
    if (!this.#polling || this.#fatal) return this.#revoke(this.#assigned.all()).catch(() => {});
    try {
      this.#client.unsubscribe();
    } catch {
      return; // not connected: nothing to leave
    }
    const deadline = performance.now() + this.#options.drainMs + LEAVE_MARGIN_MS;
    while (this.#assigned.size > 0 && performance.now() < deadline) await delay(HOLD_POLL_MS);
    await this.#rebalances;
    // No revoke came: what is held is given up all the same, and the group finds out by itself.
    if (!this.#stopping.signal.aborted) await this.#revoke(this.#assigned.all()).catch(() => {});
  }

  async #poll(): Promise<void> {
    this.#polling = true;
    while (!this.#ended) {
      this.#lastPollAt = Date.now();
      if (this.#heldSinceMs !== null && !this.#paused) {
        if (performance.now() - this.#heldSinceMs < PAUSE_AFTER_MS && !this.#away.signal.aborted) {
          await delay(HOLD_POLL_MS);
          continue;
        }
        this.#paused = true;
        this.#client.pause(this.#assigned.all());
      }
      await this.#consumeOnce();
      await this.#runSeeks();
      if (this.#membership.leaving && this.#assigned.size === 0 && this.#rebalancing === 0) {
        this.#membership.left();
        if (!this.#away.signal.aborted) this.#client.subscribe(this.#options.topic);
      }
    }
  }

  async #consumeOnce(): Promise<void> {
    const call = ++this.#calls;
    try {
      const freeBytes = this.#handler?.freeBytes ?? Number.POSITIVE_INFINITY;
      const { messages, ends } = await this.#client.consume(this.#size.next(freeBytes));
      const fresh = messages.filter((message) => this.#isFresh(message, call)).map(messageFrom);
      this.#size.received(messages);
      for (const { topic, partition, offset } of fresh) this.#assigned.moveTo({ topic, partition, offset: offset + 1 });
      if (fresh.length > 0) this.#handler?.messages(fresh);
      for (const end of ends) if (this.#isFresh(end, call)) this.#handler?.endReached(end);
    } catch (error) {
      await this.#consumeFailed(error as Error & { code?: number });
    }
  }

  /** Whether a message surely belongs to the partition's current assignment. Where it may not, reading begins again. */
  #isFresh(at: TopicPartition, call: number): boolean {
    const standing = this.#assigned.standing(at, call);
    // A seek that fails is asked for again by the next message that is not fresh.
    if (standing === 'earlier' && !this.#seeks.has(at)) this.seek(this.#assigned.startOf(at)).catch(() => {});
    return standing === 'ours';
  }

  async #consumeFailed(error: Error): Promise<void> {
    const failure = consumeFailure(error, this.#options.topic);
    if (failure instanceof Error) throw await afterItsLog(failure);
    if (failure === 'outOfRange') {
      for (const partition of this.#assigned.all()) this.#handler?.outOfRange(partition);
      return;
    }
    if (failure === 'unknownTopic') void this.#guard.look();
    this.#options.observer.warned(`consume failed: ${error.message}`, 'kafka_consume_failed');
    await delay(HOLD_POLL_MS);
  }

  /** Between two consume calls no message is on its way to us, so none of the old position can follow a seek. */
  async #runSeeks(): Promise<void> {
    for (const { position, resolve, reject } of this.#seeks.take()) {
      if (!this.#assigned.has(position)) {
        resolve();
        continue;
      }
      try {
        await this.#moveTo(position);
        if (this.#paused) this.#client.pause(this.#assigned.all());
        resolve();
      } catch (error) {
        reject(error);
      }
    }
  }

  /** A partition that was out of range stands still in the client and takes no seek: it is given back and taken anew. */
  async #moveTo(position: TopicPartitionOffset): Promise<void> {
    this.#assigned.moveTo(position);
    try {
      await this.#client.seek(position);
    } catch (error) {
      // During a rebalance the client would take the assignment for our answer to it.
      if ((error as { code?: number }).code !== ERRONEOUS_STATE || this.#rebalancing > 0) throw error;
      if (this.#options.incremental) this.#client.unassign([position], true);
      this.#client.assign(this.#options.incremental ? [position] : this.#assigned.all(), this.#options.incremental);
    }
  }

  #rebalance(kind: 'assign' | 'revoke', partitions: TopicPartition[]): void {
    if (kind === 'assign') this.#membership.assigned();
    this.#options.observer.rebalanced(kind, partitions.length);
    this.#rebalancing += 1;
    this.#rebalances = this.#rebalances
      .then(() => (kind === 'assign' ? this.#assign(partitions) : this.#revoke(partitions)))
      .catch((error: unknown) => {
        // On our way out of the group its client may refuse what it was just given: that is given back in any case.
        if (!this.#away.signal.aborted) this.#handler?.failed(error as Error);
      })
      .finally(() => {
        this.#rebalancing -= 1;
      });
  }

  async #assign(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return this.#client.assignNothing(this.#options.incremental);
    const starts = await this.#handler!.assigned(partitions, this.#away.signal);
    this.#seeks.forget(partitions);
    this.#assigned.take(starts, this.#calls);
    this.#client.assign(starts, this.#options.incremental);
    if (this.#paused) this.#client.pause(starts);
  }

  async #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    const held = partitions.filter((partition) => this.#assigned.has(partition));
    if (held.length > 0) {
      const { dead } = this.#membership;
      const budget = AbortSignal.timeout(this.#options.drainMs);
      // Taken for dead, we drain nothing: another may have claimed them, and we come back the sooner.
      if (!dead.aborted) await this.#handler!.revoked(held, AbortSignal.any([budget, dead]));
      else this.#handler!.lost(held);
      if (!dead.aborted) await this.#commits.allAnswered();
    }
    this.#assigned.drop(held);
    this.#seeks.forget(held);
    this.#client.unassign(held, this.#options.incremental);
  }

  #logged(severity: number, line: string): void {
    this.#membership.logged(line);
    if (severity <= 4) this.#options.observer.warned(line);
    const failure = loggedFailure(severity, line);
    this.#fatal ||= failure !== null;
    if (failure !== null) this.#handler?.failed(failure);
  }

  #readStatistics(json: string): void {
    const read = readStatistics(json, this.#options.settings.global);
    this.#signs.apply(read);
    this.#membership.apply(read);
    // In no group nothing is fetched: something must be asked for, or the next report could not tell that a broker answers.
    if (this.#away.signal.aborted && !this.#ended) this.#client.partitionCount(this.#options.topic).catch(() => {});
  }
}
