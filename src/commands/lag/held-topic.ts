import type { Config } from '../../config.js';
import { EngineError, messageOf } from '../../errors.js';
import { grouplessClient, logIn } from '../../ingest/groupless-client.js';
import type { KafkaClient } from '../../ingest/kafka-client.js';
import { explainKafkaError } from '../../ingest/kafka-errors.js';
import type { HeldPartition } from './group-lag.js';

const CONNECT_TIMEOUT_MS = 8_000;
const RECORD_TIMEOUT_MS = 5_000;

/** Asks the brokers what they hold of the topic, and when a record was written. Subscribes to nothing, and so joins no group. */
export class HeldTopic {
  readonly #config: Config;
  #client: KafkaClient | null = null;

  constructor(config: Config) {
    this.#config = config;
  }

  /** Every partition there is at this moment, asked actively. Rejects where the brokers do not answer, with what to do. */
  async partitions(): Promise<HeldPartition[]> {
    const client = await this.#connected();
    const { kafkaTopic: topic } = this.#config;
    try {
      const count = await client.partitionCount(topic);
      if (count === null) throw new EngineError('KAFKA_TOPIC_UNKNOWN', `the brokers know no topic ${topic}`);
      return await Promise.all(
        Array.from({ length: count }, async (_, partition) => ({
          partition,
          ...(await client.watermarks({ topic, partition })),
        })),
      );
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw explainKafkaError({ eventErrors: [messageOf(error)], eventLogs: [] }, this.#config);
    }
  }

  /**
   * Timestamps, ms, of the first record at or after each position, by partition; those that did not come in time, or have
   * none, are left out. One record of each is fetched, and no more.
   */
  async timestamps(positions: readonly { partition: number; offset: number }[]): Promise<Map<number, number>> {
    const found = new Map<number, number>();
    if (positions.length === 0) return found;
    const client = await this.#connected();
    const { kafkaTopic: topic } = this.#config;
    const open = new Set(positions.map(({ partition }) => partition));
    const deadline = performance.now() + RECORD_TIMEOUT_MS;
    client.assign(
      positions.map((position) => ({ topic, ...position })),
      false,
    );
    try {
      while (open.size > 0 && performance.now() < deadline) {
        const { messages, ends } = await client.consume(open.size);
        for (const { partition, timestamp } of messages) {
          if (open.delete(partition) && timestamp !== undefined && timestamp >= 0) found.set(partition, timestamp);
        }
        for (const { partition } of ends) open.delete(partition);
      }
    } catch {
      // What came until now is true all the same.
    }
    client.unassign([], false);
    return found;
  }

  async close(): Promise<void> {
    await this.#client?.disconnect();
    this.#client = null;
  }

  /** Once connected, the client looks after its connections by itself. */
  async #connected(): Promise<KafkaClient> {
    if (this.#client !== null) return this.#client;
    const client = grouplessClient(this.#config, {
      // A broker answers with one record at least, however large.
      'fetch.message.max.bytes': 1,
      'queued.min.messages': 1,
      'queued.max.messages.kbytes': 1,
    });
    await logIn(client, this.#config, CONNECT_TIMEOUT_MS).catch((error: unknown) => {
      void client.disconnect();
      throw error;
    });
    this.#client = client;
    return client;
  }
}
