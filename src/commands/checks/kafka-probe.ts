import type { Config } from '../../config.js';
import { grouplessClient, logIn } from '../../ingest/groupless-client.js';
import type { KafkaClient } from '../../ingest/kafka-client.js';
import { explainKafkaError } from '../../ingest/kafka-errors.js';

const CONNECT_TIMEOUT_MS = 8_000;

/** The checks' connection to the brokers. */
export class KafkaProbe {
  readonly client: KafkaClient;
  readonly #config: Config;

  constructor(config: Config) {
    this.#config = config;
    this.client = grouplessClient(config);
  }

  /** Resolves when a broker let us in; rejects with what to do. */
  connect(): Promise<void> {
    return logIn(this.client, this.#config, CONNECT_TIMEOUT_MS);
  }

  /** What an error of a later request means. */
  explain(text: string): Error {
    return explainKafkaError({ eventErrors: [text], eventLogs: [] }, this.#config);
  }

  async close(): Promise<void> {
    await this.client.disconnect();
  }
}
