import type { LogEventFields } from '../observe/log-events.js';
import type { BreakerState } from './breaker.js';

/** What the sink says as it works; metrics are made of it. Calls must be cheap and must not throw. */
export interface SinkObserver {
  /** A COPY was answered. */
  onCopy?(rows: number, bytes: number, seconds: number): void;
  /** A batch was committed; seconds from its first attempt. */
  onCommit?(seconds: number): void;
  /** Something failed and is tried again. */
  onRetry?(error: unknown): void;
  /** Rows that were there already and were left out. */
  onDuplicateRows?(rows: number): void;
  /** Transactions that had landed with other contents; the first stays. */
  onConflict?(transactions: number): void;
  onBreakerState?(state: BreakerState): void;
  /** Dead letters written and committed. */
  onDeadLetters?(count: number, errorClass: string): void;
  /** Backends of an earlier owner that were ended because they blocked us. */
  onStaleBackendsEnded?(count: number): void;
}

/** Where the sink's lines go; `event` of the fields is their code. */
export interface SinkLogger {
  info(fields: LogEventFields, message: string): void;
  warn(fields: LogEventFields, message: string): void;
  error(fields: LogEventFields, message: string): void;
}
