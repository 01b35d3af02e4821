import type { EngineError } from '../errors.js';
import { KafkaIdentity } from './kafka-identity.js';
import type { SourceIdentity } from './source.js';
import { TopicWatch } from './topic-watch.js';

const INTERVAL_MS = 5_000;

export interface TopicGuardOptions {
  readonly topic: string;
  /** librdkafka's settings to reach the brokers with. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Whether to go on, at the same offsets, where the topic or the cluster became another. */
  readonly acceptOther: boolean;
  readonly warned: (text: string) => void;
  /** The topic has so many partitions. */
  readonly seen?: (partitions: number) => void;
  /** The topic is gone, or another: nothing of it may be read on. */
  readonly failed: (error: EngineError) => void;
}

/** Looks every few seconds whether the topic is still the one that reading began with. */
export class TopicGuard {
  readonly #options: TopicGuardOptions;
  readonly #identity: KafkaIdentity;
  readonly #watch: TopicWatch;
  #timer: NodeJS.Timeout | null = null;
  #asking = false;

  constructor(options: TopicGuardOptions) {
    this.#options = options;
    this.#identity = new KafkaIdentity(options.topic, options.settings);
    this.#watch = new TopicWatch(options.topic);
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.look(), INTERVAL_MS);
  }

  /** Who answers now. Rejects where nobody does. */
  identity(): Promise<SourceIdentity> {
    return this.#identity.ask();
  }

  /** Asks now; for the client's own signs that something happened to the topic. */
  async look(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const sighting = await this.#identity.ask();
      if (sighting.partitions !== null) this.#options.seen?.(sighting.partitions);
      const error = this.#watch.apply(sighting, performance.now());
      if (error !== null && this.#timer !== null) this.#judge(error);
    } catch {
      this.#watch.unanswered();
    } finally {
      this.#asking = false;
    }
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#identity.close();
  }

  #judge(error: EngineError): void {
    if (error.code === 'KAFKA_SOURCE_CHANGED' && this.#options.acceptOther) this.#options.warned(error.message);
    else this.#options.failed(error);
  }
}
