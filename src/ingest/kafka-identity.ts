import Kafka from 'node-rdkafka';
import { messageOf } from '../errors.js';
import type { SourceIdentity } from './source.js';

/** What the brokers say of a topic. */
export interface TopicSighting extends SourceIdentity {
  /** Null where they know no such topic. */
  readonly partitions: number | null;
}

const ASK_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 2_000;
const CLUSTER_ID = /ClusterId: (\S+), ControllerId/;
const TOPIC_ID = / Topic (\S+) changed id from \S+ to (\S+)$/;
/** What librdkafka has for a topic without an id. */
const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA';

/**
 * Asks which cluster and which topic we talk to.
 *
 * The client has no call for either id but writes both into its debug log when it takes up metadata, so a client of its own
 * is asked, whose log is read. It holds no position and joins no group; its connections are made on demand.
 */
export class KafkaIdentity {
  readonly #topic: string;
  readonly #settings: Readonly<Record<string, unknown>>;
  #client: Kafka.Producer | null = null;
  #connecting: Promise<void> | null = null;
  #asking: Promise<TopicSighting> | null = null;
  #clusterId: string | null = null;
  #topicId: string | null = null;

  /** `settings` are the consumer's; what only a consumer has is passed over by the client. */
  constructor(topic: string, settings: Readonly<Record<string, unknown>>) {
    this.#topic = topic;
    this.#settings = settings;
  }

  /** Rejects where no broker answers. Many at once, as when partitions are assigned, are one question. */
  ask(): Promise<TopicSighting> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #ask(): Promise<TopicSighting> {
    this.#client ??= this.#open();
    this.#connecting ??= this.#connect(this.#client);
    await this.#connecting.catch((error: unknown) => {
      this.#connecting = null;
      throw error;
    });
    const partitions = await this.#partitions(this.#client);
    // The log is handed over beside the answer, at the latest in the same turn of the loop.
    await new Promise((resolve) => setImmediate(resolve));
    return { clusterId: this.#clusterId, topicId: partitions === null ? null : this.#topicId, partitions };
  }

  /** Gives up waiting after a while. */
  close(): Promise<void> {
    const client = this.#client;
    if (client === null || !client.isConnected()) return Promise.resolve();
    return new Promise((resolve) => {
      const deadline = setTimeout(resolve, CLOSE_TIMEOUT_MS);
      client.disconnect(() => {
        clearTimeout(deadline);
        resolve();
      });
    });
  }

  #open(): Kafka.Producer {
    const client = new Kafka.Producer({
      ...this.#settings,
      debug: 'metadata',
      'statistics.interval.ms': 0,
      'topic.metadata.refresh.interval.ms': -1,
    } as Kafka.ProducerGlobalConfig);
    // Its errors are the consumer's errors too, and are told there.
    client.on('event.error', () => {});
    client.on('event.log', ({ message }: { message: string }) => this.#read(message));
    return client;
  }

  #connect(client: Kafka.Producer): Promise<void> {
    return new Promise((resolve, reject) => {
      client.connect({ topic: this.#topic, allTopics: false, timeout: ASK_TIMEOUT_MS }, (error) =>
        error ? reject(new Error(messageOf(error))) : resolve(),
      );
    });
  }

  #partitions(client: Kafka.Producer): Promise<number | null> {
    return new Promise((resolve, reject) => {
      const wanted = { topic: this.#topic, allTopics: false, timeout: ASK_TIMEOUT_MS };
      client.getMetadata(wanted, (error, metadata) => {
        if (error) reject(new Error(messageOf(error)));
        else resolve(metadata.topics.find(({ name }) => name === this.#topic)?.partitions.length || null);
      });
    });
  }

  #read(line: string): void {
    const cluster = CLUSTER_ID.exec(line);
    if (cluster?.[1] !== undefined) this.#clusterId = cluster[1];
    const topic = TOPIC_ID.exec(line);
    if (topic?.[1] === this.#topic) this.#topicId = topic[2] === NO_ID ? null : (topic[2] ?? null);
  }
}
