import Kafka from 'node-rdkafka';
import { EngineError, messageOf } from '../errors.js';
import type { SourceMessage, TopicPartition, TopicPartitionOffset, Watermarks } from './source.js';

/** What the client said on the way to an error: the cause is in the log lines, the error itself is vague. */
export interface KafkaTexts {
  readonly eventErrors: string[];
  readonly eventLogs: string[];
}

export interface KafkaClientSettings {
  /** librdkafka's global configuration. */
  readonly global: Readonly<Record<string, unknown>>;
  /** librdkafka's topic configuration. */
  readonly topic: Readonly<Record<string, unknown>>;
}

export type RebalanceKind = 'assign' | 'revoke';

export interface KafkaClientHandler {
  rebalance(kind: RebalanceKind, partitions: TopicPartition[]): void;
  rebalanceError(error: Error): void;
  committed(error: Error | null): void;
  statistics(json: string): void;
  log(severity: number, text: string): void;
}

export interface Consumed {
  readonly messages: Kafka.Message[];
  /** Ends of partitions met on the way; the offset is the next one the partition will give. */
  readonly ends: TopicPartitionOffset[];
}

const ASSIGN_PARTITIONS = -175;
const REVOKE_PARTITIONS = -174;
const REQUEST_TIMEOUT_MS = 10_000;
const DISCONNECT_TIMEOUT_MS = 5_000;
/** By then the client has begun to close, and not only been asked to. */
const CLOSE_BEGINS_MS = 100;
/** A consume call that finds nothing returns after this long; one that found something waits 1 ms for more. */
const CONSUME_TIMEOUT_MS = 20;
const EXPLAIN_INTERVAL_MS = 100;
const TEXTS_KEPT = 50;

/** node-rdkafka's consumer with promises, and with what it says about errors kept. Main thread only. */
export class KafkaClient {
  readonly texts: KafkaTexts = { eventErrors: [], eventLogs: [] };
  readonly #consumer: Kafka.KafkaConsumer;
  #ends: TopicPartitionOffset[] = [];
  #disconnecting = false;

  constructor(settings: KafkaClientSettings, handler: KafkaClientHandler) {
    this.#consumer = new Kafka.KafkaConsumer(
      {
        ...settings.global,
        // Tells the end of a partition, so that a consume call returns at once at the head of the stream.
        'enable.partition.eof': true,
        offset_commit_cb: true,
        rebalance_cb: (error: Kafka.LibrdKafkaError, partitions: TopicPartition[]) => {
          if (error.code === ASSIGN_PARTITIONS) handler.rebalance('assign', partitions);
          else if (error.code === REVOKE_PARTITIONS) handler.rebalance('revoke', partitions);
          else handler.rebalanceError(asError(error));
        },
      } as Kafka.ConsumerGlobalConfig,
      settings.topic as Kafka.ConsumerTopicConfig,
    );
    this.#consumer.setDefaultConsumeTimeout(CONSUME_TIMEOUT_MS);
    this.#consumer.on('event.error', (error) => keep(this.texts.eventErrors, error.message));
    this.#consumer.on('event.log', (event: { severity: number; fac: string; message: string }) => {
      keep(this.texts.eventLogs, `${event.fac}: ${event.message}`);
      handler.log(event.severity, event.message);
    });
    this.#consumer.on('event.stats', (stats: { message: string }) => handler.statistics(stats.message));
    this.#consumer.on('offset.commit', (error) => handler.committed(error ? asError(error) : null));
    this.#consumer.on('partition.eof', (end) => this.#ends.push(end as TopicPartitionOffset));
  }

  /**
   * Resolves when a broker answered. `explain` makes an error of what the client said; one that cannot be retried ends the
   * wait at once, any other at `timeoutMs`.
   */
  async connect(timeoutMs: number, explain: (texts: KafkaTexts) => EngineError): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const settle = (error: Error | null) => {
        clearInterval(watch);
        if (error === null) resolve();
        else reject(error);
      };
      const watch = setInterval(() => {
        if (this.texts.eventLogs.length + this.texts.eventErrors.length === 0) return;
        const error = explain(this.texts);
        if (!error.canRetry) settle(error);
      }, EXPLAIN_INTERVAL_MS);
      this.#consumer.connect({ timeout: timeoutMs }, (error) => {
        if (error) keep(this.texts.eventErrors, error.message);
        settle(error ? explain(this.texts) : null);
      });
    });
  }

  /** Number of partitions, or null where the topic is not there. */
  async partitionCount(topic: string): Promise<number | null> {
    const metadata = await promised<Kafka.Metadata>((done) =>
      this.#consumer.getMetadata({ topic, timeout: REQUEST_TIMEOUT_MS }, done),
    );
    const found = metadata.topics.find((candidate) => candidate.name === topic);
    return found === undefined || found.partitions.length === 0 ? null : found.partitions.length;
  }

  subscribe(topic: string): void {
    this.#consumer.subscribe([topic]);
  }

  unsubscribe(): void {
    this.#consumer.unsubscribe();
  }

  /** At most one call may be in flight. */
  consume(count: number): Promise<Consumed> {
    return new Promise((resolve, reject) => {
      this.#consumer.consume(count, (error, messages) => {
        const ends = this.#ends;
        this.#ends = [];
        if (error) reject(error);
        else resolve({ messages, ends });
      });
    });
  }

  assign(positions: readonly TopicPartitionOffset[], incremental: boolean): void {
    if (incremental) this.#consumer.incrementalAssign([...positions]);
    else this.#consumer.assign([...positions]);
  }

  /**
   * Answers an assignment of no partitions. A client that is being disconnected takes no assignment any more and waits for its
   * answer for ever, and the process with it; what it does take is that nothing is assigned.
   */
  assignNothing(incremental: boolean): void {
    try {
      this.assign([], incremental);
    } catch (error) {
      if (!this.#disconnecting) throw error;
      setTimeout(() => this.#unassignNothing(incremental), CLOSE_BEGINS_MS);
    }
  }

  /** With its closing over there is no client to ask. */
  #unassignNothing(incremental: boolean): void {
    if (!this.#disconnecting) return;
    try {
      this.unassign([], incremental);
    } catch {}
  }

  unassign(partitions: readonly TopicPartition[], incremental: boolean): void {
    if (incremental) this.#consumer.incrementalUnassign([...partitions]);
    else this.#consumer.unassign();
  }

  pause(partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0) this.#consumer.pause([...partitions]);
  }

  resume(partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0) this.#consumer.resume([...partitions]);
  }

  async seek(position: TopicPartitionOffset): Promise<void> {
    await promised<void>((done) => this.#consumer.seek({ ...position }, REQUEST_TIMEOUT_MS, (error) => done(error)));
  }

  /** The outcome comes through the handler. Throws where the client cannot even ask. */
  commit(positions: readonly TopicPartitionOffset[]): void {
    this.#consumer.commit(positions.map((position) => ({ ...position })));
  }

  async watermarks({ topic, partition }: TopicPartition): Promise<Watermarks> {
    const offsets = await promised<Kafka.WatermarkOffsets>((done) =>
      this.#consumer.queryWatermarkOffsets(topic, partition, REQUEST_TIMEOUT_MS, done),
    );
    return { low: offsets.lowOffset, high: offsets.highOffset };
  }

  /** The group's committed offset, null where it has none. */
  async committed({ topic, partition }: TopicPartition): Promise<number | null> {
    const [entry] = await promised<Kafka.TopicPartitionOffset[]>((done) =>
      this.#consumer.committed([{ topic, partition }], REQUEST_TIMEOUT_MS, done),
    );
    return offsetOf(entry);
  }

  /** First offset with a timestamp at or after `timeMs`, null where there is none. */
  async offsetForTime({ topic, partition }: TopicPartition, timeMs: number): Promise<number | null> {
    const [entry] = await promised<Kafka.TopicPartitionOffset[]>((done) =>
      this.#consumer.offsetsForTimes([{ topic, partition, offset: timeMs }], REQUEST_TIMEOUT_MS, done),
    );
    return offsetOf(entry);
  }

  /** Leaves; gives up waiting after a while, because librdkafka's disconnect can hang. Answers whether it is done. */
  disconnect(timeoutMs = DISCONNECT_TIMEOUT_MS): Promise<boolean> {
    return new Promise((resolve) => {
      const deadline = setTimeout(resolve, timeoutMs, false);
      this.#disconnecting = true;
      this.#consumer.disconnect(() => {
        this.#disconnecting = false;
        clearTimeout(deadline);
        resolve(true);
      });
    });
  }
}

/** The engine's view of a record; the value keeps its buffer where it has one of its own. */
export function messageFrom(message: Kafka.Message): SourceMessage {
  const { topic, partition, offset, timestamp, key, value } = message;
  return {
    topic,
    partition,
    offset,
    timestampMs: timestamp ?? -1,
    key: key === null || key === undefined ? null : ownBytes(Buffer.isBuffer(key) ? key : Buffer.from(key)),
    value: value === null ? null : ownBytes(value),
  };
}

/**
 * Bytes received since the start; whether a real broker (not a bootstrap address) is up; whether a member under KIP-848 waits
 * for an assignment, which other protocols always bring.
 */
export function readStatistics(
  json: string,
  { 'group.protocol': protocol }: KafkaClientSettings['global'],
): { received: number; up: boolean; waits: boolean } {
  const { rx_bytes, brokers, cgrp } = JSON.parse(json) as {
    rx_bytes: number;
    brokers: Record<string, { nodeid: number; state: string }>;
    cgrp?: { state: string; join_state: string };
  };
  return {
    received: rx_bytes,
    up: Object.values(brokers).some(({ nodeid, state }) => nodeid >= 0 && state === 'UP'),
    waits: protocol === 'consumer' && cgrp?.state === 'up' && cgrp.join_state === 'init',
  };
}

function ownBytes(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes;
  const alone = byteOffset === 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer;
  return alone ? new Uint8Array(buffer) : Uint8Array.from(bytes);
}

/** The typings give the callback an error where the client in fact passes none. */
function promised<T>(call: (done: (error: Kafka.LibrdKafkaError | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(asError(error)) : resolve(value as T)));
  });
}

/** An entry may hold an error object of its own, or no offset at all. */
function offsetOf(entry: (Kafka.TopicPartitionOffset & { error?: unknown }) | undefined): number | null {
  if (entry?.error) throw new EngineError('KAFKA_UNREACHABLE', messageOf(entry.error), { canRetry: true });
  return typeof entry?.offset === 'number' && entry.offset >= 0 ? entry.offset : null;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : Object.assign(new Error(messageOf(error)), error as object);
}

function keep(texts: string[], text: string): void {
  texts.push(text);
  if (texts.length > TEXTS_KEPT) texts.shift();
}
