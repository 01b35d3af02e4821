import pg from 'pg';
import type { GeneratedMessage } from '../../src/commands/demo/generator/message.js';
import { type MockBroker, startMockBroker } from '../../src/commands/demo/mock-broker.js';
import { TestProducer } from '../kafka/clients.js';
import { type EngineEnvironment, EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { assertLedger } from '../ledger/ledger.js';
import { SentLog } from '../ledger/sent-log.js';
import { type RoledDatabase, roledDatabase } from '../support/least-privilege.js';
import { isLockWaitedFor } from '../support/lock-waits.js';
import { WatchedEngine } from './watched-engine.js';

export const TOPIC = 'solana.dextrades.proto';
/** Of a topic, unless a scenario has made it with others. */
export const PARTITIONS = 4;
const GROUP = 'scenario';

export interface Lock {
  isWaitedFor(): Promise<boolean>;
  release(): Promise<void>;
}

type Sent = Pick<GeneratedMessage, 'partition' | 'value' | 'trades' | 'poison'>;

/**
 * A broker, a database and a producer that remembers what it sent, for one scenario: what must be in the database in the
 * end is known, and `assertLedger` holds the database against it.
 */
export class Stage {
  readonly broker: MockBroker;
  readonly database: RoledDatabase;
  readonly sent = new SentLog();
  readonly #producer: TestProducer;
  readonly #engines: EngineProcess[] = [];

  private constructor(broker: MockBroker, database: RoledDatabase, producer: TestProducer) {
    this.broker = broker;
    this.database = database;
    this.#producer = producer;
  }

  /** With a broker and a database of its own, unless given; they go with the stage. */
  static async open(given: { broker?: MockBroker; database?: RoledDatabase } = {}): Promise<Stage> {
    const broker = given.broker ?? (await startMockBroker({ topics: [TOPIC] }));
    const database = given.database ?? (await roledDatabase());
    const producer = await TestProducer.connect({ 'metadata.broker.list': broker.brokers });
    return new Stage(broker, database, producer);
  }

  /** Sends and waits for the broker's word; partition by partition in order. */
  async send(messages: readonly Sent[]): Promise<void> {
    await Promise.all(
      messages.map(async (message) => {
        const { partition, value, trades, poison } = message;
        const offset = await this.#producer.send(TOPIC, {
          partition,
          value: Buffer.from(value),
          key: Buffer.from('k'),
        });
        this.sent.add({ partition, trades, poison, timestampMs: Date.now() }, offset);
      }),
    );
  }

  /** The engine's variables for this stage; all its engines are in one group. */
  environment(): EngineEnvironment {
    return {
      KAFKA_BROKERS: this.broker.brokers,
      KAFKA_GROUP_ID: GROUP,
      KAFKA_START_FROM: 'earliest',
      KAFKA_ASSIGNMENT_STRATEGY: 'consumer', // the mock broker's classic groups take a session time-out to rebalance
      DATABASE_URL: this.database.urls.engine, // which may do no more than it must
      DATABASE_MIGRATE: 'false',
    };
  }

  /** Runs a command of the engine on this stage, `start` unless told otherwise. */
  engine(environment: EngineEnvironment = {}, command: readonly string[] = ['start']): EngineProcess {
    const engine = new EngineProcess({ ...this.environment(), ...environment }, command);
    this.#engines.push(engine);
    return engine;
  }

  /** Who claimed the partitions last. */
  async owners(): Promise<string[]> {
    const rows = await this.database.query<{ owner: string }>('SELECT owner FROM kafka_offsets');
    return rows.map(({ owner }) => owner);
  }

  /** Waits until this engine has claimed so many partitions, or all of them, and reads them. */
  owns(engine: EngineProcess, partitions = PARTITIONS): Promise<void> {
    const claims = async () => (await this.owners()).filter((owner) => owner.includes(`-${engine.pid}-`));
    // The database knows an owner before the claim is through; the engine lists what it reads.
    const reads = async () => (await (await WatchedEngine.of(engine)).health('/health')).body.partitions as unknown[];
    return until(
      `engine ${engine.pid} owns ${partitions} partitions`,
      async () => (await claims()).length >= partitions && (await reads()).length >= partitions,
      { explain: () => engine.output.slice(-4_000) },
    );
  }

  /** Offsets that landed, over all partitions. */
  async progress(): Promise<number> {
    const [row] = await this.database.query<{ sum: string }>(
      'SELECT coalesce(sum(next_offset), 0) AS sum FROM kafka_offsets',
    );
    return Number(row?.sum);
  }

  get end(): number {
    return this.sent.partitions.reduce((sum, partition) => sum + this.sent.endOf(partition), 0);
  }

  /** Waits until everything sent has landed. */
  async settled(): Promise<void> {
    await until('everything sent has landed', async () => (await this.progress()) >= this.end, {
      explain: () => this.#engines.map(({ output }) => output.slice(-4_000)).join('\n---\n'),
    });
  }

  /** Holds the database against what was sent: nothing missing, nothing twice, nothing unexplained, every position at its end. */
  async assertLedger(): Promise<void> {
    const client = new pg.Client(this.database.url);
    await client.connect();
    try {
      await assertLedger(client, { groupId: GROUP, topic: TOPIC, firstSlot: 0 }, this.sent);
    } finally {
      await client.end();
    }
  }

  /** Takes a lock that no write gets past. */
  lockOffsets(): Promise<Lock> {
    return this.#lock('LOCK TABLE kafka_offsets IN EXCLUSIVE MODE', "relation = 'kafka_offsets'::regclass");
  }

  /** Takes a lock that no trade gets past. */
  lockTrades(): Promise<Lock> {
    return this.#lock('LOCK TABLE solana_dex_trades IN EXCLUSIVE MODE', "relation = 'solana_dex_trades'::regclass");
  }

  /** Takes a lock that nothing of this partition gets past once it is claimed, while the others' lanes go on. */
  lockPosition(partition: number): Promise<Lock> {
    const row = `SELECT FROM kafka_offsets WHERE partition = ${partition} FOR UPDATE`;
    return this.#lock(row, "query LIKE '%kafka_offsets_advance%'");
  }

  async #lock(statement: string, waits: string): Promise<Lock> {
    const client = new pg.Client(this.database.url);
    client.on('error', () => {}); // it goes with the database where a test fails
    await client.connect();
    await client.query(`BEGIN; ${statement}`);
    return {
      isWaitedFor: () => isLockWaitedFor(this.database, waits),
      release: () => client.end(),
    };
  }

  async close(): Promise<void> {
    for (const engine of this.#engines) await engine.kill();
    await this.#producer.close();
    await this.broker.stop();
    await this.database.drop();
  }
}
