import { setTimeout as delay } from 'node:timers/promises';
import { EngineError, messageOf } from '../errors.js';
import type { KafkaClient, KafkaTexts } from './kafka-client.js';

const PATIENCE_MS = 10_000;
const RETRY_MS = 500;

/** Number of partitions of a topic. One that was made a moment ago is waited for; KAFKA_TOPIC_UNKNOWN where it never comes. */
export async function awaitTopic(
  client: KafkaClient,
  topic: string,
  explain: (texts: KafkaTexts) => EngineError,
): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const partitions = await client.partitionCount(topic).catch((error: unknown) => {
      throw explain({ eventErrors: [messageOf(error)], eventLogs: client.texts.eventLogs });
    });
    if (partitions !== null) return partitions;
    if (performance.now() > deadline) {
      throw new EngineError(
        'KAFKA_TOPIC_UNKNOWN',
        `KAFKA_TOPIC: the brokers know no topic "${topic}", or this user may not see it; check its spelling and the subscription`,
      );
    }
    await delay(RETRY_MS);
  }
}
