import type { MetricDefinition } from './metric-definitions.js';

const OF_PARTITION = ['group', 'topic', 'partition'] as const;

/** What `lag-exporter` exports, and all of it: the engines’ own counters are theirs to tell. Names are those of the engine. */
export const LAG_METRICS = {
  lag: {
    name: 'kafka_consumer_lag',
    kind: 'gauge',
    labels: OF_PARTITION,
    help: 'Messages that have not landed: end of the partition less the position in PostgreSQL; absent while either is not known.',
  },
  lagSeconds: {
    name: 'kafka_consumer_lag_seconds',
    kind: 'gauge',
    labels: OF_PARTITION,
    help: 'Age of the first record that has not landed, 0 where all have; absent while unknown.',
  },
  usefulLag: {
    name: 'kafka_consumer_useful_lag',
    kind: 'gauge',
    labels: OF_PARTITION,
    help: 'Lag that more engines could work off, for the autoscaler: 0 while PostgreSQL is what holds them up.',
  },
  committedOffset: {
    name: 'kafka_consumer_committed_offset',
    kind: 'gauge',
    labels: OF_PARTITION,
    help: 'Position in PostgreSQL; absent while the database does not answer.',
  },
  committedAt: {
    name: 'kafka_consumer_commit_timestamp_seconds',
    kind: 'gauge',
    labels: OF_PARTITION,
    help: 'When something of the partition landed last, Unix time.',
  },
  highWatermark: {
    name: 'kafka_partition_high_watermark_offset',
    kind: 'gauge',
    labels: ['topic', 'partition'],
    help: 'End of the partition; absent while the brokers do not answer.',
  },
  lowWatermark: {
    name: 'kafka_partition_low_watermark_offset',
    kind: 'gauge',
    labels: ['topic', 'partition'],
    help: 'Oldest offset the brokers still hold.',
  },
  topicPartitions: {
    name: 'kafka_topic_partitions',
    kind: 'gauge',
    labels: ['topic'],
    help: 'Partitions that the topic has.',
  },
  dataCompleteness: {
    name: 'data_completeness_diff_ratio',
    kind: 'gauge',
    labels: ['measure'],
    help: 'By how much what landed differs from the reference, 0.05 for 5 %, in the worst hour; what `completeness --store` kept last, absent until it has.',
  },
  dataCompletenessAt: {
    name: 'data_completeness_checked_timestamp_seconds',
    kind: 'gauge',
    labels: ['measure'],
    help: 'When that was, Unix time.',
  },
  sourceUp: {
    name: 'lag_exporter_source_up',
    kind: 'gauge',
    labels: ['source'],
    help: '1 where the last question was answered (kafka, postgres), 0 where it was not.',
  },
  sourceSeen: {
    name: 'lag_exporter_source_seen_timestamp_seconds',
    kind: 'gauge',
    labels: ['source'],
    help: 'When a source (kafka, postgres) answered last, Unix time; absent until it has.',
  },
} as const satisfies Record<string, MetricDefinition>;
