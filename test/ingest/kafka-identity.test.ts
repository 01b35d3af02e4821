import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KafkaIdentity } from '../../src/ingest/kafka-identity.js';
import { mockTopic } from '../support/mock-topic.js';

const TOPIC = 'identity.dextrades.proto';

test('it tells a cluster and a topic by their ids, the same each time, and a topic that is not there', async () => {
  const mock = await mockTopic(TOPIC);
  const settings = { 'metadata.broker.list': mock.brokers, 'group.id': 'g', 'enable.auto.commit': false };
  const identity = new KafkaIdentity(TOPIC, settings);
  try {
    const first = await identity.ask();
    assert.equal(typeof first.clusterId, 'string');
    assert.equal(first.partitions, 4);
    assert.deepEqual(await identity.ask(), first);
  } finally {
    await identity.close();
    await mock.stop();
  }
});

test('it rejects where nobody answers, and closes all the same', async () => {
  const identity = new KafkaIdentity(TOPIC, { 'metadata.broker.list': '127.0.0.1:1' });
  await assert.rejects(identity.ask());
  await identity.close();
});

test('closed before it asked anything, it has nothing to close', async () => {
  await new KafkaIdentity(TOPIC, {}).close();
});
