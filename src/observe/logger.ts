import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import { type DestinationStream, destination, type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import { errorCode, errorFields } from './error-fields.js';
import type { LogCode, LogLevel } from './log-events.js';
import { RateLimiter } from './rate-limiter.js';
import { redactFields, redactText } from './redact.js';

/**
 * What a line may carry beside its text: `error`, anything thrown; dotted names (`kafka.partition`) as they are; plain ones,
 * which ECS might mean something else by, under `engine.`.
 */
export interface LogFields {
  readonly error?: unknown;
  readonly [name: string]: unknown;
}

/** One method per level: a code out of LOG_EVENTS, a sentence for people, and fields. */
export type LogMethod = (code: LogCode, message: string, fields?: LogFields) => void;

export interface Logger {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal: LogMethod;
  /** Logs the first of a kind, then one per interval with `event.suppressed`, how many were left out. */
  limited(level: LogLevel, kind: string, code: LogCode, message: string, fields?: LogFields): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** For people rather than machines; by default where the destination is a terminal. Needs pino-pretty, else JSON. */
  readonly pretty?: boolean;
  /** By default stdout; commands whose stdout is their result log to stderr. */
  readonly destination?: 'stdout' | 'stderr' | Writable;
  /** Of `limited`. */
  readonly limitIntervalMs?: number;
  readonly now?: () => number;
}

const SERVICE_NAME = 'solana-trades-engine';
/** Of the Elastic Common Schema that the fields follow. */
const ECS_VERSION = '8.17.0';
const LIMIT_INTERVAL_MS = 10_000;

/**
 * A logger that writes one line of JSON in ECS fields per event. Passwords, keys and the password of a URL are taken out of
 * every text and field.
 */
export function createLogger(options: LogOptions): Logger {
  const now = options.now ?? Date.now;
  const limiter = new RateLimiter(options.limitIntervalMs ?? LIMIT_INTERVAL_MS);
  const log = pino(ecsOptions(options.level), openDestination(options));

  const method =
    (level: LogLevel): LogMethod =>
    (code, message, fields) => {
      if (log.isLevelEnabled(level)) log[level](lineFields(code, fields), redactText(message));
    };
  const methods = {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    fatal: method('fatal'),
  };
  return {
    ...methods,
    limited(level, kind, code, message, fields) {
      const { pass, suppressed } = limiter.apply(kind, now());
      if (pass) methods[level](code, message, suppressed > 0 ? { ...fields, 'event.suppressed': suppressed } : fields);
    },
  };
}

/** Kind of an error for `limited`: its code, else its type. */
export function errorKind(error: unknown): string {
  return error instanceof Error ? (errorCode(error) ?? error.name) : typeof error;
}

function lineFields(code: LogCode, fields: LogFields = {}): Record<string, unknown> {
  const { error, ...rest } = fields;
  const named = Object.entries(redactFields(rest)).map(([name, value]) => [
    name.includes('.') ? name : `engine.${name}`,
    value,
  ]);
  return { 'event.code': code, ...(error === undefined ? {} : errorFields(error)), ...Object.fromEntries(named) };
}

function ecsOptions(level: LogLevel): LoggerOptions {
  return {
    level,
    messageKey: 'message',
    base: { 'ecs.version': ECS_VERSION, 'service.name': SERVICE_NAME, 'process.pid': process.pid },
    timestamp: () => stdTimeFunctions.isoTime().replace('"time"', '"@timestamp"'),
    formatters: { level: (label) => ({ 'log.level': label }) },
  };
}

function openDestination(options: LogOptions): DestinationStream {
  const target = options.destination ?? 'stdout';
  const stream = target === 'stdout' ? process.stdout : target === 'stderr' ? process.stderr : target;
  const wanted = options.pretty ?? ('isTTY' in stream && stream.isTTY === true);
  const pretty = wanted ? loadPretty() : null;
  if (pretty) {
    return pretty({
      destination: target === 'stdout' ? 1 : target === 'stderr' ? 2 : target,
      sync: true,
      messageKey: 'message',
      levelKey: 'log\\.level',
      timestampKey: '@timestamp',
      translateTime: 'SYS:HH:MM:ss.l',
      ignore: 'ecs\\.version,service\\.name,process\\.pid,event\\.code',
      colorize: 'isTTY' in stream && stream.isTTY === true,
    });
  }
  // Synchronous: a line must be out before the process may die, and there are few of them.
  if (target === 'stdout') return destination({ dest: 1, sync: true });
  if (target === 'stderr') return destination({ dest: 2, sync: true });
  return target;
}

type Pretty = (options: Record<string, unknown>) => DestinationStream;

/** pino-pretty is there while developing and absent from the image. */
function loadPretty(): Pretty | null {
  try {
    return createRequire(import.meta.url)('pino-pretty') as Pretty;
  } catch {
    return null;
  }
}
