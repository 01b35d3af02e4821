import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { saslEnvironment, tlsEnvironment } from './engine-environment.js';
import type { EngineEnvironment } from './engine-process.js';
import { type SharedBroker, sharedBroker } from './shared-broker.js';
import { Stage } from './stage.js';

describe('the engine lands a stream', () => {
  let broker: SharedBroker;

  before(async () => {
    broker = await sharedBroker();
  });
  after(() => broker.release());

  async function lands(name: string, environment: EngineEnvironment): Promise<void> {
    const stage = await Stage.open(name, broker, { seed: 11 });
    try {
      await stage.send(150);
      const engine = stage.engine(environment);
      await stage.settled();
      await stage.send(50);
      await stage.settled();
      assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
      await stage.assertLedger();
      const committed = await broker.admin.committedOffsets(stage.group, stage.topic);
      assert.deepEqual(committed, await stage.positions(), 'the group was not told where the engine stopped');
    } finally {
      await stage.close();
    }
  }

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-512'] as const) {
    test(`over SASL_PLAINTEXT with ${mechanism}`, () =>
      lands(`landing-sasl-${mechanism}`, saslEnvironment(broker.address, mechanism)));
    test(`over SASL_SSL with a client certificate and ${mechanism}`, () =>
      lands(`landing-tls-${mechanism}`, tlsEnvironment(broker.address, mechanism)));
  }

  test('over SASL_SSL where the certificate must carry the host name', () =>
    lands('landing-named', {
      ...tlsEnvironment(broker.address, 'SCRAM-SHA-512'),
      KAFKA_ENDPOINT_IDENTIFICATION: 'https',
    }));
});
