import { connect } from 'node:net';
import { messageOf } from '../../errors.js';
import { usesSasl, usesTls } from '../../ingest/kafka-settings.js';
import { inspectPemFiles } from '../../ingest/pem-files.js';
import { checkLibraries, kafkaFeatures } from '../libraries.js';
import { dns, tls } from './address-checks.js';
import { type Check, type CheckContext, type CheckResult, fail, ok, skipped, warn } from './check.js';
import type { KafkaProbe } from './kafka-probe.js';

const TCP_TIMEOUT_MS = 5_000;
const DAY_MS = 86_400_000;
const EXPIRY_WARNING_DAYS = 21;

const libraries: Check = {
  name: 'libraries',
  async run({ config }) {
    const features = await kafkaFeatures();
    const [warning] = checkLibraries(config, features);
    if (warning !== undefined) return warn(warning, '');
    return ok('the Kafka client has all it needs');
  },
};

const certificates: Check = {
  name: 'certificates',
  async run({ config }) {
    if (!usesTls(config)) return skipped(`KAFKA_SECURITY_PROTOCOL=${config.kafkaSecurityProtocol} uses none`);
    const now = Date.now();
    const { certificates: read, faults } = inspectPemFiles(config, now);
    if (faults.length > 0) return fail(faults.join(' '));
    if (read.length === 0) return ok('none configured; the system’s own authorities are trusted');
    const days = (notAfterMs: number) => Math.floor((notAfterMs - now) / DAY_MS);
    const shown = read.map(({ env, notAfterMs }) => `${env} is valid for ${days(notAfterMs)} more days`).join(', ');
    const soon = read.some(({ notAfterMs }) => days(notAfterMs) < EXPIRY_WARNING_DAYS);
    return soon ? warn(shown, 'Ask the broker’s owner for new certificates now.') : ok(shown);
  },
};

const brokers: Check = {
  name: 'brokers',
  async run({ config }) {
    const all = config.kafkaBrokers ?? [];
    const answers = await Promise.all(all.map(async (broker) => ({ broker, problem: await whyUnreachable(broker) })));
    const down = answers.filter(({ problem }) => problem !== null);
    const said = down.map(({ broker, problem }) => `${broker}: ${problem}`).join('; ');
    const advice =
      'Check host and port in KAFKA_BROKERS and the firewall (Bitquery: rpk0.bitquery.io, rpk1…, rpk2…; port 9092 without TLS, 9093 with it).';
    if (down.length === all.length) return fail(said, advice);
    if (down.length > 0) return warn(`${all.length - down.length} of ${all.length} answer; ${said}`, advice);
    return ok(`${all.length === 1 ? `${all[0]} answers` : `all ${all.length} answer`}`);
  },
};

const login: Check = {
  name: 'credentials',
  needs: ['libraries', 'certificates', 'brokers'],
  async run(context) {
    const { config } = context;
    const probe = await import('./kafka-probe.js'); // it loads the Kafka client, which may be what is missing
    context.kafka = new probe.KafkaProbe(config);
    await context.kafka.connect();
    const how = config.kafkaSecurityProtocol;
    return usesSasl(config)
      ? ok(`user "${config.kafkaUsername}" is let in (${how}, ${config.kafkaSaslMechanism})`)
      : ok(`let in without a login (${how})`);
  },
};

const topic: Check = {
  name: 'topic',
  needs: ['credentials'],
  async run(context) {
    const { kafkaTopic } = context.config;
    return asked(context, async (client) => {
      const partitions = await client.partitionCount(kafkaTopic);
      if (partitions === null)
        return fail(`the brokers show no topic ${kafkaTopic}`, 'Check KAFKA_TOPIC and the account’s right to read it.');
      const all = Array.from({ length: partitions }, (_, partition) =>
        client.watermarks({ topic: kafkaTopic, partition }),
      );
      const held = await Promise.all(all);
      const end = held.reduce((sum, { high }) => sum + high, 0);
      context.held = { partitions, end, atMs: performance.now() };
      const { low = 0, high = 0 } = held[0] ?? {};
      return ok(`${kafkaTopic} has ${partitions} partitions; partition 0 holds offsets ${low} to ${high}`);
    });
  },
};

const group: Check = {
  name: 'group',
  needs: ['topic'],
  async run(context) {
    const { kafkaGroupId, kafkaTopic } = context.config;
    return asked(context, async (client) => {
      const committed = await client.committed({ topic: kafkaTopic, partition: 0 });
      const where = committed === null ? 'has no committed offset yet' : `is at offset ${committed} of partition 0`;
      return ok(`${kafkaGroupId} may be used, and ${where}`);
    });
  },
};

/** In the order they are run: each needs some of those before it. */
export const KAFKA_CHECKS: readonly Check[] = [libraries, certificates, dns, brokers, tls, login, topic, group];

async function asked(
  context: CheckContext,
  question: (client: KafkaProbe['client']) => Promise<CheckResult>,
): Promise<CheckResult> {
  const probe = context.kafka;
  if (probe === undefined) return skipped('there is no connection to the brokers');
  try {
    return await question(probe.client);
  } catch (error) {
    throw probe.explain(messageOf(error));
  }
}

/** Why no TCP connection to `host:port` comes about, null where one does. */
function whyUnreachable(broker: string): Promise<string | null> {
  return new Promise((resolve) => {
    const colon = broker.lastIndexOf(':');
    const host = broker.slice(0, colon).replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: Number(broker.slice(colon + 1)) });
    const timer = setTimeout(() => finish(`no answer within ${TCP_TIMEOUT_MS / 1_000} s`), TCP_TIMEOUT_MS);
    const finish = (problem: string | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(problem);
    };
    socket.once('connect', () => finish(null));
    socket.once('error', (error: NodeJS.ErrnoException) => finish(REASONS[error.code ?? ''] ?? messageOf(error)));
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused, nothing listens there',
  ENOTFOUND: 'the name is unknown',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'no route there',
  ENETUNREACH: 'no network there',
};
