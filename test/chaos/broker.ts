import { setTimeout as delay } from 'node:timers/promises';
import { KafkaBroker } from '../kafka/broker.js';
import { ANSWER, MockCluster, REQUEST } from '../support/mock-cluster.js';

export interface ChaosBroker {
  /** `host:port`. */
  readonly brokers: string;
  readonly port: number;
  /** Whether a message whose answer is lost is taken once, however often it is sent. */
  readonly idempotent: boolean;
  /** Dies, stays dead for a while, and comes back. */
  killFor(ms: number): Promise<void>;
  slowFor(ms: number): Promise<void>;
  failSome(): Promise<void>;
  stop(): Promise<void>;
}

/** A member without a heartbeat for this long is dead to its group. */
export const SESSION_MS = 1_500;
const RTT_MS = 150;
const ERRORS = 5;

/** The mock cluster, of one broker. Its death closes its connections and keeps its data. */
export async function startMock(topic: string, partitions: number): Promise<ChaosBroker> {
  const cluster = await MockCluster.start({ brokers: 1, sessionTimeoutMs: SESSION_MS });
  await cluster.createTopic(topic, partitions);
  return {
    brokers: cluster.brokers,
    port: Number(cluster.brokers.split(':').at(-1)),
    idempotent: false,
    killFor: async (ms) => {
      await cluster.down(1);
      await delay(ms);
      await cluster.up(1);
    },
    slowFor: async (ms) => {
      await cluster.slow(1, RTT_MS);
      await delay(ms);
      await cluster.slow(1, 0);
    },
    failSome: async () => {
      await cluster.failNext(REQUEST.offsetCommit, ERRORS, ANSWER.coordinatorNotAvailable);
      await cluster.failNext(REQUEST.fetch, ERRORS, ANSWER.notLeader);
    },
    stop: () => cluster.stop(),
  };
}

/** A real Apache Kafka, whose group under KIP-848 takes a member for dead as soon as the mock cluster does. */
export async function startKafka(topic: string, partitions: number, group: string): Promise<ChaosBroker> {
  const broker = await KafkaBroker.start();
  await broker.admin.createTopic(topic, partitions, { 'retention.ms': '-1' });
  await broker.admin.alterGroup(group, {
    'consumer.session.timeout.ms': String(SESSION_MS),
    'consumer.heartbeat.interval.ms': '300',
  });
  const { plain } = broker.address.ports;
  const nothing = async (): Promise<void> => {};
  return {
    brokers: `127.0.0.1:${plain}`,
    port: plain,
    idempotent: true,
    killFor: async (ms) => {
      await broker.kill();
      await delay(ms);
      await broker.restart();
    },
    slowFor: nothing,
    failSome: nothing,
    stop: () => broker.stop(),
  };
}
