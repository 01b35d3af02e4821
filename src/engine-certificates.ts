import type { Config } from './config.js';
import { type CertificateEnd, type CertificateKind, CertificateWatch } from './ingest/certificate-watch.js';
import { usesTls } from './ingest/kafka-settings.js';
import type { Logger } from './observe/logger.js';
import type { Metrics } from './observe/metrics.js';

const DAY_MS = 86_400_000;
const WARN_DAYS = 21;

/** Exports when the certificates of the connection to the brokers end, and warns three weeks before, once a day. Null without TLS. */
export function watchCertificates(config: Config, metrics: Metrics, logger: Logger): CertificateWatch | null {
  if (!usesTls(config)) return null;
  const warnedMs = new Map<string, number>();
  return new CertificateWatch({
    config,
    seen(ends) {
      metrics.certificateNotAfter.reset();
      for (const [certificate, notAfterMs] of earliest(ends))
        metrics.certificateNotAfter.set({ certificate }, notAfterMs / 1_000);
      const nowMs = Date.now();
      for (const { where, notAfterMs } of ends) {
        const days = Math.floor((notAfterMs - nowMs) / DAY_MS);
        if (days >= WARN_DAYS || nowMs - (warnedMs.get(where) ?? 0) < DAY_MS) continue;
        warnedMs.set(where, nowMs);
        const text = `the certificate of ${where} ${days < 0 ? 'has ended' : `ends in ${days} days`}, on ${new Date(notAfterMs).toISOString()}`;
        logger.warn('certificate_expiring', text, { certificate: where, days });
      }
    },
  });
}

function earliest(ends: readonly CertificateEnd[]): Map<CertificateKind, number> {
  const found = new Map<CertificateKind, number>();
  for (const { kind, notAfterMs } of ends)
    found.set(kind, Math.min(found.get(kind) ?? Number.POSITIVE_INFINITY, notAfterMs));
  return found;
}
