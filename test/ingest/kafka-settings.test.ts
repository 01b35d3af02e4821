import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Kafka from 'node-rdkafka';
import { KAFKA_TOPIC_SETTINGS, kafkaSettings, rejoinMs } from '../../src/ingest/kafka-settings.js';
import { configOf } from '../support/config.js';

const SASL = { KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p;=x' };

describe('the Kafka client’s properties', () => {
  test('leave every decision about positions to the engine', () => {
    const settings = kafkaSettings(configOf({ KAFKA_BROKERS: 'a:1,b:2', KAFKA_GROUP_ID: 'g' }));
    assert.equal(settings['metadata.broker.list'], 'a:1,b:2');
    assert.equal(settings['group.id'], 'g');
    assert.equal(settings['enable.auto.commit'], false);
    assert.equal(settings['enable.auto.offset.store'], false);
    assert.equal(KAFKA_TOPIC_SETTINGS['auto.offset.reset'], 'error');
    assert.equal(settings['fetch.queue.backoff.ms'], 5);
    assert.equal(settings['queued.max.messages.kbytes'], 32_768);
    assert.equal(settings['check.crcs'], true);
    assert.equal(settings['partition.assignment.strategy'], 'cooperative-sticky');
    assert.equal(settings['session.timeout.ms'], 45_000);
  });

  test('log in only where the protocol does, and use certificates only under TLS', () => {
    const plain = kafkaSettings(configOf(SASL));
    assert.equal(plain['security.protocol'], 'plaintext');
    assert.equal(plain['sasl.username'], undefined);
    const sasl = kafkaSettings(
      configOf({ ...SASL, KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'PLAIN' }),
    );
    assert.equal(sasl['security.protocol'], 'sasl_ssl');
    assert.equal(sasl['sasl.mechanism'], 'PLAIN');
    assert.equal(sasl['sasl.password'], 'p;=x');
    assert.equal(sasl['ssl.endpoint.identification.algorithm'], 'none');
    assert.equal(sasl['ssl.ca.location'], undefined);
  });

  test('leave session and assignor to the broker under KIP-848', () => {
    const settings = kafkaSettings(configOf({ KAFKA_ASSIGNMENT_STRATEGY: 'consumer' }));
    assert.equal(settings['group.protocol'], 'consumer');
    assert.ok(!('session.timeout.ms' in settings) && !('partition.assignment.strategy' in settings));
  });

  test('take further ones as they are given', () => {
    const settings: Record<string, unknown> = {
      ...kafkaSettings(configOf({ KAFKA_PROPERTIES: 'socket.timeout.ms=1000;reconnect.backoff.max.ms=500' })),
    };
    assert.equal(settings['socket.timeout.ms'], '1000');
    assert.equal(settings['reconnect.backoff.max.ms'], '500');
  });

  test('let a fenced member join anew after a second, and a static one after its session', () => {
    assert.equal(rejoinMs(configOf({})), 1_000);
    const KAFKA_PROPERTIES = 'socket.timeout.ms=1000;group.instance.id=blue-0';
    assert.equal(rejoinMs(configOf({ KAFKA_PROPERTIES, KAFKA_SESSION_TIMEOUT_MS: '6000' })), 6_000);
  });

  for (const strategy of ['cooperative-sticky', 'roundrobin', 'range', 'consumer'])
    test(`are taken by librdkafka with the assignment strategy ${strategy}`, async () => {
      const config = configOf({ KAFKA_GROUP_ID: 'g', KAFKA_ASSIGNMENT_STRATEGY: strategy });
      const settings = { ...kafkaSettings(config), 'test.mock.num.brokers': 1 };
      const consumer = new Kafka.KafkaConsumer(settings, KAFKA_TOPIC_SETTINGS);
      await new Promise<void>((resolve, reject) => {
        consumer.connect({ timeout: 20_000 }, (error) => (error ? reject(error) : resolve()));
      });
      await new Promise<void>((resolve) => consumer.disconnect(() => resolve()));
    });
});
