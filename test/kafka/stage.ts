import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { generateMessages } from '../../src/commands/demo/generator/generator.js';
import type { GeneratedMessage } from '../../src/commands/demo/generator/message.js';
import type { Stretch } from '../../src/commands/demo/ledger.js';
import { installAudit } from '../ledger/audit.js';
import { assertLedger } from '../ledger/ledger.js';
import { SentLog } from '../ledger/sent-log.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import type { BrokerAdmin } from './admin.js';
import type { BrokerAddress } from './broker.js';
import { plainClient, TestProducer } from './clients.js';
import { plainEnvironment } from './engine-environment.js';
import { type EngineEnvironment, EngineProcess } from './engine-process.js';
import { until } from './until.js';

export interface RunningBroker {
  readonly address: BrokerAddress;
  readonly admin: BrokerAdmin;
}

export interface StageOptions {
  readonly partitions?: number;
  readonly seed?: number;
}

export interface Load {
  /** Stops sending; resolves when everything sent has its offset. */
  stop(): Promise<void>;
}

/** What the generator spreads over; a smaller topic has several of these in one partition. */
const GENERATED_PARTITIONS = 4;
const START_SLOT = 400_000_000;
const START_MS_AGO = 3_600_000;
/** Messages of a slot are sent in one go; this many ms lie between two slots under load. */
const LOAD_SLOT_MS = 40;

/**
 * One scenario on a real broker: a topic and a database of its own, a producer that remembers what it sent, engines as child
 * processes in one group, and the ledger that all is held against in the end.
 */
export class Stage {
  readonly topic: string;
  readonly group: string;
  readonly database: TestDatabase;
  readonly sent = new SentLog();
  readonly #broker: RunningBroker;
  readonly #client: pg.Client;
  readonly #producer: TestProducer;
  readonly #messages: Generator<GeneratedMessage, never>;
  readonly #engines: EngineProcess[] = [];
  #partitions: number;

  private constructor(
    name: string,
    broker: RunningBroker,
    database: TestDatabase,
    client: pg.Client,
    producer: TestProducer,
    options: StageOptions,
  ) {
    this.topic = `${name}.dextrades.proto`;
    this.group = `group-${name}`;
    this.#broker = broker;
    this.database = database;
    this.#client = client;
    this.#producer = producer;
    this.#partitions = options.partitions ?? 4;
    this.#messages = generateMessages({
      seed: options.seed ?? 1,
      partitions: GENERATED_PARTITIONS,
      startSlot: START_SLOT,
      startMs: Date.now() - START_MS_AGO,
      transactionsPerSlot: 10,
      poisonShare: 0.01,
    });
  }

  /** `name` must be the scenario's own: topic and group are called after it. */
  static async open(name: string, broker: RunningBroker, options: StageOptions = {}): Promise<Stage> {
    const database = await testDatabase();
    const client = new pg.Client(database.url);
    client.on('error', () => {});
    await client.connect();
    await installAudit(client);
    const producer = await TestProducer.connect(plainClient(broker.address));
    const stage = new Stage(name, broker, database, client, producer, options);
    await stage.createTopic(options.partitions ?? 4);
    return stage;
  }

  /** Record times are the generator's, so nothing may expire by them. */
  createTopic(partitions: number): Promise<void> {
    return this.#broker.admin.createTopic(this.topic, partitions, { 'retention.ms': '-1' });
  }

  /** Sends the stream's next `count` messages; answers when the broker has them all. */
  async send(count: number): Promise<void> {
    const sends: Promise<void>[] = [];
    for (let index = 0; index < count; index++) sends.push(this.#sendNext());
    await Promise.all(sends);
  }

  /** Sends to this many partitions from here on. */
  async spreadOver(partitions: number): Promise<void> {
    this.#partitions = partitions;
    await this.#producer.refresh(this.topic, partitions);
  }

  /** Sends on and on, about 600 messages a second, until stopped. */
  load(): Load {
    const stopping = new AbortController();
    const run = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        await this.send(25);
        await delay(LOAD_SLOT_MS, undefined, { signal: stopping.signal }).catch(() => {});
      }
    };
    const running = run();
    running.catch(() => {});
    return {
      stop: () => {
        stopping.abort();
        return running;
      },
    };
  }

  async #sendNext(): Promise<void> {
    const generated = this.#messages.next().value;
    const message = { ...generated, partition: generated.partition % this.#partitions };
    const { partition, key, value, timestampMs } = message;
    const record = { partition, value: Buffer.from(value), key: key === null ? null : Buffer.from(key), timestampMs };
    this.sent.add(message, await this.#producer.send(this.topic, record));
  }

  /** Starts an engine on this stage over the PLAINTEXT listener, or as `environment` says. */
  engine(environment: EngineEnvironment = {}): EngineProcess {
    const engine = new EngineProcess({
      ...plainEnvironment(this.#broker.address),
      KAFKA_TOPIC: this.topic,
      KAFKA_GROUP_ID: this.group,
      KAFKA_START_FROM: 'earliest',
      KAFKA_SESSION_TIMEOUT_MS: '6000',
      DATABASE_URL: this.database.url,
      ...environment,
    });
    this.#engines.push(engine);
    return engine;
  }

  query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.#client.query<Row>(text, values).then(({ rows }) => rows);
  }

  /** Positions in PostgreSQL by partition. */
  async positions(): Promise<Map<number, number>> {
    const rows = await this.query<{ partition: number; next_offset: string }>(
      'SELECT partition, next_offset FROM kafka_offsets WHERE group_id = $1 AND topic = $2',
      [this.group, this.topic],
    );
    return new Map(rows.map(({ partition, next_offset }) => [partition, Number(next_offset)]));
  }

  /** Different owners of the partitions, by the offsets rows. */
  async owners(): Promise<number> {
    const [row] = await this.query<{ owners: number }>(
      'SELECT count(DISTINCT owner)::int AS owners FROM kafka_offsets',
    );
    return row?.owners ?? 0;
  }

  /** Sum of all positions. */
  async progress(): Promise<number> {
    return [...(await this.positions()).values()].reduce((sum, position) => sum + position, 0);
  }

  /** Waits until every position is at its partition's end. */
  async settled(): Promise<void> {
    await this.until('everything sent has landed', async () => {
      const positions = await this.positions();
      return this.sent.partitions.every((partition) => positions.get(partition) === this.sent.endOf(partition));
    });
  }

  /** Waits until Kafka has every position as the group's: a commit on the way when its engine ended may take a while. */
  committed(): Promise<void> {
    return until('Kafka was told every position', async () => {
      const committed = await this.#broker.admin.committedOffsets(this.group, this.topic);
      return isDeepStrictEqual(committed, await this.positions());
    });
  }

  /** Waits for something that an engine is to bring about: not on once none runs any more. */
  until(what: string, condition: () => Promise<boolean>): Promise<void> {
    return until(what, condition, {
      timeoutMs: 180_000,
      explain: () => this.printed(),
      hopeless: () => !this.#engines.some(({ running }) => running),
    });
  }

  /** The end of what each engine printed. */
  printed(): string {
    return this.#engines.map(({ output }, index) => `--- engine ${index + 1}\n${output.slice(-3_000)}`).join('\n');
  }

  /**
   * Holds the database against what was sent: nothing missing, nothing twice, nothing unexplained, every position at its end,
   * everything in offset order and under the epoch in force. `skipped` was not to be read.
   */
  async assertLedger(skipped: readonly Stretch[] = []): Promise<void> {
    const source = { groupId: this.group, topic: this.topic, firstSlot: 0 };
    await assertLedger(this.#client, source, this.sent, skipped);
  }

  async close(): Promise<void> {
    for (const engine of this.#engines) await engine.kill();
    await this.#producer.close();
    await this.#client.end();
    await this.database.drop();
  }
}
