import type { Config } from './config.js';
import type { Decoder } from './engine-dispatch.js';
import { EngineError } from './errors.js';
import { grouplessClient, logIn } from './ingest/groupless-client.js';
import { explainKafkaError } from './ingest/kafka-errors.js';
import { awaitTopic } from './ingest/kafka-topic.js';
import { type NewestMessages, newestMessages } from './ingest/newest-messages.js';
import { PartitionIntake } from './ingest/partition.js';
import { DuplicateWindow } from './sink/duplicates.js';
import type { Rehearsed } from './sink/rehearsal.js';
import type { BatchPart } from './sink/sink.js';

export interface RehearsalOptions {
  readonly config: Config;
  readonly decoder: Decoder;
  readonly sink: { rehearse(parts: readonly BatchPart[], signal: AbortSignal): Promise<Rehearsed> };
}

/** What was seen of the way from the broker to the table, without anything being moved. */
export interface Rehearsal extends Rehearsed {
  readonly partitions: number;
  readonly messages: number;
  /** Messages nothing could be made of. */
  readonly failed: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const MESSAGES_PER_PARTITION = 5;

/**
 * Goes the whole way once without joining the group or landing anything: logs in to the brokers, reads the newest messages of
 * each partition, decodes them, and writes their rows in a transaction that is taken back. Rejects with what is in the way;
 * one poisonous message is not, but that none of them decodes is.
 */
export async function rehearse(options: RehearsalOptions, signal: AbortSignal): Promise<Rehearsal> {
  const read = await readNewest(options.config, signal);
  const parts: BatchPart[] = [];
  for (const one of read) {
    if (one.messages.length > 0) parts.push(await decode(one, options.decoder));
    signal.throwIfAborted();
  }
  const messages = parts.reduce((sum, part) => sum + part.messages, 0);
  const failed = parts.reduce((sum, { failures }) => sum + failures.length, 0);
  const [failure] = parts.flatMap(({ failures }) => failures);
  if (failure !== undefined && failed >= messages) {
    throw new EngineError(
      'DEAD_LETTER_FLOOD',
      `none of the ${messages} newest messages of ${options.config.kafkaTopic} decodes (${failure.errorClass}: ${failure.errorText}): check KAFKA_TOPIC`,
    );
  }
  return { partitions: read.length, messages, failed, ...(await options.sink.rehearse(parts, signal)) };
}

async function readNewest(config: Config, signal: AbortSignal): Promise<NewestMessages[]> {
  const client = grouplessClient(config);
  await logIn(client, config, CONNECT_TIMEOUT_MS);
  try {
    const partitions = await awaitTopic(client, config.kafkaTopic, (texts) => explainKafkaError(texts, config));
    return await newestMessages(client, config.kafkaTopic, partitions, MESSAGES_PER_PARTITION, signal);
  } finally {
    await client.disconnect();
  }
}

async function decode(
  { topic, partition, messages }: NewestMessages,
  decoder: RehearsalOptions['decoder'],
): Promise<BatchPart> {
  const from = messages[0]?.offset ?? 0;
  const intake = new PartitionIntake({ topic, partition }, from, 1);
  for (const message of messages) intake.accept(message, 0);
  const slab = intake.takeSlab(Number.POSITIVE_INFINITY, { sol: 0, usd: 0, trades: 0 }, 0);
  const result = await decoder.run({ ...slab.task, run: 0 });
  const { rows, rowCount, byteCount } = new DuplicateWindow(0, 0).firstDeliveries(result, 0);
  return {
    topic,
    partition,
    epoch: 0,
    from: slab.from,
    to: slab.to,
    messages: result.messages,
    trades: rows,
    tradeRows: rowCount,
    tradeBytes: byteCount,
    slots: result.slots,
    failures: result.failures,
    oldestTimestampMs: slab.oldestTimestampMs,
    newestTimestampMs: slab.newestTimestampMs,
  };
}
