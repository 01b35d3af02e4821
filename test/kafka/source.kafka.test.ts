import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { loadConfig } from '../../src/config-load.js';
import { explainKafkaError, explainKafkaFailure } from '../../src/ingest/kafka-errors.js';
import { KAFKA_TOPIC_SETTINGS, kafkaSettings } from '../../src/ingest/kafka-settings.js';
import { KafkaSource } from '../../src/ingest/kafka-source.js';
import type { SourceHandler, SourceMessage, TopicPartition, TopicPartitionOffset } from '../../src/ingest/source.js';
import { KafkaBroker } from './broker.js';
import { plainClient, TestProducer } from './clients.js';
import { plainEnvironment } from './engine-environment.js';
import { type SharedBroker, sharedBroker } from './shared-broker.js';
import { until } from './until.js';

type Strategy = 'cooperative-sticky' | 'roundrobin' | 'range' | 'consumer';
const STRATEGIES: readonly Strategy[] = ['cooperative-sticky', 'roundrobin', 'range', 'consumer'];

/** Stands for the offsets row: what was read of each partition, by whoever held it, and every breach of the order. */
class Reading {
  readonly next = new Map<number, number>();
  readonly breaches: string[] = [];
  readonly outOfRange = new Set<number>();
  readonly failures: Error[] = [];

  get total(): number {
    return [...this.next.values()].reduce((sum, offset) => sum + offset, 0);
  }
}

const readers: Reader[] = [];

class Reader implements SourceHandler {
  readonly freeBytes = Number.POSITIVE_INFINITY;
  readonly held = new Set<number>();
  readonly source: KafkaSource;
  readonly #name: string;
  readonly #reading: Reading;

  constructor(name: string, reading: Reading, broker: SharedBroker['address'], topic: string, strategy: Strategy) {
    readers.push(this);
    this.#name = name;
    this.#reading = reading;
    const { config } = loadConfig({
      ...plainEnvironment(broker),
      KAFKA_TOPIC: topic,
      KAFKA_GROUP_ID: `group-of-${topic}`,
      KAFKA_ASSIGNMENT_STRATEGY: strategy,
      KAFKA_SESSION_TIMEOUT_MS: '45000', // nothing fences here: no member is to pass for dead
      KAFKA_PROPERTIES: 'topic.metadata.refresh.interval.ms=500',
    });
    this.source = new KafkaSource({
      topic,
      settings: { global: { ...kafkaSettings(config) }, topic: { ...KAFKA_TOPIC_SETTINGS } },
      incremental: strategy === 'cooperative-sticky' || strategy === 'consumer',
      startFrom: 'earliest',
      acceptOther: false,
      drainMs: 1_000,
      rejoinMs: 1_000,
      explain: (texts) => explainKafkaError(texts, config),
      explainFailure: (texts) => explainKafkaFailure(texts, config),
      observer: { rebalanced: () => {}, commitFailed: () => {}, warned: () => {} },
    });
  }

  async assigned(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    return partitions.map(({ topic, partition }) => {
      this.held.add(partition);
      return { topic, partition, offset: this.#reading.next.get(partition) ?? 0 };
    });
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    this.lost(partitions);
  }

  lost(partitions: readonly TopicPartition[]): void {
    for (const { partition } of partitions) this.held.delete(partition);
  }

  messages(messages: readonly SourceMessage[]): void {
    for (const { partition, offset } of messages) {
      const expected = this.#reading.next.get(partition) ?? 0;
      // A drained partition may still deliver what was under way; the engine drops that by its epoch.
      if (!this.held.has(partition)) continue;
      if (offset !== expected) this.#reading.breaches.push(`${this.#name} got ${partition}@${offset}, not ${expected}`);
      this.#reading.next.set(partition, offset + 1);
    }
  }

  endReached(): void {}

  outOfRange({ partition }: TopicPartition): void {
    this.#reading.outOfRange.add(partition);
  }

  failed(error: Error): void {
    this.#reading.failures.push(error);
  }
}

/** Sends `count` records to each of `partitions`. */
async function fill(
  producer: TestProducer,
  topic: string,
  partitions: readonly number[],
  count: number,
): Promise<void> {
  const sends: Promise<number>[] = [];
  for (const partition of partitions)
    for (let index = 0; index < count; index++)
      sends.push(producer.send(topic, { partition, value: Buffer.alloc(100) }));
  await Promise.all(sends);
}

describe('KafkaSource with a real broker', () => {
  let broker: SharedBroker;
  let producer: TestProducer;

  before(async () => {
    broker = await sharedBroker();
    producer = await TestProducer.connect(plainClient(broker.address));
  });
  afterEach(async () => {
    for (const { source } of readers.splice(0)) await source.stop();
  });
  after(async () => {
    await producer.close();
    await broker.release();
  });

  for (const strategy of STRATEGIES) {
    test(`hands partitions from one member to another without a gap or a repeat under ${strategy}`, async () => {
      const topic = `source-${strategy}.dextrades.proto`;
      await broker.admin.createTopic(topic, 4);
      await fill(producer, topic, [0, 1, 2, 3], 200);
      const reading = new Reading();
      const first = new Reader('first', reading, broker.address, topic, strategy);
      const second = new Reader('second', reading, broker.address, topic, strategy);
      await first.source.start(first);
      await until('the first member read everything', () => reading.total === 800);

      await second.source.start(second);
      await until('each member holds two partitions', () => first.held.size === 2 && second.held.size === 2);
      await fill(producer, topic, [0, 1, 2, 3], 100);
      await until('both read on', () => reading.total === 1_200);

      await first.source.stop();
      await until('the second member holds all partitions', () => second.held.size === 4);
      await fill(producer, topic, [0, 1, 2, 3], 100);
      await until('the second member read on', () => reading.total === 1_600);
      await second.source.stop();
      assert.deepEqual(reading.breaches, []);
      assert.deepEqual(reading.failures, []);
    });
  }

  test('takes up partitions that are added while it runs', async () => {
    const topic = 'source-added.dextrades.proto';
    await broker.admin.createTopic(topic, 1);
    const reading = new Reading();
    const reader = new Reader('reader', reading, broker.address, topic, 'cooperative-sticky');
    await reader.source.start(reader);
    await until('its partition is held', () => reader.held.size === 1);
    await broker.admin.alterPartitions(topic, 3);
    await fill(producer, topic, [0], 10);
    await until('the new partitions are held', () => reader.held.size === 3);
    await producer.refresh(topic, 3);
    await fill(producer, topic, [1, 2], 10);
    await until('all were read', () => reading.total === 30);
    await reader.source.stop();
    assert.deepEqual(reading.breaches, []);
  });

  for (const strategy of STRATEGIES) {
    test(`says so when the position was deleted, does not jump, and takes a new one, under ${strategy}`, async () => {
      const topic = `source-deleted-${strategy}.dextrades.proto`;
      await broker.admin.createTopic(topic, 2);
      await fill(producer, topic, [0], 100);
      await broker.admin.deleteRecords(topic, 0, 60);
      const reading = new Reading();
      const reader = new Reader('reader', reading, broker.address, topic, strategy);
      await reader.source.start(reader);
      // The client loses an error that it meets among messages, so the other partition has none yet.
      await until('the position is reported', () => reading.outOfRange.has(0));
      await fill(producer, topic, [1], 100);
      await until('the other partition is read', () => reading.next.get(1) === 100);
      assert.equal(reading.next.get(0), undefined);
      assert.deepEqual(await reader.source.watermarks({ topic, partition: 0 }), { low: 60, high: 100 });
      reading.next.set(0, 60);
      await reader.source.seek({ topic, partition: 0, offset: 60 });
      await fill(producer, topic, [1], 10);
      await until('reading went on', () => reading.next.get(0) === 100 && reading.next.get(1) === 110);
      await reader.source.stop();
      assert.deepEqual(reading.breaches, []);
      assert.deepEqual(reading.failures, []);
    });
  }

  test('reads on after the broker was killed and came back', async () => {
    const own = await KafkaBroker.start();
    try {
      const topic = 'source-restart.dextrades.proto';
      await own.admin.createTopic(topic, 2);
      const sender = await TestProducer.connect(plainClient(own.address));
      await fill(sender, topic, [0, 1], 100);
      const reading = new Reading();
      const reader = new Reader('reader', reading, own.address, topic, 'cooperative-sticky');
      await reader.source.start(reader);
      await until('the first half was read', () => reading.total === 200);
      await own.kill();
      await own.restart();
      await fill(sender, topic, [0, 1], 100);
      await until('the second half was read', () => reading.total === 400);
      await reader.source.stop();
      await sender.close();
      assert.deepEqual(reading.breaches, []);
      assert.deepEqual(reading.failures, []);
    } finally {
      await own.stop();
    }
  });
});
