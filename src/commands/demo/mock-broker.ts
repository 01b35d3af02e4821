import { fork } from 'node:child_process';
import { once } from 'node:events';

export interface MockBrokerOptions {
  /** Topics to create at once, with the cluster's own 4 partitions each. A producer creates its topic by itself. */
  readonly topics?: readonly string[];
}

/** A Kafka broker made of librdkafka's mock cluster, in a process of its own that goes when this process goes. */
export interface MockBroker {
  /** `host:port`, as KAFKA_BROKERS takes it. */
  readonly brokers: string;
  readonly pid: number;
  /** Settles when the broker's process ends, whatever ended it. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

/** What the broker's process says once it listens. */
export interface MockBrokerReady {
  readonly brokers: string;
}

const START_TIMEOUT_MS = 30_000;

/**
 * Starts a mock broker. It speaks the real protocol with groups, offsets and transactions, gives a new topic 4
 * partitions, and keeps the newest 5 MiB of record batches of each partition, no more.
 */
export async function startMockBroker(options: MockBrokerOptions = {}): Promise<MockBroker> {
  const child = fork(new URL('./mock-broker-process.js', import.meta.url), [...(options.topics ?? [])], {
    // A process group of its own: Ctrl-C in a terminal is for us, not for the broker.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-2_000);
  });
  const exited = once(child, 'exit').then(() => {});
  const ready = await new Promise<MockBrokerReady>((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill('SIGKILL');
      reject(new Error(`The mock broker did not start: ${why}\n${words}`.trim()));
    };
    const deadline = setTimeout(() => fail(`not ready after ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    child.once('message', (message) => {
      clearTimeout(deadline);
      resolve(message as MockBrokerReady);
    });
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => {
      clearTimeout(deadline);
      fail(`it ended with ${signal ?? `exit code ${code}`}`);
    });
  });
  child.unref();
  child.channel?.unref();
  (child.stderr as unknown as { unref(): void }).unref();
  return {
    brokers: ready.brokers,
    pid: child.pid ?? 0,
    exited,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      child.kill('SIGKILL');
      await exited;
    },
  };
}
