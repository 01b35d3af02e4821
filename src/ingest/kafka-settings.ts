import type { ConsumerGlobalConfig, ConsumerTopicConfig } from 'node-rdkafka';
import type { Config } from '../config.js';
import { parseKafkaProperties } from '../config-kafka-properties.js';

/** A partition without a position we gave it must fail, never start somewhere by itself. */
export const KAFKA_TOPIC_SETTINGS: ConsumerTopicConfig = { 'auto.offset.reset': 'error' };

/** More than this of one partition in one answer is what librdkafka asks for by default. */
const FETCH_PARTITION_BYTES_MAX = 1_048_576;
/** librdkafka's default; a short session needs more frequent ones. */
const HEARTBEAT_MS = 3_000;
const FETCH_BYTES_MAX = 52_428_800;
const REJOIN_MS = 1_000;

/**
 * librdkafka's properties for a consumer of this configuration: the engine, `record` and `check` all use them. What
 * belongs to the one use (callbacks, `enable.partition.eof`) is the caller's to add.
 */
export function kafkaSettings(config: Config): ConsumerGlobalConfig {
  const settings: ConsumerGlobalConfig = {
    'metadata.broker.list': (config.kafkaBrokers ?? []).join(','),
    'client.id': 'solana-trades-engine',
    'group.id': config.kafkaGroupId ?? 'solana-trades-engine',
    ...groupSettings(config),
    ...securitySettings(config),
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    'queued.max.messages.kbytes': Math.floor(config.kafkaQueueBytes / 1024),
    'fetch.message.max.bytes': Math.min(FETCH_PARTITION_BYTES_MAX, config.kafkaQueueBytes),
    'fetch.max.bytes': Math.min(FETCH_BYTES_MAX, config.kafkaQueueBytes),
    'fetch.queue.backoff.ms': 5, // 1,000 by default: a full queue would stop fetching for a second
    // How long a fetch that finds nothing may wait. A broker answers one that finds something at once, so this only bounds
    // the idle requests; librdkafka's mock cluster answers none before it, and 500 ms would be its latency.
    'fetch.wait.max.ms': 25,
    'check.crcs': config.kafkaCheckCrcs,
    'statistics.interval.ms': 5_000,
    'reconnect.backoff.max.ms': 1_000,
    'topic.metadata.refresh.interval.ms': 10_000, // how long an added partition may go unnoticed
    'socket.keepalive.enable': true,
  };
  return Object.assign(settings, parseKafkaProperties(config.kafkaProperties).properties);
}

/**
 * How long after it was fenced a member joins its group anew at first, ms. A static one (`group.instance.id`) would put out whoever
 * has taken its place, and so waits for a session, in which the group tells it that somebody has.
 */
export function rejoinMs(config: Config): number {
  const { 'group.instance.id': name } = parseKafkaProperties(config.kafkaProperties).properties;
  return name === undefined ? REJOIN_MS : config.kafkaSessionTimeoutMs;
}

function groupSettings(config: Config): ConsumerGlobalConfig {
  const pollInterval = { 'max.poll.interval.ms': config.kafkaMaxPollIntervalMs };
  // Under KIP-848 the session and the assignor are the broker's, and librdkafka refuses to have them set.
  if (config.kafkaAssignmentStrategy === 'consumer') return { ...pollInterval, 'group.protocol': 'consumer' };
  return {
    ...pollInterval,
    'session.timeout.ms': config.kafkaSessionTimeoutMs,
    'heartbeat.interval.ms': Math.min(HEARTBEAT_MS, Math.floor(config.kafkaSessionTimeoutMs / 3)),
    'partition.assignment.strategy': config.kafkaAssignmentStrategy,
  };
}

const PROTOCOLS = {
  PLAINTEXT: 'plaintext',
  SASL_PLAINTEXT: 'sasl_plaintext',
  SASL_SSL: 'sasl_ssl',
  SSL: 'ssl',
} as const;

function securitySettings(config: Config): ConsumerGlobalConfig {
  const settings: ConsumerGlobalConfig = { 'security.protocol': PROTOCOLS[config.kafkaSecurityProtocol] };
  if (usesSasl(config)) {
    settings['sasl.mechanism'] = config.kafkaSaslMechanism;
    settings['sasl.username'] = config.kafkaUsername ?? '';
    settings['sasl.password'] = config.kafkaPassword ?? '';
  }
  if (!usesTls(config)) return settings;
  settings['ssl.endpoint.identification.algorithm'] = config.kafkaEndpointIdentification;
  if (config.kafkaCaCertPath !== undefined) settings['ssl.ca.location'] = config.kafkaCaCertPath;
  if (config.kafkaClientCertPath !== undefined) settings['ssl.certificate.location'] = config.kafkaClientCertPath;
  if (config.kafkaClientKeyPath !== undefined) settings['ssl.key.location'] = config.kafkaClientKeyPath;
  if (config.kafkaClientKeyPassword !== undefined) settings['ssl.key.password'] = config.kafkaClientKeyPassword;
  return settings;
}

export function usesTls(config: Config): boolean {
  return config.kafkaSecurityProtocol.endsWith('SSL');
}

export function usesSasl(config: Config): boolean {
  return config.kafkaSecurityProtocol.startsWith('SASL_');
}
