import type { Config } from '../config.js';
import { peerNotAfter } from './peer-certificate.js';
import { inspectPemFiles } from './pem-files.js';

/** Whose certificate: our files, or what the brokers show. */
export type CertificateKind = 'ca' | 'client' | 'broker';

/** When a certificate ends. */
export interface CertificateEnd {
  readonly kind: CertificateKind;
  /** Variable and file, or `host:port`. */
  readonly where: string;
  readonly notAfterMs: number;
}

export interface CertificateWatchOptions {
  readonly config: Config;
  /** Told after every look: all ends that are known now. */
  readonly seen: (ends: readonly CertificateEnd[]) => void;
  /** Between two looks, ms; by default a minute for the files, an hour for the brokers. */
  readonly filesEveryMs?: number;
  readonly brokersEveryMs?: number;
}

const FILES_EVERY_MS = 60_000;
const BROKERS_EVERY_MS = 3_600_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;

const KINDS: Readonly<Record<string, CertificateKind>> = {
  KAFKA_CA_CERT_PATH: 'ca',
  KAFKA_CLIENT_CERT_PATH: 'client',
};

/** Looks now and then when the certificates end that the connection to the brokers hangs on. */
export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  readonly #timers: readonly NodeJS.Timeout[];
  #files: readonly CertificateEnd[] = [];
  #brokers: readonly CertificateEnd[] = [];
  #closed = false;

  constructor(options: CertificateWatchOptions) {
    this.#options = options;
    const { filesEveryMs = FILES_EVERY_MS, brokersEveryMs = BROKERS_EVERY_MS } = options;
    this.#timers = [
      setInterval(() => this.#lookAtFiles(), filesEveryMs).unref(),
      setInterval(() => void this.#lookAtBrokers(), brokersEveryMs).unref(),
    ];
    this.#lookAtFiles();
    void this.#lookAtBrokers();
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
  }

  #lookAtFiles(): void {
    const { certificates } = inspectPemFiles(this.#options.config, Date.now());
    this.#files = certificates.map(({ env, path, notAfterMs }) => ({
      kind: KINDS[env] ?? 'client',
      where: `${env}=${path}`,
      notAfterMs,
    }));
    this.#tell();
  }

  /** A broker that does not answer keeps the end it had. */
  async #lookAtBrokers(): Promise<void> {
    const { config } = this.#options;
    const looked = await Promise.all(
      (config.kafkaBrokers ?? []).map(async (where) => {
        const notAfterMs = await peerNotAfter(where, config, HANDSHAKE_TIMEOUT_MS);
        const before = this.#brokers.find((end) => end.where === where);
        return notAfterMs === null ? before : ({ kind: 'broker', where, notAfterMs } as const);
      }),
    );
    this.#brokers = looked.filter((end) => end !== undefined);
    this.#tell();
  }

  #tell(): void {
    if (!this.#closed) this.#options.seen([...this.#files, ...this.#brokers]);
  }
}
