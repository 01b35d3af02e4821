/** Unit or kind of an option, which decides how its text is read and what a wrong one is told. */
export type OptionType = 'string' | 'integer' | 'boolean' | 'choice' | 'path' | 'list';

export interface Option {
  readonly env: string;
  readonly type: OptionType;
  /** Undefined where the option may be absent; a function would hide the value from the docs, so there are none. */
  readonly default?: string | number | boolean | readonly string[];
  readonly unit?: 'ms' | 'bytes' | 'rows' | 'slots' | 'messages';
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
  /** Never printed; may be given as NAME_FILE. */
  readonly secret?: boolean;
  readonly description: string;
}

export const OPTIONS = {
  kafkaBrokers: { env: 'KAFKA_BROKERS', type: 'list', description: 'Brokers to start from, `host:port`, separated by commas.' },
  kafkaTopic: { env: 'KAFKA_TOPIC', type: 'string', default: 'solana.dextrades.proto', description: 'Topic to read.' },
  kafkaMessageType: { env: 'KAFKA_MESSAGE_TYPE', type: 'choice', choices: ['auto', 'dextrades'], default: 'auto', description: 'Message type of the topic; `auto` tells by the topic’s name.' },
  kafkaGroupId: { env: 'KAFKA_GROUP_ID', type: 'string', description: 'Consumer group, the same for every replica; should start with the user name.' },
  kafkaUsername: { env: 'KAFKA_USERNAME', type: 'string', secret: false, description: 'SASL user.' },
  kafkaPassword: { env: 'KAFKA_PASSWORD', type: 'string', secret: true, description: 'SASL password.' },
  kafkaSecurityProtocol: { env: 'KAFKA_SECURITY_PROTOCOL', type: 'choice', choices: ['PLAINTEXT', 'SASL_PLAINTEXT', 'SASL_SSL', 'SSL'], default: 'PLAINTEXT', description: 'How to talk to the brokers. Bitquery: 9092 is SASL_PLAINTEXT, 9093 is SASL_SSL.' },
  kafkaSaslMechanism: { env: 'KAFKA_SASL_MECHANISM', type: 'choice', choices: ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN'], default: 'SCRAM-SHA-512', description: 'SASL mechanism.' },
  kafkaCaCertPath: { env: 'KAFKA_CA_CERT_PATH', type: 'path', description: 'CA certificate of the brokers, PEM.' },
  kafkaClientCertPath: { env: 'KAFKA_CLIENT_CERT_PATH', type: 'path', description: 'Client certificate, PEM.' },
  kafkaClientKeyPath: { env: 'KAFKA_CLIENT_KEY_PATH', type: 'path', description: 'Key of the client certificate, PEM.' },
  kafkaClientKeyPassword: { env: 'KAFKA_CLIENT_KEY_PASSWORD', type: 'string', secret: true, description: 'Password of the client key, if it has one.' },
  kafkaEndpointIdentification: { env: 'KAFKA_ENDPOINT_IDENTIFICATION', type: 'choice', choices: ['none', 'https'], default: 'none', description: 'Whether the broker’s certificate must carry its host name. Bitquery’s does not.' },
  kafkaAssignmentStrategy: { env: 'KAFKA_ASSIGNMENT_STRATEGY', type: 'choice', choices: ['cooperative-sticky', 'roundrobin', 'range', 'consumer'], default: 'cooperative-sticky', description: 'Partition assignment; `consumer` is the broker-side protocol of KIP-848.' },
  kafkaSessionTimeoutMs: { env: 'KAFKA_SESSION_TIMEOUT_MS', type: 'integer', unit: 'ms', default: 45_000, min: 1_000, max: 3_600_000, description: 'After this long without a heartbeat the group gives our partitions away.' },
  kafkaMaxPollIntervalMs: { env: 'KAFKA_MAX_POLL_INTERVAL_MS', type: 'integer', unit: 'ms', default: 300_000, min: 1_000, max: 86_400_000, description: 'After this long without a poll the group gives our partitions away.' },
  kafkaStartFrom: { env: 'KAFKA_START_FROM', type: 'string', default: 'latest', description: 'Where a partition without any stored position starts: `latest`, `earliest`, or an ISO 8601 time.' },
  kafkaGapPolicy: { env: 'KAFKA_GAP_POLICY', type: 'choice', choices: ['halt', 'continue'], default: 'halt', description: 'What to do when messages expired unread: stop, or record the gap and go on.' },
  kafkaCommitIntervalMs: { env: 'KAFKA_COMMIT_INTERVAL_MS', type: 'integer', unit: 'ms', default: 1_000, min: 1_000, max: 600_000, description: 'How often landed offsets are told to Kafka, for lag tools.' },
  kafkaQueueBytes: { env: 'KAFKA_QUEUE_BYTES', type: 'integer', unit: 'bytes', default: 33_554_432, min: 1_048_576, max: 2_147_482_624, description: 'What the Kafka client may hold fetched ahead of the engine.' },
  kafkaCheckCrcs: { env: 'KAFKA_CHECK_CRCS', type: 'boolean', default: true, description: 'Verify the checksum of every record batch.' },
  kafkaMessageMaxBytes: { env: 'KAFKA_MESSAGE_MAX_BYTES', type: 'integer', unit: 'bytes', default: 8_388_608, min: 1_024, max: 1_000_000_000, description: 'A larger message is not decoded but kept as a dead letter.' },
  kafkaProperties: { env: 'KAFKA_PROPERTIES', type: 'string', default: '', description: 'Further librdkafka properties, `name=value` separated by `;`, for what has no option here.' },
  databaseUrl: { env: 'DATABASE_URL', type: 'string', secret: true, description: 'PostgreSQL to land in, `postgres://user:password@host:port/database`. A direct connection, no transaction pooler.' },
  databaseMigrate: { env: 'DATABASE_MIGRATE', type: 'boolean', default: true, description: 'Apply migrations at start.' },
  databaseLanes: { env: 'DATABASE_LANES', type: 'integer', default: 2, min: 1, max: 64, description: 'Connections that write in parallel; a partition always uses the same one.' },
  databaseFlushTimeoutMs: { env: 'DATABASE_FLUSH_TIMEOUT_MS', type: 'integer', unit: 'ms', default: 30_000, min: 100, max: 3_600_000, description: 'A database that makes no progress for this long is given up and the connection is replaced.' },
  databaseStaleBackendMs: { env: 'DATABASE_STALE_BACKEND_MS', type: 'integer', unit: 'ms', default: 5_000, min: 100, max: 600_000, description: 'A backend of an earlier owner that blocks us this long is ended.' },
  databasePartitionsAhead: { env: 'DATABASE_PARTITIONS_AHEAD', type: 'integer', default: 2, min: 1, max: 30, description: 'Table partitions (216,000 slots, about a day each) made ahead of the newest slot.' },
  databaseRetentionSlots: { env: 'DATABASE_RETENTION_SLOTS', type: 'integer', unit: 'slots', default: 0, min: 0, max: 1_000_000_000, description: 'Drop table partitions that lie wholly this far behind the newest slot; 0 keeps all.' },
  databaseTradeIndexes: { env: 'DATABASE_TRADE_INDEXES', type: 'list', default: [], description: 'Analyst indexes to build on closed table partitions: `mint`, `market`, `trader`, `signature`.' },
  batchMaxRows: { env: 'BATCH_MAX_ROWS', type: 'integer', unit: 'rows', default: 10_000, min: 1, max: 1_000_000, description: 'A batch closes at this many trades.' },
  batchMaxBytes: { env: 'BATCH_MAX_BYTES', type: 'integer', unit: 'bytes', default: 8_388_608, min: 1_024, max: 1_073_741_824, description: 'A batch closes at this size.' },
  batchLingerMs: { env: 'BATCH_LINGER_MS', type: 'integer', unit: 'ms', default: 10, min: 0, max: 60_000, description: 'A batch closes at this age.' },
  breakerFailureThreshold: { env: 'BREAKER_FAILURE_THRESHOLD', type: 'integer', default: 5, min: 1, max: 1_000, description: 'Failures in a row that open the circuit breaker in front of the database.' },
  breakerSuccessThreshold: { env: 'BREAKER_SUCCESS_THRESHOLD', type: 'integer', default: 2, min: 1, max: 1_000, description: 'Successes in a row that close it again.' },
  breakerOpenMs: { env: 'BREAKER_OPEN_MS', type: 'integer', unit: 'ms', default: 60_000, min: 10, max: 3_600_000, description: 'How long it stays open before it lets calls try.' },
  breakerHalfOpenCalls: { env: 'BREAKER_HALF_OPEN_CALLS', type: 'integer', default: 3, min: 1, max: 1_000, description: 'Calls it lets try at a time while half open.' },
  workerThreads: { env: 'WORKER_THREADS', type: 'integer', default: 0, min: 0, max: 256, description: 'Decode threads; 0 takes one less than the CPU quota, at least 1.' },
  workerTaskTimeoutMs: { env: 'WORKER_TASK_TIMEOUT_MS', type: 'integer', unit: 'ms', default: 30_000, min: 100, max: 3_600_000, description: 'A slab that takes longer has its worker replaced.' },
  workerTaskAttempts: { env: 'WORKER_TASK_ATTEMPTS', type: 'integer', default: 3, min: 1, max: 100, description: 'Times a slab whose worker died is tried whole before it is halved to find the poisonous message.' },
  slabMaxBytes: { env: 'SLAB_MAX_BYTES', type: 'integer', unit: 'bytes', default: 1_048_576, min: 1_024, max: 268_435_456, description: 'Messages are handed to workers in slabs of about this size.' },
  slabLingerMs: { env: 'SLAB_LINGER_MS', type: 'integer', unit: 'ms', default: 5, min: 0, max: 10_000, description: 'A smaller slab is handed over after this long.' },
  memoryBudgetBytes: { env: 'MEMORY_BUDGET_BYTES', type: 'integer', unit: 'bytes', default: 134_217_728, min: 4_194_304, max: 1_099_511_627_776, description: 'Bytes in flight at the most: received, in workers, encoded, being written. Fetching stops at 100 % and goes on at 70 %.' },
  duplicateWindowEntries: { env: 'DUPLICATE_WINDOW_ENTRIES', type: 'integer', default: 100_000, min: 0, max: 10_000_000, description: 'Transactions remembered per partition to drop repeats early.' },
  duplicateWindowMs: { env: 'DUPLICATE_WINDOW_MS', type: 'integer', unit: 'ms', default: 240_000, min: 1_000, max: 86_400_000, description: 'How long they are remembered.' },
  bindAddress: { env: 'BIND_ADDRESS', type: 'string', default: '0.0.0.0', description: 'Address the HTTP servers bind to.' },
  prometheusPort: { env: 'PROMETHEUS_PORT', type: 'integer', default: 9_090, min: 0, max: 65_535, description: 'Port of `/metrics`; 0 takes a free one.' },
  healthCheckPort: { env: 'HEALTH_CHECK_PORT', type: 'integer', default: 8_080, min: 0, max: 65_535, description: 'Port of `/live`, `/ready`, `/health` and `/metrics`; 0 takes a free one.' },
  logLevel: { env: 'LOG_LEVEL', type: 'choice', choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'], default: 'info', description: 'Least severe log line printed.' },
  shutdownTimeoutMs: { env: 'SHUTDOWN_TIMEOUT_MS', type: 'integer', unit: 'ms', default: 60_000, min: 1_000, max: 3_600_000, description: 'After this long a shutdown exits whatever is still in flight.' },
} as const satisfies Record<string, Option>;

type ValueOf<O> = O extends { type: 'integer' }
  ? number
  : O extends { type: 'boolean' }
    ? boolean
    : O extends { type: 'list' }
      ? readonly string[]
      : O extends { choices: readonly (infer C)[] }
        ? C
        : string;

/** Filled and frozen configuration. An option without a default is undefined where it was not given. */
export type Config = {
  readonly [K in keyof typeof OPTIONS]: (typeof OPTIONS)[K] extends { default: unknown }
    ? ValueOf<(typeof OPTIONS)[K]>
    : ValueOf<(typeof OPTIONS)[K]> | undefined;
};
