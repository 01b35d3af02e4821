import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import kafka from 'node-rdkafka';
import { startMockBroker } from '../../../src/commands/demo/mock-broker.js';

test('a mock broker has the topic asked for, with 4 partitions, for clients of other processes', async () => {
  const broker = await startMockBroker({ topics: ['asked.for'] });
  const client = new kafka.Producer({ 'bootstrap.servers': broker.brokers });
  try {
    client.connect();
    await once(client, 'ready');
    const metadata = await new Promise<kafka.Metadata>((resolve, reject) =>
      client.getMetadata({ topic: 'asked.for', timeout: 120_000 }, (error, answer) =>
        error ? reject(error) : resolve(answer),
      ),
    );
    assert.deepEqual(
      metadata.topics.map(({ name, partitions }) => [name, partitions.map(({ id }) => id)]),
      [['asked.for', [0, 1, 2, 3]]],
    );
  } finally {
    client.disconnect();
    await broker.stop();
  }
});

test('a stopped mock broker is gone, and stopping it twice is one stop', async () => {
  const broker = await startMockBroker();
  await broker.stop();
  await broker.stop();
  await broker.exited;
  assert.throws(() => process.kill(broker.pid, 0), { code: 'ESRCH' });
});
