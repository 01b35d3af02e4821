import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createServer } from 'node:tls';
import { watchCertificates } from '../../src/engine-certificates.js';
import { type CertificateEnd, CertificateWatch } from '../../src/ingest/certificate-watch.js';
import type { Logger } from '../../src/observe/logger.js';
import { createMetrics } from '../../src/observe/metrics.js';
import { until } from '../kafka/until.js';
import { makeCertificate, type TestCertificate } from '../support/certificate.js';
import { configOf } from '../support/config.js';

const DAY_MS = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'certificate-watch-'));
after(() => rmSync(folder, { recursive: true }));

const inDays = (days: number): Date => new Date(Math.floor((Date.now() + days * DAY_MS) / 1_000) * 1_000);

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** A TLS server that says nothing, until the test is over, and hangs up on its first caller if told to. */
async function listening(certificate: TestCertificate, hangsUpOnce = false): Promise<string> {
  const server = createServer({ cert: certificate.certificate, key: certificate.key });
  server.on('tlsClientError', () => {});
  if (hangsUpOnce) server.once('connection', (socket: Socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  after(() => server.close());
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the ends of our certificates and of what the brokers show are told, and told anew when a file is replaced', async () => {
  const [caEnd, clientEnd, brokerEnd, renewed] = [inDays(90), inDays(40), inDays(30), inDays(400)];
  const ca = makeCertificate({ name: 'ca', notAfter: caEnd });
  const client = (notAfter: Date) => makeCertificate({ name: 'client', issuer: ca, notAfter });
  const broker = await listening(makeCertificate({ name: 'broker', issuer: ca, notAfter: brokerEnd }));
  const first = client(clientEnd);
  const config = configOf({
    KAFKA_BROKERS: broker,
    KAFKA_SECURITY_PROTOCOL: 'SSL',
    KAFKA_CA_CERT_PATH: file('ca.pem', ca.certificate),
    KAFKA_CLIENT_CERT_PATH: file('client.pem', first.certificate),
    KAFKA_CLIENT_KEY_PATH: file('client.key', first.key),
  });
  let seen: readonly CertificateEnd[] = [];
  const watch = new CertificateWatch({
    config,
    filesEveryMs: 20,
    seen: (ends) => {
      seen = ends;
    },
  });
  try {
    const end = (kind: string): number | undefined => seen.find((one) => one.kind === kind)?.notAfterMs;
    await until('all three are known', () => seen.length === 3);
    assert.deepEqual(['ca', 'client', 'broker'].map(end), [caEnd, clientEnd, brokerEnd].map(Number));
    const second = client(renewed);
    file('client.key', second.key);
    file('client.pem', second.certificate);
    await until('the new one is known', () => end('client') === Number(renewed));
    assert.equal(end('broker'), Number(brokerEnd), 'and the others are not forgotten');
  } finally {
    watch.close();
  }
});

test('a broker that shows nothing has no end, and connections without TLS are not looked at', async () => {
  const metrics = createMetrics({ version: '1' });
  const lines: string[] = [];
  const logger = { warn: (code: string) => void lines.push(code) } as unknown as Logger;
  assert.equal(watchCertificates(configOf({ KAFKA_BROKERS: '127.0.0.1:1' }), metrics, logger), null);
  const config = configOf({ KAFKA_BROKERS: '127.0.0.1:1', KAFKA_SECURITY_PROTOCOL: 'SSL' });
  const looks: number[] = [];
  const watch = new CertificateWatch({ config, filesEveryMs: 10, seen: (ends) => looks.push(ends.length) });
  await until('it has looked', () => looks.length >= 5);
  watch.close();
  assert.ok(looks.every((ends) => ends === 0));
});

test('a broker that did not answer is asked again with the next look at the files', async () => {
  const end = inDays(30);
  const broker = await listening(makeCertificate({ name: 'late', notAfter: end }), true);
  const config = configOf({ KAFKA_BROKERS: broker, KAFKA_SECURITY_PROTOCOL: 'SSL' });
  const looks: (readonly CertificateEnd[])[] = [];
  const watch = new CertificateWatch({ config, filesEveryMs: 100, seen: (ends) => looks.push(ends) });
  await until('the end is known', () => looks.at(-1)?.length === 1);
  watch.close();
  assert.deepEqual(looks.at(-1), [{ kind: 'broker', where: broker, notAfterMs: Number(end) }]);
});

test('the metric is the earliest end of a kind, and one that ends within three weeks is a warning, once', async () => {
  const end = inDays(5.5);
  const soon = makeCertificate({ name: 'near', notAfter: end });
  const brokers = [await listening(makeCertificate({ name: 'far', notAfter: inDays(50) })), await listening(soon)];
  const config = configOf({ KAFKA_BROKERS: brokers.join(','), KAFKA_SECURITY_PROTOCOL: 'SSL' });
  const metrics = createMetrics({ version: '1' });
  const lines: string[] = [];
  const logger = { warn: (code: string, text: string) => void lines.push(`${code}: ${text}`) } as unknown as Logger;
  const watch = watchCertificates(config, metrics, logger);
  try {
    await until('the warning', () => lines.length > 0);
    assert.match(
      lines.join('\n'),
      new RegExp(`^certificate_expiring: the certificate of ${brokers[1]} ends in 5 days, on `),
    );
    const { values } = await metrics.certificateNotAfter.get();
    assert.deepEqual(
      values.map(({ labels, value }) => [labels.certificate, value]),
      [['broker', Number(end) / 1_000]],
    );
  } finally {
    watch?.close();
  }
});
