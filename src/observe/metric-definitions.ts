export interface MetricDefinition {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram, in the unit its name ends with. */
  readonly buckets?: readonly number[];
}

const STAGE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;
const LATENCY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900] as const;

/**
 * Every metric of the engine: metrics.ts makes them from this table, and what is written about them is held against it.
 * Label values are bounded: partitions of the topic, stages, error codes, states.
 */
export const METRIC_DEFINITIONS = {
  consumerLag: {
    name: 'kafka_consumer_lag',
    kind: 'gauge',
    labels: ['group', 'topic', 'partition'],
    help: 'Messages of an owned partition that have not landed in PostgreSQL.',
  },
  consumerLagSeconds: {
    name: 'kafka_consumer_lag_seconds',
    kind: 'gauge',
    labels: ['group', 'topic', 'partition'],
    help: 'Age of the first record of an owned partition that has not landed, 0 where all have; absent while unknown.',
  },
  usefulLag: {
    name: 'kafka_consumer_useful_lag',
    kind: 'gauge',
    labels: ['group', 'topic', 'partition'],
    help: 'Lag that more engines could work off, for the autoscaler: 0 while PostgreSQL is away or saturated.',
  },
  connectionActive: {
    name: 'kafka_connection_active',
    kind: 'gauge',
    labels: [],
    help: '1 while a broker is up and bytes come from it.',
  },
  messagesProcessed: {
    name: 'messages_processed_total',
    kind: 'counter',
    labels: ['topic'],
    help: 'Messages whose offsets landed, empty and failed ones included.',
  },
  messagesBytes: {
    name: 'messages_bytes_total',
    kind: 'counter',
    labels: ['topic'],
    help: 'Bytes of message values received.',
  },
  processingErrors: {
    name: 'processing_errors_total',
    kind: 'counter',
    labels: ['stage', 'error_type'],
    help: 'Errors by stage (kafka, workers, postgres) and kind; kinds beyond the first fifty count as `other`.',
  },
  processingDuration: {
    name: 'message_processing_duration_seconds',
    kind: 'histogram',
    labels: ['topic', 'stage'],
    buckets: STAGE_SECONDS,
    help: 'Time a slab or a batch spent in a stage (queue, decode, order, write).',
  },
  committedOffset: {
    name: 'kafka_consumer_committed_offset',
    kind: 'gauge',
    labels: ['group', 'topic', 'partition'],
    help: 'Next offset of an owned partition in PostgreSQL.',
  },
  highWatermark: {
    name: 'kafka_partition_high_watermark_offset',
    kind: 'gauge',
    labels: ['topic', 'partition'],
    help: 'End of an owned partition.',
  },
  lowWatermark: {
    name: 'kafka_partition_low_watermark_offset',
    kind: 'gauge',
    labels: ['topic', 'partition'],
    help: 'Oldest offset the broker still holds of an owned partition.',
  },
  topicPartitions: {
    name: 'kafka_topic_partitions',
    kind: 'gauge',
    labels: ['topic'],
    help: 'Partitions that the topic has, whoever owns them.',
  },
  assignedPartitions: {
    name: 'kafka_consumer_assigned_partitions',
    kind: 'gauge',
    labels: ['group', 'topic'],
    help: 'Partitions this process owns.',
  },
  rebalances: {
    name: 'kafka_consumer_rebalances_total',
    kind: 'counter',
    labels: [],
    help: 'Times partitions were assigned, revoked or lost.',
  },
  offsetResets: {
    name: 'kafka_consumer_offset_resets_total',
    kind: 'counter',
    labels: ['topic'],
    help: 'Times the position was gone from the source; each has a row in ingest_gaps.',
  },
  commitFailures: {
    name: 'kafka_consumer_commit_failures_total',
    kind: 'counter',
    labels: [],
    help: 'Kafka commits that failed; progress does not depend on them.',
  },
  endToEndLatency: {
    name: 'end_to_end_latency_seconds',
    kind: 'histogram',
    labels: [],
    buckets: LATENCY_SECONDS,
    help: 'From the Kafka timestamp of a batch’s oldest message to its COMMIT in PostgreSQL.',
  },
  tradesWritten: {
    name: 'trades_written_total',
    kind: 'counter',
    labels: [],
    help: 'Trades inserted into PostgreSQL.',
  },
  duplicatesDropped: {
    name: 'duplicates_dropped_total',
    kind: 'counter',
    labels: [],
    help: 'Trades dropped because their transaction had landed already.',
  },
  duplicatesConflicting: {
    name: 'duplicates_conflicting_total',
    kind: 'counter',
    labels: [],
    help: 'Repeated transactions whose trades differ from those that landed first; the first stay.',
  },
  deadLetters: {
    name: 'dead_letters_total',
    kind: 'counter',
    labels: ['reason'],
    help: 'Messages and rows kept in ingest_dead_letters.',
  },
  copyDuration: {
    name: 'pg_copy_duration_seconds',
    kind: 'histogram',
    labels: [],
    buckets: STAGE_SECONDS,
    help: 'One COPY, from its first byte to the answer.',
  },
  copyRows: { name: 'pg_copy_rows_total', kind: 'counter', labels: [], help: 'Rows sent by COPY.' },
  copyBytes: { name: 'pg_copy_bytes_total', kind: 'counter', labels: [], help: 'Bytes sent by COPY.' },
  workerBusyRatio: {
    name: 'worker_busy_ratio',
    kind: 'gauge',
    labels: [],
    help: 'Share of decode threads that had a slab, over the last ten seconds.',
  },
  workerBusySeconds: {
    name: 'worker_busy_seconds_total',
    kind: 'counter',
    labels: [],
    help: 'Time spent decoding, over all threads.',
  },
  workerQueueDepth: { name: 'worker_queue_depth', kind: 'gauge', labels: [], help: 'Slabs that wait for a thread.' },
  workerRestarts: {
    name: 'worker_restarts_total',
    kind: 'counter',
    labels: [],
    help: 'Decode threads that died or hung and were replaced.',
  },
  breakerState: {
    name: 'circuit_breaker_state',
    kind: 'gauge',
    labels: ['name'],
    help: '0 closed, 1 half open, 2 open.',
  },
  engineState: {
    name: 'engine_state',
    kind: 'gauge',
    labels: ['state'],
    help: '1 for the state the engine is in, 0 for the others.',
  },
  buildInfo: {
    name: 'engine_build_info',
    kind: 'gauge',
    labels: ['version', 'node_version', 'http_transport', 'colour'],
    help: 'Always 1; what is running.',
  },
  inflightBytes: { name: 'engine_inflight_bytes', kind: 'gauge', labels: [], help: 'Bytes received and not landed.' },
  budgetBytes: {
    name: 'engine_budget_bytes',
    kind: 'gauge',
    labels: [],
    help: 'What engine_inflight_bytes is kept under.',
  },
  stallSeconds: {
    name: 'engine_stall_seconds_total',
    kind: 'counter',
    labels: ['stage'],
    help: 'Time the flow stood still for a stage (kafka, workers, reassembler, postgres).',
  },
  memoryLimitBytes: {
    name: 'process_memory_limit_bytes',
    kind: 'gauge',
    labels: [],
    help: 'Memory limit of the container; absent where there is none.',
  },
  certificateNotAfter: {
    name: 'tls_certificate_not_after_timestamp_seconds',
    kind: 'gauge',
    labels: ['certificate'],
    help: 'When a certificate ends, Unix time: ca and client are our files, broker what the brokers show (the earliest).',
  },
  redisConnectionActive: {
    name: 'redis_connection_active',
    kind: 'gauge',
    labels: [],
    help: '1 while connected to the Redis of REDIS_URL; absent where there is none.',
  },
  redisPublished: {
    name: 'redis_published_total',
    kind: 'counter',
    labels: [],
    help: 'Landed trades that Redis took into its stream.',
  },
  redisDropped: {
    name: 'redis_dropped_total',
    kind: 'counter',
    labels: ['reason'],
    help: 'Landed trades that were not published in Redis, or perhaps not.',
  },
  redisBufferBytes: {
    name: 'redis_buffer_bytes',
    kind: 'gauge',
    labels: [],
    help: 'What landed trades that wait for Redis hold, below REDIS_BUFFER_BYTES; absent where there is none.',
  },
} as const satisfies Record<string, MetricDefinition>;
