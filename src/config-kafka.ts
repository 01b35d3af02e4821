import { parseKafkaProperties, reasonAgainst } from './config-kafka-properties.js';
import type { Option, Rule } from './config-option.js';

export const KAFKA_OPTIONS = {
  kafkaBrokers: {
    env: 'KAFKA_BROKERS',
    type: 'list',
    description: 'Brokers to start from, `host:port`, separated by commas.',
  },
  kafkaTopic: { env: 'KAFKA_TOPIC', type: 'string', default: 'solana.dextrades.proto', description: 'Topic to read.' },
  kafkaMessageType: {
    env: 'KAFKA_MESSAGE_TYPE',
    type: 'choice',
    choices: ['auto', 'dextrades'],
    default: 'auto',
    description: 'Message type of the topic; `auto` tells by the topic’s name.',
  },
  kafkaGroupId: {
    env: 'KAFKA_GROUP_ID',
    type: 'string',
    description: 'Consumer group, the same for every replica; should start with the user name.',
  },
  kafkaUsername: { env: 'KAFKA_USERNAME', type: 'string', fromFile: true, description: 'SASL user.' },
  kafkaPassword: { env: 'KAFKA_PASSWORD', type: 'string', secret: true, description: 'SASL password.' },
  kafkaSecurityProtocol: {
    env: 'KAFKA_SECURITY_PROTOCOL',
    type: 'choice',
    choices: ['PLAINTEXT', 'SASL_PLAINTEXT', 'SASL_SSL', 'SSL'],
    default: 'PLAINTEXT',
    description: 'How to talk to the brokers. Bitquery: port 9092 is `SASL_PLAINTEXT`, 9093 is `SASL_SSL`.',
  },
  kafkaSaslMechanism: {
    env: 'KAFKA_SASL_MECHANISM',
    type: 'choice',
    choices: ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN'],
    default: 'SCRAM-SHA-512',
    description: 'SASL mechanism.',
  },
  kafkaCaCertPath: { env: 'KAFKA_CA_CERT_PATH', type: 'path', description: 'CA certificate of the brokers, PEM.' },
  kafkaClientCertPath: { env: 'KAFKA_CLIENT_CERT_PATH', type: 'path', description: 'Client certificate, PEM.' },
  kafkaClientKeyPath: {
    env: 'KAFKA_CLIENT_KEY_PATH',
    type: 'path',
    description: 'Key of the client certificate, PEM, readable by nobody else.',
  },
  kafkaClientKeyPassword: {
    env: 'KAFKA_CLIENT_KEY_PASSWORD',
    type: 'string',
    secret: true,
    description: 'Password of the client key, if it has one.',
  },
  kafkaEndpointIdentification: {
    env: 'KAFKA_ENDPOINT_IDENTIFICATION',
    type: 'choice',
    choices: ['none', 'https'],
    default: 'none',
    description: 'Whether the broker’s certificate must carry its host name. Bitquery’s does not.',
  },
  kafkaAssignmentStrategy: {
    env: 'KAFKA_ASSIGNMENT_STRATEGY',
    type: 'choice',
    choices: ['cooperative-sticky', 'roundrobin', 'range', 'consumer'],
    default: 'cooperative-sticky',
    description: 'Partition assignment; `consumer` is the broker-side protocol of KIP-848.',
  },
  kafkaSessionTimeoutMs: {
    env: 'KAFKA_SESSION_TIMEOUT_MS',
    type: 'integer',
    unit: 'ms',
    default: 45_000,
    min: 1_000,
    max: 3_600_000,
    description:
      'After this long without a heartbeat the group gives our partitions away. Under `consumer` the broker sets it.',
  },
  kafkaMaxPollIntervalMs: {
    env: 'KAFKA_MAX_POLL_INTERVAL_MS',
    type: 'integer',
    unit: 'ms',
    default: 300_000,
    min: 1_000,
    max: 86_400_000,
    description: 'After this long without a poll the group gives our partitions away.',
  },
  kafkaStartFrom: {
    env: 'KAFKA_START_FROM',
    type: 'string',
    default: 'latest',
    description: 'Where a partition without any stored position starts: `latest`, `earliest`, or an ISO 8601 time.',
  },
  kafkaGapPolicy: {
    env: 'KAFKA_GAP_POLICY',
    type: 'choice',
    choices: ['halt', 'continue'],
    default: 'halt',
    description: 'What to do when messages expired unread: stop, or record the gap and go on.',
  },
  kafkaSourcePolicy: {
    env: 'KAFKA_SOURCE_POLICY',
    type: 'choice',
    choices: ['halt', 'continue'],
    default: 'halt',
    description:
      'What to do when the stored offsets were read from another cluster, or from a topic that was since created anew: stop, or go on at the same offsets.',
  },
  kafkaCommitIntervalMs: {
    env: 'KAFKA_COMMIT_INTERVAL_MS',
    type: 'integer',
    unit: 'ms',
    default: 1_000,
    min: 1_000,
    max: 600_000,
    description: 'How often landed offsets are told to Kafka, for lag tools.',
  },
  kafkaQueueBytes: {
    env: 'KAFKA_QUEUE_BYTES',
    type: 'integer',
    unit: 'bytes',
    default: 33_554_432,
    min: 1_048_576,
    max: 2_147_482_624, // librdkafka's own limit, 2,097,151 KiB
    description: 'What the Kafka client may hold fetched ahead of the engine.',
  },
  kafkaCheckCrcs: {
    env: 'KAFKA_CHECK_CRCS',
    type: 'boolean',
    default: true,
    description: 'Verify the checksum of every record batch.',
  },
  kafkaMessageMaxBytes: {
    env: 'KAFKA_MESSAGE_MAX_BYTES',
    type: 'integer',
    unit: 'bytes',
    default: 8_388_608,
    min: 1_024,
    max: 1_000_000_000,
    description: 'A larger message is not decoded but kept as a dead letter.',
  },
  kafkaProperties: {
    env: 'KAFKA_PROPERTIES',
    type: 'string',
    default: '',
    secret: true,
    description: 'Further librdkafka properties, `name=value` separated by `;`, for what has no option here.',
  },
} as const satisfies Record<string, Option>;

type KafkaRule = Rule<typeof KAFKA_OPTIONS>;

/** Topics of the vendor by suffix, and whether the engine lands them. */
const KNOWN_TOPICS: readonly (readonly [suffix: string, type: string, landed: boolean])[] = [
  ['dextrades.proto', 'dextrades', true],
  ['tokens.proto', 'tokens', false],
  ['transactions.proto', 'transactions', false],
  ['raw.proto', 'raw', false],
];

const brokersAreAddresses: KafkaRule = ({ kafkaBrokers }, report) => {
  for (const broker of kafkaBrokers ?? []) {
    const match = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(broker);
    const port = Number(match?.[1]);
    if (!match || port < 1 || port > 65_535)
      report.problem('KAFKA_BROKERS', broker, 'host:port, several separated by commas, such as rpk0.bitquery.io:9092');
  }
};

const topicIsKnown: KafkaRule = ({ kafkaTopic, kafkaMessageType }, report) => {
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(kafkaTopic))
    report.problem(
      'KAFKA_TOPIC',
      kafkaTopic,
      'a topic name: letters, digits, dots, dashes and underscores, 249 at most',
    );
  if (kafkaMessageType !== 'auto') return;
  const known = KNOWN_TOPICS.find(([suffix]) => kafkaTopic === suffix || kafkaTopic.endsWith(`.${suffix}`));
  if (known?.[2]) return;
  const list = KNOWN_TOPICS.map(([suffix, , landed]) => `*.${suffix}${landed ? '' : ' (not landed yet)'}`).join(', ');
  const wants = known
    ? `a topic the engine lands: ${known[1]} messages are known but not supported yet. Known topics: ${list}`
    : `a topic whose name tells its message type (${list}), or KAFKA_MESSAGE_TYPE=dextrades for a topic of another name`;
  report.problem('KAFKA_TOPIC', kafkaTopic, wants);
};

const groupIdFits: KafkaRule = ({ kafkaGroupId, kafkaUsername }, report) => {
  if (kafkaGroupId === undefined) return;
  if (kafkaGroupId.length > 249 || !/^[\x20-\x7e]+$/.test(kafkaGroupId))
    report.problem('KAFKA_GROUP_ID', kafkaGroupId, 'at most 249 printable ASCII characters');
  if (kafkaUsername && !kafkaGroupId.startsWith(kafkaUsername))
    report.warning(
      `KAFKA_GROUP_ID does not start with the user name "${kafkaUsername}": Bitquery’s brokers may refuse the group.`,
    );
};

const saslHasCredentials: KafkaRule = (values, report) => {
  const { kafkaSecurityProtocol: protocol, kafkaUsername, kafkaPassword } = values;
  if (protocol.startsWith('SASL_')) {
    const wants = (what: string) => `${what}, which KAFKA_SECURITY_PROTOCOL=${protocol} needs`;
    if (kafkaUsername === undefined) report.problem('KAFKA_USERNAME', undefined, wants('the SASL user'));
    if (kafkaPassword === undefined)
      report.problem('KAFKA_PASSWORD', undefined, `${wants('its password')} (or KAFKA_PASSWORD_FILE)`);
  } else if (kafkaUsername !== undefined || kafkaPassword !== undefined) {
    const given = kafkaUsername === undefined ? 'KAFKA_PASSWORD' : 'KAFKA_USERNAME';
    report.warning(
      `${given} is given but not used: KAFKA_SECURITY_PROTOCOL is ${protocol}; set SASL_PLAINTEXT or SASL_SSL to log in.`,
    );
  }
};

const certificateHasKey: KafkaRule = (values, report) => {
  const { kafkaClientCertPath: certificate, kafkaClientKeyPath: key, kafkaSecurityProtocol: protocol } = values;
  if (certificate !== undefined && key === undefined)
    report.problem('KAFKA_CLIENT_KEY_PATH', undefined, 'the key of KAFKA_CLIENT_CERT_PATH, which goes with it');
  if (key !== undefined && certificate === undefined)
    report.problem('KAFKA_CLIENT_CERT_PATH', undefined, 'the certificate of KAFKA_CLIENT_KEY_PATH, which goes with it');
  if (values.kafkaClientKeyPassword !== undefined && key === undefined)
    report.warning('KAFKA_CLIENT_KEY_PASSWORD is given but not used: there is no KAFKA_CLIENT_KEY_PATH.');
  if (protocol.endsWith('SSL')) return;
  for (const [env, path] of [
    ['KAFKA_CA_CERT_PATH', values.kafkaCaCertPath],
    ['KAFKA_CLIENT_CERT_PATH', certificate],
  ])
    if (path !== undefined)
      report.warning(
        `${env} is given but not used: KAFKA_SECURITY_PROTOCOL is ${protocol}; set SASL_SSL or SSL for TLS.`,
      );
};

const sessionEndsBeforePoll: KafkaRule = (values, report) => {
  const { kafkaSessionTimeoutMs: session, kafkaMaxPollIntervalMs: poll } = values;
  if (values.kafkaAssignmentStrategy === 'consumer' || session < poll) return;
  report.problem('KAFKA_SESSION_TIMEOUT_MS', String(session), `less than KAFKA_MAX_POLL_INTERVAL_MS, which is ${poll}`);
};

const startIsAPosition: KafkaRule = ({ kafkaStartFrom }, report) => {
  const start = parseStartFrom(kafkaStartFrom);
  if (start === null)
    report.problem(
      'KAFKA_START_FROM',
      kafkaStartFrom,
      'latest, earliest, or an ISO 8601 time with its zone, such as 2026-01-31T12:00:00Z',
    );
};

const propertiesKeepThePromise: KafkaRule = ({ kafkaProperties }, report) => {
  const { properties, malformed } = parseKafkaProperties(kafkaProperties);
  const reasons = malformed.map((place) => `part ${place} is not name=value`);
  for (const name of Object.keys(properties)) {
    const reason = reasonAgainst(name);
    if (reason !== null) reasons.push(`${name} may not be set here: ${reason}`);
  }
  if (reasons.length > 0)
    report.problem('KAFKA_PROPERTIES', kafkaProperties, `name=value separated by ";" (${reasons.join('; ')})`);
};

export const KAFKA_RULES: readonly KafkaRule[] = [
  brokersAreAddresses,
  topicIsKnown,
  groupIdFits,
  saslHasCredentials,
  certificateHasKey,
  sessionEndsBeforePoll,
  startIsAPosition,
  propertiesKeepThePromise,
];

const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2}))?$/;

/**
 * Reads KAFKA_START_FROM: `latest`, `earliest`, or a time in ms since the epoch (a date alone is midnight UTC). Null
 * where it is none of them.
 */
export function parseStartFrom(text: string): 'latest' | 'earliest' | number | null {
  const word = text.toLowerCase();
  if (word === 'latest' || word === 'earliest') return word;
  if (!ISO_TIME.test(text)) return null;
  const timeMs = Date.parse(text);
  return Number.isFinite(timeMs) && timeMs >= 0 ? timeMs : null;
}
