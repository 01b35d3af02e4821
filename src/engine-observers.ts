import type { PipelineObserver } from './engine-pipeline.js';
import type { KafkaObserver } from './ingest/kafka-source-options.js';
import { LabelBound } from './observe/label-bound.js';
import type { LogCode, LogLevel } from './observe/log-events.js';
import { errorKind, type Logger } from './observe/logger.js';
import type { Metrics } from './observe/metrics.js';
import type { Monitor } from './observe/monitor.js';
import { DROP_REASONS, type FanOutObserver } from './sink/fan-out/observer.js';
import type { RedisFanOut } from './sink/fan-out/redis-fan-out.js';
import type { SinkLogger, SinkObserver } from './sink/observer.js';

/** Kinds of errors and classes of dead letters that become label values, each. */
const KINDS_MAX = 50;

/** Turns what happens in the pipeline into metrics and log lines. */
export function observePipeline(
  metrics: Metrics,
  logger: Logger,
  topic: string,
  monitor: Monitor,
  onFailure: (error: Error) => void,
): PipelineObserver {
  const write = metrics.processingDuration.labels({ topic, stage: 'write' });
  const decode = metrics.processingDuration.labels({ topic, stage: 'decode' });
  const processed = metrics.messagesProcessed.labels({ topic });
  const bytes = metrics.messagesBytes.labels({ topic });
  const kinds = new LabelBound(KINDS_MAX);
  metrics.offsetResets.inc({ topic }, 0);
  return {
    received: (messages) => bytes.inc(monitor.received(messages)),
    decoded({ task, from }, result, seconds) {
      decode.observe(seconds);
      metrics.workerBusySeconds.inc(result.busyMs / 1_000);
      monitor.decoded(task.partition, from, seconds);
    },
    deduplicated(rows, conflicts, { partition }) {
      metrics.duplicatesDropped.inc(rows);
      if (conflicts === 0) return;
      metrics.duplicatesConflicting.inc(conflicts);
      const text = `${conflicts} repeated transactions differ from their first delivery; the first stays`;
      const fields = { 'kafka.topic': topic, 'kafka.partition': partition };
      logger.limited('warn', 'conflict', 'duplicate_conflicts', text, fields);
    },
    landed(part, { rowsInserted }, seconds) {
      processed.inc(part.messages);
      metrics.tradesWritten.inc(rowsInserted);
      monitor.landed(part, rowsInserted, seconds);
      if (part.messages === 0) return;
      write.observe(seconds);
      if (part.oldestTimestampMs >= 0) {
        metrics.endToEndLatency.observe(Math.max(0, Date.now() - part.oldestTimestampMs) / 1_000);
      }
    },
    workerFailed(error, { partition }, verdict) {
      metrics.processingErrors.inc({ stage: 'workers', error_type: kinds.apply(errorKind(error)) });
      const [code, fate]: [LogCode, string] =
        verdict === 'poison'
          ? ['message_poisonous', 'the message becomes a dead letter']
          : ['worker_failed', 'its messages are read again'];
      const fields = { error, 'kafka.topic': topic, 'kafka.partition': partition };
      logger.error(code, `${error.message} Partition ${partition} of ${topic}: ${fate}.`, fields);
    },
    gap({ partition, from, to, reason, advance }) {
      metrics.offsetResets.inc({ topic });
      const fate = advance ? 'goes on after them' : 'goes no further';
      const text = `partition ${partition} of ${topic} lost ${to - from} offsets, ${from} to ${to - 1}, and ${fate}: ${reason}; see ingest_gaps`;
      const fields = { 'kafka.topic': topic, 'kafka.partition': partition, 'kafka.offset': from, to };
      logger.error('gap_recorded', text, fields);
    },
    warn: ({ event, ...fields }, text) => logger.limited('warn', text, event, text, fields),
    failed: onFailure,
  };
}

export function observeKafka(metrics: Metrics, logger: Logger, topic: string): KafkaObserver {
  return {
    rebalanced(kind, partitions) {
      metrics.rebalances.inc();
      const text = `the group ${kind === 'assign' ? 'gives us' : 'takes'} ${partitions} partitions`;
      logger.info('rebalance', text, { kind, partitions });
    },
    commitFailed(error) {
      metrics.commitFailures.inc();
      const text = `Kafka did not take a commit (${error.message}); progress does not depend on it`;
      logger.limited('warn', 'commit', 'kafka_commit_failed', text, { error });
    },
    warned(text, event = 'kafka_client') {
      metrics.processingErrors.inc({ stage: 'kafka', error_type: event });
      logger.limited('warn', `${event} ${text.slice(0, 40)}`, event, text);
    },
    topicSeen: (partitions) => metrics.topicPartitions.set({ topic }, partitions),
  };
}

export function observeSink(metrics: Metrics): SinkObserver {
  const kinds = new LabelBound(KINDS_MAX);
  const classes = new LabelBound(KINDS_MAX);
  return {
    onCopy(rows, bytes, seconds) {
      metrics.copyRows.inc(rows);
      metrics.copyBytes.inc(bytes);
      metrics.copyDuration.observe(seconds);
    },
    onRetry(error) {
      metrics.processingErrors.inc({ stage: 'postgres', error_type: kinds.apply(errorKind(error)) });
    },
    onDuplicateRows: (rows) => metrics.duplicatesDropped.inc(rows),
    onConflict: (transactions) => metrics.duplicatesConflicting.inc(transactions),
    onDeadLetters: (count, errorClass) => metrics.deadLetters.inc({ reason: classes.apply(errorClass) }, count),
  };
}

export function observeFanOut(metrics: Metrics): FanOutObserver {
  for (const reason of DROP_REASONS) metrics.redisDropped.inc({ reason }, 0);
  return {
    onPublished: (trades) => metrics.redisPublished.inc(trades),
    onDropped: (reason, trades) => metrics.redisDropped.inc({ reason }, trades),
  };
}

/** The observer, with what landed handed on; itself where there is no fan-out. */
export function withFanOut(observer: PipelineObserver, fanOut: RedisFanOut | null): PipelineObserver {
  if (fanOut === null) return observer;
  return {
    ...observer,
    landed(part, outcome, seconds) {
      observer.landed(part, outcome, seconds);
      fanOut.landed(outcome);
    },
  };
}

export function sinkLogger(logger: Logger): SinkLogger {
  const at =
    (level: LogLevel): SinkLogger['warn'] =>
    ({ event, ...fields }, message) =>
      logger.limited(level, event, event, message, fields);
  return {
    info: ({ event, ...fields }, message) => logger.info(event, message, fields),
    warn: at('warn'),
    error: at('error'),
  };
}
