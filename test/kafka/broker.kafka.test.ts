import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { KafkaBroker } from './broker.js';
import { plainClient, readFromStart, saslClient, TestProducer, tlsClient } from './clients.js';
import { type SharedBroker, sharedBroker } from './shared-broker.js';

describe('the real broker', () => {
  let broker: SharedBroker;

  before(async () => {
    broker = await sharedBroker();
  });
  after(() => broker.release());

  async function roundTrip(name: string, settings: Record<string, string>): Promise<void> {
    const topic = `round-trip-${name}`;
    await broker.admin.createTopic(topic, 2);
    const producer = await TestProducer.connect(settings);
    try {
      const offsets = await Promise.all(
        ['a', 'b', 'c'].map((text) => producer.send(topic, { partition: 1, value: Buffer.from(text) })),
      );
      assert.deepEqual(offsets, [0, 1, 2]);
    } finally {
      await producer.close();
    }
    const values = await readFromStart(settings, topic, `group-${name}`, 3);
    assert.deepEqual(values.map(String), ['a', 'b', 'c']);
  }

  test('takes and gives records over PLAINTEXT', () => roundTrip('plaintext', plainClient(broker.address)));

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-512'] as const) {
    test(`takes and gives records over SASL_PLAINTEXT with ${mechanism}`, () =>
      roundTrip(`sasl-${mechanism}`, saslClient(broker.address, mechanism)));
    test(`takes and gives records over SASL_SSL with a client certificate and ${mechanism}`, () =>
      roundTrip(`tls-${mechanism}`, tlsClient(broker.address, mechanism)));
  }

  test('shows an expired certificate on the listener made for it', async () => {
    const settings: Record<string, string> = {
      ...tlsClient(broker.address, 'PLAIN'),
      'bootstrap.servers': `127.0.0.1:${broker.address.ports.expired}`,
    };
    await assert.rejects(TestProducer.connect(settings), /certificate verify failed/);
    const { 'ssl.ca.location': _ca, ...withoutCa } = settings;
    const unchecked = { ...withoutCa, 'enable.ssl.certificate.verification': 'false' };
    await (await TestProducer.connect(unchecked)).close();
  });

  test('turns a client without a certificate away', async () => {
    const settings = tlsClient(broker.address, 'PLAIN');
    const { 'ssl.certificate.location': _certificate, 'ssl.key.location': _key, ...without } = settings;
    await assert.rejects(TestProducer.connect(without), /alert/);
  });

  test('deletes records, topics and adds partitions', async () => {
    const topic = 'altered';
    await broker.admin.createTopic(topic, 1);
    const producer = await TestProducer.connect(plainClient(broker.address));
    try {
      for (const text of ['a', 'b', 'c']) await producer.send(topic, { partition: 0, value: Buffer.from(text) });
      await broker.admin.deleteRecords(topic, 0, 2);
      assert.deepEqual((await readFromStart(plainClient(broker.address), topic, 'altered-1', 1)).map(String), ['c']);
      await broker.admin.alterPartitions(topic, 3);
      await broker.admin.deleteTopic(topic);
      assert.ok(!(await broker.admin.listTopics()).includes(topic));
    } finally {
      await producer.close();
    }
  });

  test('keeps its records over a kill and a restart, and leaves nothing behind', async () => {
    const own = await KafkaBroker.start();
    try {
      await own.admin.createTopic('kept', 1);
      const producer = await TestProducer.connect(plainClient(own.address));
      await producer.send('kept', { partition: 0, value: Buffer.from('before') });
      await own.kill();
      await own.restart();
      assert.equal(await producer.send('kept', { partition: 0, value: Buffer.from('after') }), 1);
      await producer.close();
      const values = await readFromStart(plainClient(own.address), 'kept', 'kept', 2);
      assert.deepEqual(values.map(String), ['before', 'after']);
    } finally {
      await own.stop();
    }
    assert.ok(!existsSync(own.folder));
  });
});
