import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createServer } from 'node:tls';
import { KafkaClient, type KafkaTexts } from '../../src/ingest/kafka-client.js';
import { explainKafkaError, explainKafkaFailure } from '../../src/ingest/kafka-errors.js';
import { KAFKA_TOPIC_SETTINGS, kafkaSettings } from '../../src/ingest/kafka-settings.js';
import { inspectPemFiles } from '../../src/ingest/pem-files.js';
import { makeCertificate, type TestCertificate } from '../support/certificate.js';
import { configOf } from '../support/config.js';

/** A refusal is told within milliseconds; the client may not be gone before this is over. */
const CONNECT_TIMEOUT_MS = 15_000;
const folder = mkdtempSync(join(tmpdir(), 'kafka-tls-'));
after(() => rmSync(folder, { recursive: true }));

const authority = makeCertificate({ name: 'brokers-ca' });
const stranger = makeCertificate({ name: 'another-ca' });

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** The error the real client ends with against a TLS server of this certificate; it speaks no Kafka. */
async function refusal(server: TestCertificate, env: Record<string, string>) {
  const listener = createServer({ cert: server.certificate, key: server.key });
  listener.on('tlsClientError', () => {});
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const config = configOf({ KAFKA_BROKERS: `127.0.0.1:${port}`, KAFKA_SECURITY_PROTOCOL: 'SSL', ...env });
  const silent = { rebalance() {}, rebalanceError() {}, committed() {}, statistics() {}, log() {} };
  const client = new KafkaClient({ global: { ...kafkaSettings(config) }, topic: { ...KAFKA_TOPIC_SETTINGS } }, silent);
  let seen: KafkaTexts = client.texts;
  const explain = (texts: KafkaTexts) => {
    seen = texts;
    return explainKafkaError(texts, config);
  };
  try {
    await assert.rejects(client.connect(CONNECT_TIMEOUT_MS, explain));
    return await explainKafkaFailure(seen, config);
  } finally {
    await client.disconnect();
    listener.close();
  }
}

describe('a broker’s certificate that is refused', { concurrency: 3 }, () => {
  test('of an unknown authority is told as such, with the authority’s name', async () => {
    const server = makeCertificate({ name: 'broker', issuer: stranger });
    const error = await refusal(server, { KAFKA_CA_CERT_PATH: file('ca.pem', authority.certificate) });
    assert.equal(error.code, 'KAFKA_TLS');
    assert.match(error.message, /\(broker\) is signed by another-ca, which is not in .*ca\.pem/);
  });

  test('that expired is told as such, with the day', async () => {
    const notAfter = new Date(Date.now() - 3_600_000);
    const server = makeCertificate({ name: 'broker', issuer: authority, notAfter });
    const error = await refusal(server, { KAFKA_CA_CERT_PATH: file('ca.pem', authority.certificate) });
    assert.equal(error.code, 'KAFKA_TLS');
    assert.match(error.message, /\(broker\) expired on /);
  });

  test('without any authority given is told with the setting that is missing', async () => {
    const error = await refusal(makeCertificate({ name: 'broker', issuer: stranger }), {});
    assert.match(error.message, /signed by another-ca, which this system does not know\. Set KAFKA_CA_CERT_PATH/);
  });
});

describe('our own PEM files', () => {
  const client = makeCertificate({ name: 'client', issuer: authority });
  const pair = { KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_CLIENT_CERT_PATH: file('client.pem', client.certificate) };
  const faults = (env: Record<string, string>) => inspectPemFiles(configOf(env), Date.now()).faults.join('\n');

  test('are fine where they belong together', () => {
    const env = {
      ...pair,
      KAFKA_CLIENT_KEY_PATH: file('key.pem', client.key),
      KAFKA_CA_CERT_PATH: file('ca.pem', authority.certificate),
    };
    assert.equal(faults(env), '');
    const { certificates } = inspectPemFiles(configOf(env), Date.now());
    assert.deepEqual(
      certificates.map(({ subject }) => subject),
      ['CN=brokers-ca', 'CN=client'],
    );
  });

  test('are told apart where they do not', () => {
    assert.match(
      faults({ ...pair, KAFKA_CLIENT_KEY_PATH: file('other.pem', stranger.key) }),
      /other\.pem is not the key of .*client\.pem/,
    );
  });

  test('are told where they are no PEM', () => {
    const bad = file('bad.pem', 'nonsense');
    assert.match(
      faults({ ...pair, KAFKA_CLIENT_KEY_PATH: bad }),
      /^KAFKA_CLIENT_KEY_PATH: .*bad\.pem is not a PEM key/,
    );
    assert.match(faults({ KAFKA_CA_CERT_PATH: bad }), /^KAFKA_CA_CERT_PATH: .*bad\.pem is not a PEM certificate/);
  });

  test('are told where they expired', () => {
    const old = makeCertificate({ name: 'old', notAfter: new Date(Date.now() - 1_000) });
    assert.match(faults({ KAFKA_CA_CERT_PATH: file('old.pem', old.certificate) }), /old\.pem expired on/);
  });

  test('that the real client cannot read are named in what its failure becomes', async () => {
    const bad = file('bad.pem', 'nonsense');
    const error = await refusal(client, { ...pair, KAFKA_CLIENT_KEY_PATH: bad });
    assert.equal(error.code, 'KAFKA_TLS');
    assert.match(error.message, /^KAFKA_CLIENT_KEY_PATH: .*bad\.pem/);
  });
});
