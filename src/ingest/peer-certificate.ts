import { readFileSync } from 'node:fs';
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { Config } from '../config.js';

/** Why a broker's certificate is not trusted. */
export interface CertificateFault {
  readonly kind: 'expired' | 'not-yet-valid' | 'unknown-ca' | 'host-name' | 'other';
  /** What is wrong, where, and what to do. */
  readonly sentence: string;
}

const FAULT_KINDS: Readonly<Record<string, CertificateFault['kind']>> = {
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not-yet-valid',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown-ca',
  UNABLE_TO_GET_ISSUER_CERT: 'unknown-ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown-ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown-ca',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'unknown-ca',
};

/**
 * Opens a TLS connection to `host:port` only to look at the certificate, because librdkafka says the same of an expired
 * one and of one of an unknown CA. Null where nothing is wrong with it or nothing was shown within `timeoutMs`.
 */
export async function inspectPeer(broker: string, config: Config, timeoutMs: number): Promise<CertificateFault | null> {
  const seen = await handshake(broker, config, timeoutMs);
  if (seen === null) return null;
  const { certificate, error } = seen;
  const expired = Date.parse(certificate.valid_to) < Date.now();
  const host = broker.slice(0, broker.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  const misnamed =
    config.kafkaEndpointIdentification === 'https' && checkServerIdentity(host, certificate) !== undefined;
  const kind = expired ? 'expired' : error !== null ? (FAULT_KINDS[error] ?? 'other') : misnamed ? 'host-name' : null;
  return kind === null ? null : { kind, sentence: sentenceOf(kind, broker, certificate, config, error) };
}

/** When the certificate that `host:port` shows ends, ms since the epoch; null where none was shown within `timeoutMs`. */
export async function peerNotAfter(broker: string, config: Config, timeoutMs: number): Promise<number | null> {
  const seen = await handshake(broker, config, timeoutMs);
  return seen === null ? null : Date.parse(seen.certificate.valid_to);
}

function sentenceOf(
  kind: CertificateFault['kind'],
  broker: string,
  certificate: PeerCertificate,
  config: Config,
  error: string | null,
): string {
  const which = `The certificate of ${broker} (${nameOf(certificate.subject)})`;
  switch (kind) {
    case 'expired':
      return `${which} expired on ${certificate.valid_to}. Tell the broker’s owner, and check this machine’s clock.`;
    case 'not-yet-valid':
      return `${which} is valid only from ${certificate.valid_from} on. Check this machine’s clock.`;
    case 'host-name':
      return `${which} does not carry the name ${broker}. Set KAFKA_ENDPOINT_IDENTIFICATION=none if that is known to be so.`;
    case 'unknown-ca': {
      const issuer = `${which} is signed by ${nameOf(certificate.issuer)}`;
      return config.kafkaCaCertPath === undefined
        ? `${issuer}, which this system does not know. Set KAFKA_CA_CERT_PATH to the CA certificate of the brokers.`
        : `${issuer}, which is not in ${config.kafkaCaCertPath}. Set KAFKA_CA_CERT_PATH to the CA certificate of these brokers.`;
    }
    case 'other':
      return `${which} could not be verified: ${error}. Check KAFKA_CA_CERT_PATH.`;
  }
}

function nameOf(subject: PeerCertificate['subject'] | undefined): string {
  return String(subject?.CN ?? subject?.O ?? 'without a name');
}

interface Seen {
  readonly certificate: PeerCertificate;
  readonly error: string | null;
}

function handshake(broker: string, config: Config, timeoutMs: number): Promise<Seen | null> {
  return new Promise((resolve) => {
    const colon = broker.lastIndexOf(':');
    let socket: TLSSocket;
    const finish = (seen: Seen | null) => {
      clearTimeout(timer);
      socket?.destroy();
      resolve(seen);
    };
    const timer = setTimeout(() => finish(null), timeoutMs);
    try {
      socket = connect({
        host: broker.slice(0, colon).replace(/^\[|\]$/g, ''),
        port: Number(broker.slice(colon + 1)),
        rejectUnauthorized: false, // only the certificate is read; nothing is sent
        checkServerIdentity: () => undefined,
        ...pemFiles(config),
      });
    } catch {
      clearTimeout(timer);
      resolve(null);
      return;
    }
    socket.on('error', () => finish(null));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerCertificate();
      const error: unknown = socket.authorizationError;
      const shown = Object.keys(certificate).length > 0;
      finish(shown ? { certificate, error: error ? codeOf(error) : null } : null);
    });
  });
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
}

function pemFiles(config: Config): { ca?: Buffer; cert?: Buffer; key?: Buffer; passphrase?: string } {
  const { kafkaCaCertPath: ca, kafkaClientCertPath: cert, kafkaClientKeyPath: key } = config;
  return {
    ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
    ...(cert === undefined || key === undefined ? {} : { cert: readFileSync(cert), key: readFileSync(key) }),
    ...(config.kafkaClientKeyPassword === undefined ? {} : { passphrase: config.kafkaClientKeyPassword }),
  };
}
