import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { KafkaClient, type KafkaClientHandler } from '../../src/ingest/kafka-client.js';
import { KAFKA_TOPIC_SETTINGS, kafkaSettings } from '../../src/ingest/kafka-settings.js';
import { until } from '../kafka/until.js';
import { configOf } from '../support/config.js';
import { MockCluster } from '../support/mock-cluster.js';

const TOPIC = 'one.partition';
const BEGINS_TO_CLOSE_MS = 200;
const CLOSE_MS = 60_000;

async function member(brokers: string, rebalance: KafkaClientHandler['rebalance']): Promise<KafkaClient> {
  const config = configOf({ KAFKA_BROKERS: brokers, KAFKA_GROUP_ID: 'g', KAFKA_SESSION_TIMEOUT_MS: '12000' });
  const client = new KafkaClient(
    { global: { ...kafkaSettings(config) }, topic: { ...KAFKA_TOPIC_SETTINGS } },
    { rebalance, rebalanceError: () => {}, committed: () => {}, statistics: () => {}, log: () => {} },
  );
  await client.connect(CLOSE_MS, () => assert.fail('it cannot connect'));
  client.subscribe(TOPIC);
  return client;
}

/** Asks for messages until told that it is enough; rebalances come with them. */
async function poll(client: KafkaClient, enough: () => boolean): Promise<void> {
  while (!enough()) {
    await client.consume(1);
    await delay(10);
  }
}

test('a client that is assigned nothing while it disconnects is not waited for for ever', async () => {
  const cluster = await MockCluster.start({ sessionTimeoutMs: 12_000 });
  await cluster.createTopic(TOPIC, 1);
  let held = 0;
  let over = false;
  const first: KafkaClient = await member(cluster.brokers, (kind, partitions) => {
    held += kind === 'assign' ? partitions.length : -partitions.length;
    if (kind === 'assign')
      first.assign(
        partitions.map((partition) => ({ ...partition, offset: 0 })),
        true,
      );
    else first.unassign(partitions, true);
  });
  const reading = poll(first, () => over);
  await until('the first has the partition', () => held === 1);

  let left: Promise<boolean> | null = null;
  const second: KafkaClient = await member(cluster.brokers, (kind, partitions) => {
    assert.deepEqual([kind, partitions.length], ['assign', 0]);
    left = second.disconnect(CLOSE_MS);
    setTimeout(() => second.assignNothing(true), BEGINS_TO_CLOSE_MS);
  });
  await poll(second, () => left !== null);
  assert.equal(await left, true);

  over = true;
  await reading;
  assert.equal(await first.disconnect(CLOSE_MS), true);
  await cluster.stop();
});
