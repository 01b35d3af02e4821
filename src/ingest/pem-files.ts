import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Config } from '../config.js';
import { messageOf } from '../errors.js';

export interface PemCertificate {
  readonly env: string;
  readonly path: string;
  readonly subject: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** What the configured PEM files hold, and a sentence for each thing that makes them useless. */
export interface PemInspection {
  readonly certificates: readonly PemCertificate[];
  readonly faults: readonly string[];
}

/** Reads CA, client certificate and key as the Kafka client would; `nowMs` tells which certificates ran out. */
export function inspectPemFiles(config: Config, nowMs: number): PemInspection {
  const certificates: PemCertificate[] = [];
  const faults: string[] = [];
  const attempt = <T>(env: string, path: string | undefined, wants: string, read: (pem: Buffer) => T): T | null => {
    if (path === undefined) return null;
    try {
      return read(readFileSync(path));
    } catch (error) {
      faults.push(`${env}: ${path} is not ${wants} (${messageOf(error)}).`);
      return null;
    }
  };
  const parse = (env: string, path: string | undefined): X509Certificate | null => {
    const certificate = attempt(env, path, 'a PEM certificate', (pem) => new X509Certificate(pem));
    if (certificate === null || path === undefined) return null;
    const read = {
      env,
      path,
      subject: certificate.subject.replaceAll('\n', ', '),
      notBeforeMs: Date.parse(certificate.validFrom),
      notAfterMs: Date.parse(certificate.validTo),
    };
    certificates.push(read);
    if (read.notAfterMs < nowMs) faults.push(`${env}: ${path} expired on ${certificate.validTo}; ask for a new one.`);
    if (read.notBeforeMs > nowMs)
      faults.push(`${env}: ${path} is valid only from ${certificate.validFrom} on; check this machine’s clock.`);
    return certificate;
  };
  parse('KAFKA_CA_CERT_PATH', config.kafkaCaCertPath);
  const client = parse('KAFKA_CLIENT_CERT_PATH', config.kafkaClientCertPath);
  const key = attempt('KAFKA_CLIENT_KEY_PATH', config.kafkaClientKeyPath, keyWants(config), (pem) =>
    keyOf(pem, config),
  );
  if (client !== null && key !== null && !client.checkPrivateKey(key))
    faults.push(
      `KAFKA_CLIENT_KEY_PATH: ${config.kafkaClientKeyPath} is not the key of ${config.kafkaClientCertPath}; give the pair that was issued together.`,
    );
  return { certificates, faults };
}

function keyWants(config: Config): string {
  return config.kafkaClientKeyPassword === undefined
    ? 'a PEM key that opens without a password; set KAFKA_CLIENT_KEY_PASSWORD if it has one'
    : 'a PEM key that opens with KAFKA_CLIENT_KEY_PASSWORD';
}

function keyOf(pem: Buffer, config: Config): KeyObject {
  return createPrivateKey({
    key: pem,
    ...(config.kafkaClientKeyPassword === undefined ? {} : { passphrase: config.kafkaClientKeyPassword }),
  });
}
