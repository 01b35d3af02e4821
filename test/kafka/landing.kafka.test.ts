import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { WatchedEngine } from '../scenario/watched-engine.js';
import { saslEnvironment, tlsEnvironment } from './engine-environment.js';
import type { EngineEnvironment, EngineProcess } from './engine-process.js';
import { type SharedBroker, sharedBroker } from './shared-broker.js';
import { Stage } from './stage.js';

describe('the engine lands a stream', () => {
  let broker: SharedBroker;

  before(async () => {
    broker = await sharedBroker();
  });
  after(() => broker.release());

  async function lands(
    name: string,
    environment: EngineEnvironment,
    look: (engine: EngineProcess) => Promise<void> = async () => {},
  ): Promise<void> {
    const stage = await Stage.open(name, broker, { seed: 11 });
    try {
      await stage.send(150);
      const engine = stage.engine({ ...environment, KAFKA_SESSION_TIMEOUT_MS: '45000' });
      await stage.settled();
      await look(engine);
      await stage.send(50);
      await stage.settled();
      assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
      await stage.assertLedger();
      await stage.committed();
    } finally {
      await stage.close();
    }
  }

  /** /metrics tells when each certificate ends, to the second. */
  async function tellsCertificates(engine: EngineProcess): Promise<void> {
    const { ca, client } = broker.address.certificates;
    const ends = (path: string): number => Date.parse(new X509Certificate(readFileSync(path)).validTo) / 1_000;
    const watched = await WatchedEngine.of(engine);
    const name = 'tls_certificate_not_after_timestamp_seconds';
    await watched.sees('the authority', name, { certificate: 'ca' }, (end) => end === ends(ca));
    await watched.sees('ours', name, { certificate: 'client' }, (end) => end === ends(client.certificate));
    await watched.sees('the broker’s', name, { certificate: 'broker' }, (end) => end > Date.now() / 1_000);
  }

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-512'] as const) {
    test(`over SASL_PLAINTEXT with ${mechanism}`, () =>
      lands(`landing-sasl-${mechanism}`, saslEnvironment(broker.address, mechanism)));
    test(`over SASL_SSL with a client certificate and ${mechanism}`, () =>
      lands(`landing-tls-${mechanism}`, tlsEnvironment(broker.address, mechanism), tellsCertificates));
  }

  test('over SASL_SSL where the certificate must carry the host name', () =>
    lands('landing-named', {
      ...tlsEnvironment(broker.address, 'SCRAM-SHA-512'),
      KAFKA_ENDPOINT_IDENTIFICATION: 'https',
    }));
});
