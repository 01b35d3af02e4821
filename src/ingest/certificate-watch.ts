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
  /** Between two looks, ms; by default a minute for the files, an hour for the brokers. One that never answered is asked with the files. */
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
    const { config, filesEveryMs = FILES_EVERY_MS, brokersEveryMs = BROKERS_EVERY_MS } = options;
    this.#timers = [
      setInterval(() => {
        this.#lookAtFiles();
        void this.#lookAtBrokers(this.#strangers);
      }, filesEveryMs).unref(),
      setInterval(() => void this.#lookAtBrokers(config.kafkaBrokers), brokersEveryMs).unref(),
    ];
    this.#lookAtFiles();
    void this.#lookAtBrokers(config.kafkaBrokers);
  }

  /** Brokers that have shown no certificate yet. */
  get #strangers(): readonly string[] {
    const { kafkaBrokers = [] } = this.#options.config;
    return kafkaBrokers.filter((broker) => !this.#brokers.some(({ where }) => where === broker));
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
  async #lookAtBrokers(brokers: readonly string[] = []): Promise<void> {
    await Promise.all(
      brokers.map(async (where) => {
        const notAfterMs = await peerNotAfter(where, this.#options.config, HANDSHAKE_TIMEOUT_MS);
        if (notAfterMs === null) return;
        this.#brokers = [...this.#brokers.filter((end) => end.where !== where), { kind: 'broker', where, notAfterMs }];
        this.#tell();
      }),
    );
  }

  #tell(): void {
    if (!this.#closed) this.#options.seen([...this.#files, ...this.#brokers]);
  }
}
