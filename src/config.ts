import { CONTROL_OPTIONS, CONTROL_RULES } from './config-control.js';
import { DATABASE_OPTIONS, DATABASE_RULES } from './config-database.js';
import { KAFKA_OPTIONS, KAFKA_RULES } from './config-kafka.js';
import type { Rule, ValuesOf } from './config-option.js';
import { PIPELINE_OPTIONS, PIPELINE_RULES } from './config-pipeline.js';
import { REDIS_OPTIONS, REDIS_RULES } from './config-redis.js';
import { SERVICE_OPTIONS, SERVICE_RULES } from './config-service.js';

/** The options by chapter, as README lists them. */
export const OPTION_CHAPTERS = [
  ['Kafka', KAFKA_OPTIONS],
  ['PostgreSQL', DATABASE_OPTIONS],
  ['Pipeline', PIPELINE_OPTIONS],
  ['Process', SERVICE_OPTIONS],
  ['Operation', CONTROL_OPTIONS],
  ['Redis', REDIS_OPTIONS],
] as const;

/** Every option of the engine: type, default, range, environment variable. The one list all else is made of. */
export const OPTIONS = {
  ...KAFKA_OPTIONS,
  ...DATABASE_OPTIONS,
  ...PIPELINE_OPTIONS,
  ...SERVICE_OPTIONS,
  ...CONTROL_OPTIONS,
  ...REDIS_OPTIONS,
};

export type OptionName = keyof typeof OPTIONS;

/** Filled and frozen configuration. An option without a default is undefined where it was not given. */
export type Config = ValuesOf<typeof OPTIONS>;

const flushEndsBeforeShutdown: Rule<typeof OPTIONS> = (values, report) => {
  const { databaseFlushTimeoutMs: flush, shutdownTimeoutMs: shutdown } = values;
  if (flush >= shutdown)
    report.warning(
      `SHUTDOWN_TIMEOUT_MS=${shutdown} is not above DATABASE_FLUSH_TIMEOUT_MS=${flush}: a shutdown may end before a stuck flush does.`,
    );
};

/** What binds options to each other; each stands beside the options it binds. */
export const RULES: readonly Rule<typeof OPTIONS>[] = [
  ...KAFKA_RULES,
  ...DATABASE_RULES,
  ...PIPELINE_RULES,
  ...SERVICE_RULES,
  ...CONTROL_RULES,
  ...REDIS_RULES,
  flushEndsBeforeShutdown,
];

/** What each command cannot run without. `check` is held to what `start` needs. */
export const REQUIRED_BY = {
  start: ['kafkaBrokers', 'kafkaGroupId', 'databaseUrl'],
  check: ['kafkaBrokers', 'kafkaGroupId', 'databaseUrl'],
  record: ['kafkaBrokers', 'kafkaGroupId'],
  replay: ['kafkaGroupId', 'databaseUrl'],
  migrate: ['databaseUrl'],
  'dead-letters': ['databaseUrl'],
  status: ['kafkaBrokers', 'kafkaGroupId', 'databaseUrl'],
  'lag-exporter': ['kafkaBrokers', 'kafkaGroupId', 'databaseUrl'],
  completeness: ['databaseUrl'],
  ctl: [],
  demo: [],
} as const satisfies Record<string, readonly OptionName[]>;
