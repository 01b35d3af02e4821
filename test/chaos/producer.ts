import { setTimeout as delay } from 'node:timers/promises';
import { Credit } from '../../src/commands/demo/credit.js';
import { generateMessages } from '../../src/commands/demo/generator/generator.js';
import type { GeneratedMessage } from '../../src/commands/demo/generator/message.js';
import { Random } from '../../src/commands/demo/generator/random.js';
import { TestProducer } from '../kafka/clients.js';
import type { SentLog } from '../ledger/sent-log.js';

export interface ProducerOptions {
  /** `host:port`. */
  readonly brokers: string;
  readonly topic: string;
  readonly partitions: number;
  readonly rate: number;
  readonly seed: number;
  readonly sent: SentLog;
}

const START_SLOT = 400_000_000;
const POISON_SHARE = 0.01;
/** Of messages, those that come in another partition as well. */
const STRAY_SHARE = 0.02;
/** The generator spreads over so many; every second slot goes to the partitions above. */
const GENERATED_PARTITIONS = 4;
const TICK_MS = 50;
/** Of one partition, uncompressed: a sixth of what the mock broker keeps, compressed five times. */
const AHEAD_BYTES_MAX = 4_000_000;

/**
 * Sends without end, with poison, repeats in the same partition and in another, and keeps what the broker acknowledged. Stops
 * where a partition lies too far behind: the mock broker keeps only so much.
 */
export class ChaosProducer {
  readonly #producer: TestProducer;
  readonly #options: ProducerOptions;
  readonly #credit: Credit;
  readonly #messages: Generator<GeneratedMessage, never>;
  readonly #random: Random;
  readonly #outstanding = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #held = 0;
  #running: Promise<void> = Promise.resolve();
  /** Rejects when a message was not taken; never resolves. */
  readonly failed: Promise<never>;
  #fail: (error: Error) => void = () => {};

  private constructor(producer: TestProducer, options: ProducerOptions) {
    this.#producer = producer;
    this.#options = options;
    this.#credit = new Credit(options.partitions, AHEAD_BYTES_MAX);
    this.#random = new Random(options.seed);
    this.#messages = generateMessages({
      seed: options.seed,
      partitions: GENERATED_PARTITIONS,
      startSlot: START_SLOT,
      startMs: Date.now(),
      transactionsPerSlot: 10,
      poisonShare: POISON_SHARE,
    });
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {});
  }

  static async start(options: ProducerOptions): Promise<ChaosProducer> {
    const connected = await TestProducer.connect({ 'metadata.broker.list': options.brokers });
    const producer = new ChaosProducer(connected, options);
    producer.#running = producer.#run();
    producer.#running.catch(producer.#fail);
    return producer;
  }

  /** Everything below has landed. */
  landed(partition: number, nextOffset: number): void {
    this.#credit.landed(partition, nextOffset);
  }

  /** Runs `work` while nothing is under way to the broker: the mock cluster would take a message that is sent again twice. */
  async around(work: () => Promise<void>): Promise<void> {
    this.#held += 1;
    try {
      await this.#settled();
      await work();
    } finally {
      this.#held -= 1;
    }
  }

  /** Sends nothing more; everything sent has its offset when this resolves. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#settled();
  }

  close(): Promise<void> {
    return this.#producer.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let due = Date.now();
    let next = this.#messages.next().value;
    while (!signal.aborted) {
      due = Math.max(due, Date.now() - 1_000);
      while (due <= Date.now() && this.#held === 0 && this.#credit.has(this.#partitionOf(next))) {
        this.#send(next, this.#partitionOf(next));
        if (this.#random.chance(STRAY_SHARE)) this.#send(next, this.#random.between(0, this.#options.partitions - 1));
        due += 1_000 / this.#options.rate;
        next = this.#messages.next().value;
      }
      await delay(TICK_MS, undefined, { signal }).catch(() => {});
    }
  }

  #partitionOf({ partition, slot }: GeneratedMessage): number {
    return (partition + (slot % 2) * GENERATED_PARTITIONS) % this.#options.partitions;
  }

  #send(message: GeneratedMessage, partition: number): void {
    const { topic, sent } = this.#options;
    const timestampMs = Date.now();
    const { value, key, trades, poison } = message;
    this.#credit.take(partition, value.length);
    const record = { partition, value: Buffer.from(value), key: key === null ? null : Buffer.from(key), timestampMs };
    const sending = this.#producer.send(topic, record).then((offset) => {
      this.#credit.acknowledged(partition, offset, value.length);
      sent.add({ partition, timestampMs, trades, poison }, offset);
    });
    const done = sending.catch(this.#fail).finally(() => this.#outstanding.delete(done));
    this.#outstanding.add(done);
  }

  async #settled(): Promise<void> {
    while (this.#outstanding.size > 0) await Promise.all(this.#outstanding);
  }
}
