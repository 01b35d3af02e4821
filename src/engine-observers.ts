import type { PipelineObserver } from './engine-pipeline.js';
import type { KafkaObserver } from './ingest/kafka-source-options.js';
import { errorKind, type Logger } from './observe/logger.js';
import type { Metrics } from './observe/metrics.js';
import type { SinkLogger, SinkObserver } from './sink/observer.js';

/** Turns what happens in the pipeline into metrics and log lines. */
export function observePipeline(
  metrics: Metrics,
  logger: Logger,
  topic: string,
  onFailure: (error: Error) => void,
): PipelineObserver {
  const write = metrics.processingDuration.labels({ topic, stage: 'write' });
  const decode = metrics.processingDuration.labels({ topic, stage: 'decode' });
  const processed = metrics.messagesProcessed.labels({ topic });
  const bytes = metrics.messagesBytes.labels({ topic });
  return {
    received(messages) {
      let sum = 0;
      for (const message of messages) sum += message.value?.byteLength ?? 0;
      bytes.inc(sum);
    },
    decoded(_slab, result, seconds) {
      decode.observe(seconds);
      metrics.workerBusySeconds.inc(result.busyMs / 1_000);
    },
    deduplicated(rows, conflicts, { partition }) {
      metrics.duplicatesDropped.inc(rows);
      if (conflicts === 0) return;
      metrics.duplicatesConflicting.inc(conflicts);
      logger.limited(
        'warn',
        'conflict',
        'duplicate_conflicts',
        `${conflicts} repeated transactions differ from their first delivery; the first stays`,
        { 'kafka.topic': topic, 'kafka.partition': partition },
      );
    },
    landed(part, { rowsInserted }, seconds) {
      processed.inc(part.messages);
      metrics.tradesWritten.inc(rowsInserted);
      if (part.messages === 0) return;
      write.observe(seconds);
      if (part.oldestTimestampMs >= 0) {
        metrics.endToEndLatency.observe(Math.max(0, Date.now() - part.oldestTimestampMs) / 1_000);
      }
    },
    workerFailed(error, { partition }, verdict) {
      metrics.processingErrors.inc({ stage: 'workers', error_type: errorKind(error) });
      const fate = verdict === 'poison' ? 'the message becomes a dead letter' : 'its messages are read again';
      logger.error('worker_failed', `${error.message} Partition ${partition} of ${topic}: ${fate}.`, { error });
    },
    gap: ({ partition }) => {
      metrics.offsetResets.inc({ topic });
      logger.error('gap_recorded', `messages of partition ${partition} of ${topic} expired unread; see ingest_gaps`);
    },
    warn: (fields, text) => logger.limited('warn', text, 'pipeline_warning', text, { ...fields }),
    failed: onFailure,
  };
}

export function observeKafka(metrics: Metrics, logger: Logger): KafkaObserver {
  return {
    rebalanced(kind, partitions) {
      metrics.rebalances.inc();
      logger.info('rebalance', `the group ${kind === 'assign' ? 'gives us' : 'takes'} ${partitions} partitions`);
    },
    commitFailed(error) {
      metrics.commitFailures.inc();
      const text = `Kafka did not take a commit (${error.message}); progress does not depend on it`;
      logger.limited('warn', 'commit', 'kafka_commit_failed', text, { error });
    },
    warned(text) {
      metrics.processingErrors.inc({ stage: 'kafka', error_type: 'client' });
      logger.limited('warn', `kafka ${text.slice(0, 40)}`, 'kafka_client', text);
    },
  };
}

export function observeSink(metrics: Metrics): SinkObserver {
  return {
    onCopy(rows, bytes, seconds) {
      metrics.copyRows.inc(rows);
      metrics.copyBytes.inc(bytes);
      metrics.copyDuration.observe(seconds);
    },
    onRetry: (error) => metrics.processingErrors.inc({ stage: 'postgres', error_type: errorKind(error) }),
    onDuplicateRows: (rows) => metrics.duplicatesDropped.inc(rows),
    onConflict: (transactions) => metrics.duplicatesConflicting.inc(transactions),
    onDeadLetters: (count, reason) => metrics.deadLetters.inc({ reason }, count),
  };
}

export function sinkLogger(logger: Logger): SinkLogger {
  return {
    info: (fields, message) => logger.info('sink', message, { ...fields }),
    warn: (fields, message) =>
      logger.limited('warn', `sink ${message.slice(0, 40)}`, 'sink_warning', message, { ...fields }),
    error: (fields, message) =>
      logger.limited('error', `sink ${message.slice(0, 40)}`, 'sink_error', message, { ...fields }),
  };
}
