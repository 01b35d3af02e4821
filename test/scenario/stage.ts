import assert from 'node:assert/strict';
import pg from 'pg';
import type { GeneratedMessage } from '../../src/commands/demo/generator/message.js';
import { type MockBroker, startMockBroker } from '../../src/commands/demo/mock-broker.js';
import { TestProducer } from '../kafka/clients.js';
import { type EngineEnvironment, EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { type RoledDatabase, roledDatabase } from '../support/least-privilege.js';

export const TOPIC = 'solana.dextrades.proto';
const PARTITIONS = 4;

export interface TableLock {
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
  readonly #producer: TestProducer;
  readonly #engines: EngineProcess[] = [];
  readonly #expected = new Set<string>();
  readonly #poisoned: string[] = [];
  readonly #ends = new Map<number, number>();

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
        this.#ends.set(partition, Math.max(this.#ends.get(partition) ?? 0, offset + 1));
        for (const { slot, txIndex, tradeIndex } of trades) this.#expected.add(`${slot}/${txIndex}/${tradeIndex}`);
        if (poison !== null) this.#poisoned.push(`${partition}/${offset}`);
      }),
    );
  }

  /** Runs a command of the engine on this stage, `start` unless told otherwise; all are in one group. */
  engine(environment: EngineEnvironment = {}, command: readonly string[] = ['start']): EngineProcess {
    const settings = {
      KAFKA_BROKERS: this.broker.brokers,
      KAFKA_GROUP_ID: 'scenario',
      KAFKA_START_FROM: 'earliest',
      KAFKA_ASSIGNMENT_STRATEGY: 'consumer', // the mock broker's classic groups take a session time-out to rebalance
      DATABASE_URL: this.database.urls.engine, // which may do no more than it must
      DATABASE_MIGRATE: 'false',
      ...environment,
    };
    const engine = new EngineProcess(settings, command);
    this.#engines.push(engine);
    return engine;
  }

  /** Who claimed the partitions last. */
  async owners(): Promise<string[]> {
    const rows = await this.database.query<{ owner: string }>('SELECT owner FROM kafka_offsets');
    return rows.map(({ owner }) => owner);
  }

  /** Offsets that landed, over all partitions. */
  async progress(): Promise<number> {
    const [row] = await this.database.query<{ sum: string }>(
      'SELECT coalesce(sum(next_offset), 0) AS sum FROM kafka_offsets',
    );
    return Number(row?.sum);
  }

  get end(): number {
    return [...this.#ends.values()].reduce((sum, end) => sum + end, 0);
  }

  /** Waits until everything sent has landed. */
  async settled(): Promise<void> {
    await until('everything sent has landed', async () => (await this.progress()) >= this.end, {
      explain: () => this.#engines.map(({ output }) => output.slice(-4_000)).join('\n---\n'),
    });
  }

  /** Holds the database against what was sent: nothing missing, nothing twice, nothing unexplained, every position at its end. */
  async assertLedger(): Promise<void> {
    const { query } = this.database;
    const rows = await query<{ key: string; copies: string }>(
      `SELECT block_slot || '/' || tx_index || '/' || trade_index AS key, count(*) AS copies FROM solana_dex_trades GROUP BY 1`,
    );
    const landed = new Set(rows.map(({ key }) => key));
    assert.deepEqual(
      [...this.#expected].filter((key) => !landed.has(key)),
      [],
      'missing trades',
    );
    assert.deepEqual(
      [...landed].filter((key) => !this.#expected.has(key)),
      [],
      'trades nobody sent',
    );
    assert.deepEqual(
      rows.filter(({ copies }) => copies !== '1'),
      [],
      'doubled trades',
    );
    const letters = await query<{ at: string }>(
      `SELECT partition || '/' || kafka_offset AS at FROM ingest_dead_letters`,
    );
    assert.deepEqual(letters.map(({ at }) => at).sort(), [...this.#poisoned].sort(), 'dead letters');
    const offsets = await query<{ partition: number; next_offset: string }>(
      'SELECT partition, next_offset FROM kafka_offsets',
    );
    const positions = new Map(offsets.map(({ partition, next_offset }) => [partition, Number(next_offset)]));
    for (const [partition, end] of this.#ends)
      assert.equal(positions.get(partition), end, `position of partition ${partition}`);
    assert.ok(positions.size <= PARTITIONS);
  }

  /** Takes a lock that no write gets past. */
  async lockOffsets(): Promise<TableLock> {
    const client = new pg.Client(this.database.url);
    await client.connect();
    await client.query('BEGIN; LOCK TABLE kafka_offsets IN EXCLUSIVE MODE');
    return {
      isWaitedFor: async () => {
        const { rows } = await client.query(
          "SELECT FROM pg_locks WHERE NOT granted AND relation = 'kafka_offsets'::regclass",
        );
        return rows.length > 0;
      },
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
