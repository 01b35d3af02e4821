import { EngineError } from '../errors.js';
import { type KafkaClient, messageFrom } from './kafka-client.js';
import type { SourceMessage, TopicPartition } from './source.js';

const CONSUME_MESSAGES = 64;

export interface NewestMessages extends TopicPartition {
  /** In offset order; none where the partition is empty. */
  readonly messages: readonly SourceMessage[];
}

/**
 * The newest messages of each partition of a topic, at most `perPartition` of each. The partitions are assigned to a client
 * that has joined no group, so nobody is disturbed. Rejects with KAFKA_UNREACHABLE where they do not come until `signal` aborts.
 */
export async function newestMessages(
  client: KafkaClient,
  topic: string,
  partitions: number,
  perPartition: number,
  signal: AbortSignal,
): Promise<NewestMessages[]> {
  const found = await Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const { low, high } = await client.watermarks({ topic, partition });
      return { topic, partition, offset: Math.max(low, high - perPartition), high, messages: [] as SourceMessage[] };
    }),
  );
  // Those of an empty partition would be waited for in vain, and offsets may hold no message: an end settles a partition too.
  const open = new Map(found.filter(({ offset, high }) => offset < high).map((one) => [one.partition, one]));
  if (open.size > 0) client.assign([...open.values()], false);
  while (open.size > 0) {
    if (signal.aborted) {
      const names = [...open.keys()].join(', ');
      throw new EngineError(
        'KAFKA_UNREACHABLE',
        `the newest messages of partitions ${names} of ${topic} did not come`,
        {
          canRetry: true,
        },
      );
    }
    const { messages, ends } = await client.consume(CONSUME_MESSAGES);
    for (const message of messages.map(messageFrom)) {
      const one = open.get(message.partition);
      one?.messages.push(message);
      if (one !== undefined && message.offset >= one.high - 1) open.delete(message.partition);
    }
    for (const { partition } of ends) open.delete(partition);
  }
  if (found.length > 0) client.unassign([], false);
  return found.map(({ partition, messages }) => ({ topic, partition, messages }));
}
