/** The mock broker's process: tells its parent where it listens, and lives until the parent is gone. */
import kafka from 'node-rdkafka';
import type { MockBrokerReady } from './mock-broker.js';

const METADATA_TIMEOUT_MS = 10_000;

/** One broker: the cluster's ports would else differ per partition leader, with nothing gained on one machine. */
const host = new kafka.Producer({ 'test.mock.num.brokers': 1, log_level: 3 } as kafka.ProducerGlobalConfig);

function metadata(topic?: string): Promise<kafka.Metadata> {
  const request = { ...(topic === undefined ? { allTopics: true } : { topic }), timeout: METADATA_TIMEOUT_MS };
  return new Promise((resolve, reject) => {
    host.getMetadata(request as kafka.MetadataOptions, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

/** Asking for an unknown topic creates it; the first answer may come before it is there. */
async function createTopic(topic: string): Promise<void> {
  const deadline = Date.now() + METADATA_TIMEOUT_MS;
  for (;;) {
    const known = (await metadata(topic)).topics.find(({ name }) => name === topic);
    if (known !== undefined && known.partitions.length > 0) return;
    if (Date.now() > deadline) throw new Error(`topic ${topic} was not created within ${METADATA_TIMEOUT_MS} ms`);
  }
}

async function main(): Promise<void> {
  process.once('disconnect', () => process.exit(0));
  await new Promise<void>((resolve, reject) => {
    host.connect({}, (error) => (error ? reject(error) : resolve()));
  });
  for (const topic of process.argv.slice(2)) await createTopic(topic);
  const { brokers } = await metadata();
  const ready: MockBrokerReady = { brokers: brokers.map(({ host, port }) => `${host}:${port}`).join(',') };
  process.send?.(ready);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
