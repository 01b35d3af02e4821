const REASONS: Readonly<Record<string, string>> = {
  'enable.auto.commit': 'the position in PostgreSQL is the truth, and the engine commits after it',
  'enable.auto.offset.store': 'the position in PostgreSQL is the truth, and the engine commits after it',
  'auto.commit.enable': 'the position in PostgreSQL is the truth, and the engine commits after it',
  'auto.offset.reset':
    'a reset by the client would skip messages without a gap row; KAFKA_START_FROM says where to start',
  'enable.partition.eof': 'the engine needs it as it is',
  'allow.auto.create.topics': 'the engine only reads',
  'group.remote.assignor': 'use KAFKA_ASSIGNMENT_STRATEGY',
  'group.protocol': 'use KAFKA_ASSIGNMENT_STRATEGY=consumer',
  'partition.assignment.strategy': 'use KAFKA_ASSIGNMENT_STRATEGY',
  'bootstrap.servers': 'use KAFKA_BROKERS',
  'metadata.broker.list': 'use KAFKA_BROKERS',
  'group.id': 'use KAFKA_GROUP_ID',
  'security.protocol': 'use KAFKA_SECURITY_PROTOCOL',
  'sasl.mechanism': 'use KAFKA_SASL_MECHANISM',
  'sasl.mechanisms': 'use KAFKA_SASL_MECHANISM',
  'sasl.username': 'use KAFKA_USERNAME',
  'sasl.password': 'use KAFKA_PASSWORD',
  'ssl.ca.location': 'use KAFKA_CA_CERT_PATH',
  'ssl.certificate.location': 'use KAFKA_CLIENT_CERT_PATH',
  'ssl.key.location': 'use KAFKA_CLIENT_KEY_PATH',
  'ssl.key.password': 'use KAFKA_CLIENT_KEY_PASSWORD',
  'ssl.endpoint.identification.algorithm': 'use KAFKA_ENDPOINT_IDENTIFICATION',
  'session.timeout.ms': 'use KAFKA_SESSION_TIMEOUT_MS',
  'max.poll.interval.ms': 'use KAFKA_MAX_POLL_INTERVAL_MS',
  'queued.max.messages.kbytes': 'use KAFKA_QUEUE_BYTES',
  'check.crcs': 'use KAFKA_CHECK_CRCS',
  event_cb: 'it is no setting but a function',
  rebalance_cb: 'it is no setting but a function',
  offset_commit_cb: 'it is no setting but a function',
};

/** Why a librdkafka property may not be set by hand, null where it may. */
export function reasonAgainst(name: string): string | null {
  return Object.hasOwn(REASONS, name) ? (REASONS[name] ?? null) : null;
}

/** Reads `name=value;name=value`. `malformed` are the places, counted from 1, of the parts that are not. */
export function parseKafkaProperties(text: string): { properties: Record<string, string>; malformed: number[] } {
  const properties: Record<string, string> = Object.create(null);
  const malformed: number[] = [];
  for (const [place, part] of text.split(';').entries()) {
    if (part.trim() === '') continue;
    const match = /^\s*([A-Za-z0-9._]+)\s*=\s*(.*?)\s*$/s.exec(part);
    if (match?.[1] === undefined || match[2] === undefined) malformed.push(place + 1);
    else properties[match[1]] = match[2];
  }
  return { properties, malformed };
}
