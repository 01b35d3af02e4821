import kafka from 'node-rdkafka';
import { startMockBroker } from '../../src/commands/demo/mock-broker.js';
import { loadConfig } from '../../src/config-load.js';
import { kafkaSettings } from '../../src/ingest/kafka-settings.js';
import { KafkaBroker } from '../../test/kafka/broker.js';
import { childrenOf, cpuSecondsOf } from './process-usage.js';

/** A topic of the bench's own. */
export interface BenchTopic {
  readonly topic: string;
  readonly partitions: number;
  /** librdkafka properties that reach its broker. */
  readonly kafka: Readonly<Record<string, unknown>>;
  readonly engineEnv: Readonly<Record<string, string>>;
  /** Uncompressed bytes of a partition that the broker surely keeps; null for all. */
  readonly keptBytes: number | null;
  /** CPU seconds of the broker so far, null where it is not ours. */
  readonly cpuSeconds: () => number | null;
  close(): Promise<void>;
}

export interface BrokerFarm {
  readonly described: string;
  readonly kind: 'mock' | 'kafka' | 'given';
  /** Most partitions a topic may have. */
  readonly partitionsMax: number;
  openTopic(partitions: number): Promise<BenchTopic>;
  close(): Promise<void>;
}

/** The mock broker gives every topic four and keeps 5 MiB of LZ4 batches of each: over five times that uncompressed. */
const MOCK_PARTITIONS = 4;
const MOCK_KEPT_BYTES = 22_000_000;
const ADMIN_TIMEOUT_MS = 30_000;
let topics = 0;

export async function openBrokers(real: boolean, env: NodeJS.ProcessEnv): Promise<BrokerFarm> {
  if (env.KAFKA_BROKERS !== undefined && env.KAFKA_BROKERS !== '') return givenBrokers(env, env.KAFKA_BROKERS);
  return real ? realBroker() : mockBrokers();
}

function nextTopic(): string {
  topics += 1;
  return `bench-${process.pid}-${topics}.dextrades.proto`;
}

/** A broker for each topic: what an earlier step left cannot disturb a later one. */
function mockBrokers(): BrokerFarm {
  return {
    described: 'mock broker of librdkafka (4 partitions, 5 MiB of LZ4 batches kept of each)',
    kind: 'mock',
    partitionsMax: MOCK_PARTITIONS,
    openTopic: async (partitions) => {
      const topic = nextTopic();
      const broker = await startMockBroker({ topics: [topic] });
      return {
        topic,
        partitions,
        kafka: { 'bootstrap.servers': broker.brokers },
        // By KIP-848 a member joins at once; the mock broker lets the first one of a classic group wait for 3 s.
        engineEnv: { KAFKA_BROKERS: broker.brokers, KAFKA_ASSIGNMENT_STRATEGY: 'consumer' },
        keptBytes: MOCK_KEPT_BYTES,
        cpuSeconds: () => cpuSecondsOf(broker.pid),
        close: () => broker.stop(),
      };
    },
    close: async () => {},
  };
}

async function realBroker(): Promise<BrokerFarm> {
  const broker = await KafkaBroker.start();
  const address = `127.0.0.1:${broker.address.ports.plain}`;
  const [pid] = childrenOf(process.pid, 'java');
  const reach = { 'bootstrap.servers': address };
  const farm = adminFarm(reach, { KAFKA_BROKERS: address }, () => (pid === undefined ? null : cpuSecondsOf(pid)));
  return {
    ...farm,
    described: 'Apache Kafka 4.1 (KRaft, one node, one JVM, loopback)',
    kind: 'kafka',
    close: () => broker.stop(),
  };
}

function givenBrokers(env: NodeJS.ProcessEnv, given: string): BrokerFarm {
  const { config } = loadConfig(env);
  const reach = Object.fromEntries(
    Object.entries(kafkaSettings(config)).filter(([name]) =>
      /^(metadata\.broker\.list|security\.|sasl\.|ssl\.)/.test(name),
    ),
  );
  const engineEnv = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => name.startsWith('KAFKA_') && value !== undefined),
  ) as Record<string, string>;
  return { ...adminFarm(reach, engineEnv, () => null), described: `Kafka of KAFKA_BROKERS (${given})`, kind: 'given' };
}

function adminFarm(
  reach: Readonly<Record<string, unknown>>,
  engineEnv: Readonly<Record<string, string>>,
  cpuSeconds: () => number | null,
): Omit<BrokerFarm, 'described' | 'kind'> {
  return {
    partitionsMax: 1_000,
    openTopic: async (partitions) => {
      const topic = nextTopic();
      const admin = kafka.AdminClient.create(reach as kafka.GlobalConfig);
      const config = { 'max.message.bytes': '12000000' };
      await new Promise<void>((resolve, reject) => {
        const wanted = { topic, num_partitions: partitions, replication_factor: 1, config };
        admin.createTopic(wanted, ADMIN_TIMEOUT_MS, (error) => (error ? reject(error) : resolve()));
      });
      return {
        topic,
        partitions,
        kafka: reach,
        engineEnv,
        keptBytes: null,
        cpuSeconds,
        close: async () => {
          await new Promise<void>((resolve) => admin.deleteTopic(topic, ADMIN_TIMEOUT_MS, () => resolve()));
          admin.disconnect();
        },
      };
    },
    close: async () => {},
  };
}
