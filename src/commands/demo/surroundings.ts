import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafka from 'node-rdkafka';
import { loadConfig } from '../../config-load.js';
import { EngineError } from '../../errors.js';
import { kafkaSettings } from '../../ingest/kafka-settings.js';
import { startPostgres } from './embedded-postgres.js';
import { freePort } from './free-port.js';
import { startMockBroker } from './mock-broker.js';

const TOPIC = 'solana.dextrades.proto';
const PARTITIONS = 4;
const PAGE_PORT = 8_080;
const ADMIN_TIMEOUT_MS = 30_000;

/** What a run of the demo stands on. */
export interface Surroundings {
  readonly databaseUrl: string;
  /** librdkafka properties that reach the broker. */
  readonly kafka: Readonly<Record<string, unknown>>;
  readonly topic: string;
  readonly groupId: string;
  readonly partitions: number;
  readonly engineEnv: Readonly<Record<string, string | undefined>>;
  /** How long a killed engine stays dead. */
  readonly restartDelayMs: number;
  readonly engineCwd: string;
  readonly logFile: string;
  /** For a person: what was started and what was given. */
  readonly described: readonly string[];
  /** Rejects when the broker of our own is gone. */
  readonly failed: Promise<never>;
  /** Stops what was started. `keepLog` leaves the engine's log behind. */
  close(keepLog: boolean): Promise<void>;
}

type Close = () => Promise<void>;

/**
 * Starts a PostgreSQL and a broker, or takes those of DATABASE_URL and KAFKA_BROKERS. What others keep there is not touched:
 * a given broker gets a topic of this run, a given database keeps the run's rows. Where somebody watches, the engine's page
 * has an address that stays the same while engines come and go.
 */
export async function prepare(env: NodeJS.ProcessEnv, killed: boolean, watched: boolean): Promise<Surroundings> {
  const closers: Close[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'solana-trades-demo-'));
  const close = async (keepLog: boolean): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
    if (!keepLog) await rm(folder, { recursive: true, force: true });
  };
  try {
    const run = `demo-${new Date().toISOString().replaceAll(/[-:]|\..*/g, '')}-${process.pid}`;
    const database = await prepareDatabase(env, closers);
    const broker = await prepareBroker(env, run, killed, closers);
    const pagePort = env.HEALTH_CHECK_PORT ?? String((watched ? await freePort(PAGE_PORT) : null) ?? 0);
    const common = {
      ...passedOn(env, broker.given, database.given),
      HEALTH_CHECK_PORT: pagePort,
      PROMETHEUS_PORT: env.PROMETHEUS_PORT ?? '0',
      BIND_ADDRESS: env.BIND_ADDRESS ?? '127.0.0.1',
      KAFKA_TOPIC: broker.topic,
      KAFKA_MESSAGE_TYPE: 'dextrades',
      KAFKA_GROUP_ID: run,
      KAFKA_START_FROM: 'earliest',
      DATABASE_URL: database.url,
    };
    return {
      databaseUrl: database.url,
      kafka: broker.kafka,
      topic: broker.topic,
      groupId: run,
      partitions: PARTITIONS,
      engineEnv: { ...common, ...broker.engineEnv },
      restartDelayMs: broker.restartDelayMs,
      // A `.env` of the working directory is meant for a given broker, and would disturb one of our own.
      engineCwd: broker.given ? process.cwd() : folder,
      logFile: join(folder, 'engine.log'),
      described: [
        database.described,
        broker.described,
        ...(pagePort === '0' ? [] : [`The engine's page, once it is up: http://127.0.0.1:${pagePort}/`]),
      ],
      failed: broker.failed,
      close,
    };
  } catch (error) {
    await close(false);
    throw error;
  }
}

async function prepareDatabase(env: NodeJS.ProcessEnv, closers: Close[]) {
  const given = env.DATABASE_URL;
  if (given !== undefined && given !== '') return { url: given, given: true, described: 'PostgreSQL of DATABASE_URL' };
  // Tells when each row became visible, by the database's own clock.
  const server = await startPostgres({ settings: { track_commit_timestamp: 'on' } });
  closers.push(() => server.stop());
  return { url: server.url, given: false, described: `PostgreSQL of our own on port ${server.port}` };
}

interface PreparedBroker {
  readonly kafka: Readonly<Record<string, unknown>>;
  readonly topic: string;
  readonly given: boolean;
  readonly engineEnv: Readonly<Record<string, string>>;
  readonly restartDelayMs: number;
  readonly described: string;
  readonly failed: Promise<never>;
}

async function prepareBroker(
  env: NodeJS.ProcessEnv,
  run: string,
  killed: boolean,
  closers: Close[],
): Promise<PreparedBroker> {
  const given = env.KAFKA_BROKERS;
  if (given !== undefined && given !== '') return givenBroker(env, given, run, killed, closers);
  const broker = await startMockBroker({ topics: [TOPIC] });
  closers.push(() => broker.stop());
  const failed = broker.exited.then(() => {
    throw new Error('The mock broker has ended.');
  });
  failed.catch(() => {});
  return {
    kafka: { 'bootstrap.servers': broker.brokers },
    topic: TOPIC,
    given: false,
    engineEnv: { KAFKA_BROKERS: broker.brokers, ...session(killed ? MOCK_SESSION_MS : null, MOCK_PROPERTIES) },
    restartDelayMs: MOCK_RESTART_DELAY_MS,
    described: `Kafka of our own on ${broker.brokers}`,
    failed,
  };
}

/** The mock broker answers a fetch that finds nothing only after its whole wait, even when messages come in meanwhile. */
const MOCK_PROPERTIES = ['fetch.wait.max.ms=10'];

/**
 * A killed engine sends no farewell: the next one gets no partition before the dead one's session is over. The mock broker
 * lets the first member of a group wait 3 s, so a session must be longer.
 */
const MOCK_SESSION_MS = 3_500;
/**
 * It elects a leader a second less than a session after the next member has joined, and its group is stuck for good when
 * that leader is the dead one: so the next one joins late enough for the dead one to be gone by then.
 */
const MOCK_RESTART_DELAY_MS = 2_000;
/** A broker's own minimum. */
const BROKER_SESSION_MS = 6_000;

/** Null leaves the engine's own. */
function session(sessionMs: number | null, properties: readonly string[]): Record<string, string> {
  const own = sessionMs === null ? [] : [`heartbeat.interval.ms=${Math.floor(sessionMs / 6)}`];
  const all = [...properties, ...own].join(';');
  return {
    ...(all === '' ? {} : { KAFKA_PROPERTIES: all }),
    ...(sessionMs === null ? {} : { KAFKA_SESSION_TIMEOUT_MS: String(sessionMs), KAFKA_MAX_POLL_INTERVAL_MS: '10000' }),
  };
}

async function givenBroker(
  env: NodeJS.ProcessEnv,
  given: string,
  run: string,
  killed: boolean,
  closers: Close[],
): Promise<PreparedBroker> {
  const { config } = loadConfig(env);
  const properties = Object.entries(kafkaSettings(config)).filter(([name]) =>
    /^(metadata\.broker\.list|security\.|sasl\.|ssl\.)/.test(name),
  );
  const reach = Object.fromEntries(properties);
  const topic = `${run}.dextrades.proto`;
  const admin = kafka.AdminClient.create(reach as kafka.GlobalConfig);
  closers.push(async () => admin.disconnect());
  await new Promise<void>((resolve, reject) => {
    admin.createTopic({ topic, num_partitions: PARTITIONS, replication_factor: 1 }, ADMIN_TIMEOUT_MS, (error) => {
      if (!error) return resolve();
      const text = `Topic ${topic} could not be created on KAFKA_BROKERS=${given}: ${error.message}. The demo needs a broker it may create a topic on; without KAFKA_BROKERS it starts one.`;
      reject(new EngineError('KAFKA_AUTHORIZATION', text, { cause: error }));
    });
  });
  closers.push(() => new Promise((resolve) => admin.deleteTopic(topic, ADMIN_TIMEOUT_MS, () => resolve())));
  return {
    kafka: reach,
    topic,
    given: true,
    engineEnv: session(killed ? BROKER_SESSION_MS : null, []),
    restartDelayMs: 0,
    described: `Kafka of KAFKA_BROKERS, topic ${topic}`,
    failed: new Promise<never>(() => {}),
  };
}

/** Variables for the engine: those of a broker or a database that is not used would disturb it. */
function passedOn(env: NodeJS.ProcessEnv, brokerGiven: boolean, databaseGiven: boolean): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => (brokerGiven || !name.startsWith('KAFKA_')) && (databaseGiven || !name.startsWith('DATABASE_')),
    ),
  );
}
