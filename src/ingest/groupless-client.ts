import type { Config } from '../config.js';
import { KafkaClient, type KafkaTexts } from './kafka-client.js';
import { explainKafkaError, explainKafkaFailure } from './kafka-errors.js';
import { KAFKA_TOPIC_SETTINGS, kafkaSettings } from './kafka-settings.js';

/** What a client without a group has nobody to tell. */
const SILENT = {
  rebalance: () => {},
  rebalanceError: () => {},
  committed: () => {},
  statistics: () => {},
  log: () => {},
};

/** A consumer that asks, or reads by plain assignment, and disturbs no group. `settings` go before the engine's own. */
export function grouplessClient(config: Config, settings: Readonly<Record<string, unknown>> = {}): KafkaClient {
  const global = { ...kafkaSettings(config), 'statistics.interval.ms': 0, ...settings };
  return new KafkaClient({ global, topic: { ...KAFKA_TOPIC_SETTINGS } }, SILENT);
}

/** Resolves when a broker let the client in; rejects with what to do. */
export async function logIn(client: KafkaClient, config: Config, timeoutMs: number): Promise<void> {
  const explain = (texts: KafkaTexts) => explainKafkaError(texts, config);
  await client.connect(timeoutMs, explain).catch(async () => {
    throw await explainKafkaFailure(client.texts, config);
  });
}
