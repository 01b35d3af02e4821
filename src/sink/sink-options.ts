import type { Config } from '../config.js';
import type { SinkLogger, SinkObserver } from './observer.js';

export type SinkConfig = Pick<
  Config,
  | 'databaseUrl'
  | 'databaseLanes'
  | 'databaseFlushTimeoutMs'
  | 'databaseStaleBackendMs'
  | 'databasePartitionsAhead'
  | 'databaseRetentionSlots'
  | 'databaseTradeIndexes'
  | 'breakerFailureThreshold'
  | 'breakerSuccessThreshold'
  | 'breakerOpenMs'
  | 'breakerHalfOpenCalls'
  | 'deadLettersPercentMax'
  | 'deadLettersWindow'
  | 'deadLettersInARow'
>;

export interface PostgresSinkOptions {
  readonly config: SinkConfig;
  readonly groupId: string;
  /** Who claims partitions: one per process, never used twice. */
  readonly ownerId: string;
  readonly logger: SinkLogger;
  readonly observer?: SinkObserver;
  /** Whether outcomes tell which rows landed where not all did. It costs a look at each of those batches. */
  readonly tellPlaces?: boolean;
  /** How long `open` waits for a server that is not there yet, ms. */
  readonly openPatienceMs?: number;
}
