import { lookup } from 'node:dns/promises';
import { usesTls } from '../../ingest/kafka-settings.js';
import { inspectPeer, peerNotAfter } from '../../ingest/peer-certificate.js';
import { type Check, type CheckResult, fail, ok, skipped, warn } from './check.js';

const HANDSHAKE_TIMEOUT_MS = 5_000;
const DAY_MS = 86_400_000;
const EXPIRY_WARNING_DAYS = 21;

/** Whether the names of the brokers stand for addresses, and for how many. */
export const dns: Check = {
  name: 'dns',
  async run({ config }) {
    const hosts = [...new Set((config.kafkaBrokers ?? []).map(hostOf))];
    const found = await Promise.all(
      hosts.map(async (host) => ({ host, addresses: await lookup(host, { all: true }).catch(() => []) })),
    );
    const unknown = found.filter(({ addresses }) => addresses.length === 0).map(({ host }) => host);
    const advice = 'Check KAFKA_BROKERS for a slip, and the name server of this machine (/etc/resolv.conf).';
    if (unknown.length === 0) {
      const shown = found.map(
        ({ host, addresses }) => `${host} → ${addresses.map(({ address }) => address).join(', ')}`,
      );
      return ok(shown.join('; '));
    }
    const said = `no address for ${unknown.join(', ')}`;
    return unknown.length === hosts.length ? fail(said, advice) : warn(said, advice);
  },
};

/** What the brokers show: whether its chain leads to an authority we trust, whether it names them, and until when. */
export const tls: Check = {
  name: 'tls',
  needs: ['certificates', 'brokers'],
  async run({ config }): Promise<CheckResult> {
    if (!usesTls(config)) return skipped(`KAFKA_SECURITY_PROTOCOL=${config.kafkaSecurityProtocol} uses none`);
    const shown = await Promise.all(
      (config.kafkaBrokers ?? []).map(async (broker) => {
        const [fault, notAfterMs] = await Promise.all([
          inspectPeer(broker, config, HANDSHAKE_TIMEOUT_MS),
          peerNotAfter(broker, config, HANDSHAKE_TIMEOUT_MS),
        ]);
        return { broker, fault, notAfterMs };
      }),
    );
    const faults = shown.flatMap(({ fault }) => (fault === null ? [] : [fault.sentence]));
    if (faults.length > 0) return fail(faults.join(' '));
    const silent = shown.filter(({ notAfterMs }) => notAfterMs === null).map(({ broker }) => broker);
    const times = shown.flatMap(({ notAfterMs }) => (notAfterMs === null ? [] : [notAfterMs]));
    const advice = 'Is it a port with TLS? Bitquery’s is 9093.';
    if (times.length === 0) return fail(`${silent.join(', ')} showed no certificate`, advice);
    const days = Math.floor((Math.min(...times) - Date.now()) / DAY_MS);
    const detail = `the chain is trusted, and valid for ${days} more days`;
    if (silent.length > 0) return warn(`${detail}; ${silent.join(', ')} showed no certificate`, advice);
    return days < EXPIRY_WARNING_DAYS ? warn(detail, 'Tell the broker’s owner.') : ok(detail);
  },
};

function hostOf(broker: string): string {
  return broker.slice(0, broker.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}
