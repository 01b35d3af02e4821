/** Every way the engine can fail, closed: a log line, a metric label and an exit code hang on each. */
export const ERROR_CODES = [
  'CONFIG_INVALID',
  'KAFKA_AUTHENTICATION',
  'KAFKA_UNREACHABLE',
  'KAFKA_TLS',
  'KAFKA_TOPIC_UNKNOWN',
  'KAFKA_AUTHORIZATION',
  'KAFKA_OFFSET_OUT_OF_RANGE',
  'KAFKA_OFFSET_ABOVE_END',
  'KAFKA_SOURCE_CHANGED',
  'KAFKA_FATAL',
  'LIBRARY_MISSING',
  'WORKER_BOOT',
  'WORKER_CRASHED',
  'WORKER_TIMEOUT',
  'CAPTURE_INVALID',
  'DATABASE_UNREACHABLE',
  'DATABASE_AUTHENTICATION',
  'DATABASE_SCHEMA',
  'DATABASE_DATA',
  'DATABASE_CONFLICT',
  'DATABASE_FENCED',
  'DATABASE_OFFSETS_BROKEN',
  'DEAD_LETTER_FLOOD',
  'CONTROL_UNREACHABLE',
  'SHUTDOWN_DEADLINE',
  'INVARIANT',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** One error type for the whole engine: what failed, whether trying again can help, and what caused it. */
export class EngineError extends Error {
  readonly code: ErrorCode;
  readonly canRetry: boolean;

  constructor(code: ErrorCode, message: string, options: { canRetry?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'EngineError';
    this.code = code;
    this.canRetry = options.canRetry ?? false;
  }
}

/** Throws INVARIANT with a sentence a reader understands at night. */
export function invariant(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new EngineError('INVARIANT', sentence);
}

/** The message of anything thrown, for texts that quote it. */
export function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : String(error);
}
