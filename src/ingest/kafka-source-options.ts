import type { EngineError } from '../errors.js';
import type { LogCode } from '../observe/log-events.js';
import type { KafkaClientSettings, KafkaTexts } from './kafka-client.js';

export interface KafkaSourceOptions {
  readonly topic: string;
  readonly settings: KafkaClientSettings;
  /** Whether assignments come as differences (cooperative-sticky, KIP-848) or whole. */
  readonly incremental: boolean;
  /** `latest`, `earliest` or milliseconds since the epoch. */
  readonly startFrom: 'latest' | 'earliest' | number;
  /** Connects and joins no group until told to. */
  readonly standby?: boolean;
  /** Whether to go on at the stored offsets where the cluster or the topic became another. */
  readonly acceptOther: boolean;
  /** How long a revoke may wait for what is in flight, ms. */
  readonly drainMs: number;
  /** How long after it was fenced the member joins its group anew at first, ms. */
  readonly rejoinMs: number;
  /** Makes an error that a person can act on of what the client said. */
  readonly explain: (texts: KafkaTexts) => EngineError;
  /** The same, with a closer look at certificates and files. */
  readonly explainFailure: (texts: KafkaTexts) => Promise<EngineError>;
  readonly observer: KafkaObserver;
}

export interface KafkaObserver {
  rebalanced(kind: 'assign' | 'revoke', partitions: number): void;
  commitFailed(error: Error): void;
  /** `event` tells the log what it is about; a word of the client itself has none. */
  warned(text: string, event?: LogCode): void;
  /** The topic has so many partitions. */
  topicSeen?(partitions: number): void;
}
