import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GENERATOR_DEFAULTS } from '../../src/commands/demo/generator/options.js';
import type { BenchOptions } from '../bench-options.js';
import type { Progress } from '../progress.js';
import { type BenchTopic, type BrokerFarm, openBrokers } from './broker.js';
import { makeCorpus, writeCorpus } from './corpus.js';
import { type DatabaseServer, openDatabaseServer } from './database.js';
import { BenchEngine } from './engine.js';
import { BenchLanding } from './landing.js';
import { BenchProducer } from './producer.js';

const CORPUS_SECONDS = { full: 20, quick: 6 } as const;

/** Broker, topic, database, producer and engine of one step, to be taken down together. */
export interface Scene {
  readonly topic: BenchTopic;
  readonly databaseUrl: string;
  readonly group: string;
  readonly producer: BenchProducer;
  /** Starts the engine of this scene and waits until it owns all partitions. */
  startEngine(
    env?: Readonly<Record<string, string>>,
    nodeArgs?: readonly string[],
  ): Promise<[BenchEngine, BenchLanding]>;
  close(): Promise<void>;
}

export interface SceneOptions {
  readonly name: string;
  readonly partitions?: number;
}

/** What the end-to-end benches stand on. */
export class Stage {
  readonly brokers: BrokerFarm;
  readonly database: DatabaseServer;
  readonly #folder: string;
  readonly #options: BenchOptions;

  constructor(brokers: BrokerFarm, database: DatabaseServer, folder: string, options: BenchOptions) {
    this.brokers = brokers;
    this.database = database;
    this.#folder = folder;
    this.#options = options;
  }

  get brokerDescribed(): string {
    return this.brokers.described;
  }

  get databaseDescribed(): string {
    return this.database.described;
  }

  async open({ name, partitions = 4 }: SceneOptions): Promise<Scene> {
    const closers: (() => Promise<void>)[] = [];
    const close = async (): Promise<void> => {
      for (const closer of closers.splice(0).reverse()) await closer().catch(() => {});
    };
    try {
      const group = `bench-${name}`;
      const databaseName = `bench_${name.replaceAll(/\W/g, '_')}`;
      const databaseUrl = await this.database.createDatabase(databaseName);
      closers.push(() => this.database.dropDatabase(databaseName));
      const topic = await this.brokers.openTopic(partitions);
      closers.push(() => topic.close());
      const producer = await BenchProducer.open({
        kafka: topic.kafka,
        topic: topic.topic,
        partitions,
        corpusFile: this.#corpusFile(),
      });
      closers.push(() => producer.close());
      const startEngine: Scene['startEngine'] = async (env = {}, nodeArgs = []) => {
        const engine = await BenchEngine.start({
          env: {
            ...topic.engineEnv,
            KAFKA_TOPIC: topic.topic,
            KAFKA_MESSAGE_TYPE: 'dextrades',
            KAFKA_GROUP_ID: group,
            KAFKA_START_FROM: 'earliest',
            KAFKA_GAP_POLICY: 'continue',
            DATABASE_URL: databaseUrl,
            LOG_LEVEL: 'info',
            ...env,
          },
          folder: this.#folder,
          nodeArgs,
        });
        closers.push(() => engine.kill());
        const landing = await BenchLanding.connect(databaseUrl, group);
        closers.push(() => landing.close());
        await landing.untilClaimed(partitions, engine);
        return [engine, landing];
      };
      return { topic, databaseUrl, group, producer, startEngine, close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  #corpusFile(): string {
    const file = join(this.#folder, 'corpus');
    if (!existsSync(file)) {
      const { seed, quick } = this.#options;
      const seconds = quick ? CORPUS_SECONDS.quick : CORPUS_SECONDS.full;
      writeCorpus(file, makeCorpus(seed, seconds, GENERATOR_DEFAULTS.startSlot));
    }
    return file;
  }

  async close(): Promise<void> {
    await this.brokers.close();
    await this.database.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Starts broker and database, or takes those of KAFKA_BROKERS and DATABASE_URL. */
export async function openStage(options: BenchOptions, env: NodeJS.ProcessEnv, progress: Progress): Promise<Stage> {
  progress.say(`starts a database and ${options.kafka ? 'an Apache Kafka' : 'a broker'}`);
  const database = await openDatabaseServer(env);
  try {
    const brokers = await openBrokers(options.kafka, env);
    const folder = await mkdtemp(join(tmpdir(), 'trades-bench-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    return new Stage(brokers, database, folder, options);
  } catch (error) {
    await database.close();
    throw error;
  }
}
