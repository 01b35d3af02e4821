import type { Config } from '../../config.js';
import { KafkaClient, type KafkaTexts } from '../../ingest/kafka-client.js';
import { explainKafkaError, explainKafkaFailure } from '../../ingest/kafka-errors.js';
import { KAFKA_TOPIC_SETTINGS, kafkaSettings } from '../../ingest/kafka-settings.js';

const CONNECT_TIMEOUT_MS = 8_000;

/** A consumer that subscribes to nothing and so joins no group. */
export class KafkaProbe {
  readonly client: KafkaClient;
  readonly #config: Config;

  constructor(config: Config) {
    this.#config = config;
    const global = { ...kafkaSettings(config), 'statistics.interval.ms': 0 };
    this.client = new KafkaClient({ global, topic: { ...KAFKA_TOPIC_SETTINGS } }, SILENT);
  }

  /** Resolves when a broker let us in; rejects with what to do. */
  async connect(): Promise<void> {
    let seen: KafkaTexts = { eventErrors: [], eventLogs: [] };
    const explain = (texts: KafkaTexts) => {
      seen = texts;
      return explainKafkaError(texts, this.#config);
    };
    try {
      await this.client.connect(CONNECT_TIMEOUT_MS, explain);
    } catch {
      throw await explainKafkaFailure(seen, this.#config);
    }
  }

  /** What an error of a later request means. */
  explain(text: string): Error {
    return explainKafkaError({ eventErrors: [text], eventLogs: [] }, this.#config);
  }

  async close(): Promise<void> {
    await this.client.disconnect();
  }
}

const SILENT = {
  rebalance: () => {},
  rebalanceError: () => {},
  committed: () => {},
  statistics: () => {},
  log: () => {},
};
