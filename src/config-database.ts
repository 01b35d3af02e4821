import type { Option, Rule } from './config-option.js';

export const DATABASE_OPTIONS = {
  databaseUrl: {
    env: 'DATABASE_URL',
    type: 'string',
    secret: true,
    description:
      'PostgreSQL to land in, `postgres://user:password@host:port/database`. A direct connection, no transaction pooler.',
  },
  databaseMigrate: {
    env: 'DATABASE_MIGRATE',
    type: 'boolean',
    default: true,
    description: 'Apply migrations at start.',
  },
  databaseLanes: {
    env: 'DATABASE_LANES',
    type: 'integer',
    default: 2,
    min: 1,
    max: 64,
    description: 'Connections that write in parallel; a partition always uses the same one.',
  },
  databaseFlushTimeoutMs: {
    env: 'DATABASE_FLUSH_TIMEOUT_MS',
    type: 'integer',
    unit: 'ms',
    default: 30_000,
    min: 100,
    max: 3_600_000,
    description: 'A database that makes no progress for this long is given up and the connection is replaced.',
  },
  databaseStaleBackendMs: {
    env: 'DATABASE_STALE_BACKEND_MS',
    type: 'integer',
    unit: 'ms',
    default: 5_000,
    min: 100,
    max: 600_000,
    description: 'A backend of an earlier owner that blocks us this long is ended.',
  },
  databasePartitionsAhead: {
    env: 'DATABASE_PARTITIONS_AHEAD',
    type: 'integer',
    default: 2,
    min: 1,
    max: 30,
    description: 'Table partitions (216,000 slots, about a day each) made ahead of the newest slot.',
  },
  databaseRetentionSlots: {
    env: 'DATABASE_RETENTION_SLOTS',
    type: 'integer',
    unit: 'slots',
    default: 0,
    min: 0,
    max: 1_000_000_000,
    description: 'Drop table partitions that lie wholly this far behind the newest slot; 0 keeps all.',
  },
  databaseTradeIndexes: {
    env: 'DATABASE_TRADE_INDEXES',
    type: 'list',
    choices: ['mint', 'market', 'trader', 'signature'],
    default: [],
    description: 'Analyst indexes to build on closed table partitions: `mint`, `market`, `trader`, `signature`.',
  },
  breakerFailureThreshold: {
    env: 'BREAKER_FAILURE_THRESHOLD',
    type: 'integer',
    default: 5,
    min: 1,
    max: 1_000,
    description: 'Failures in a row that open the circuit breaker in front of the database.',
  },
  breakerSuccessThreshold: {
    env: 'BREAKER_SUCCESS_THRESHOLD',
    type: 'integer',
    default: 2,
    min: 1,
    max: 1_000,
    description: 'Successes in a row that close it again.',
  },
  breakerOpenMs: {
    env: 'BREAKER_OPEN_MS',
    type: 'integer',
    unit: 'ms',
    default: 60_000,
    min: 10,
    max: 3_600_000,
    description: 'How long it stays open before it lets calls try.',
  },
  breakerHalfOpenCalls: {
    env: 'BREAKER_HALF_OPEN_CALLS',
    type: 'integer',
    default: 3,
    min: 1,
    max: 1_000,
    description: 'Calls it lets try at a time while half open.',
  },
} as const satisfies Record<string, Option>;

type DatabaseRule = Rule<typeof DATABASE_OPTIONS>;

const urlIsPostgres: DatabaseRule = ({ databaseUrl }, report) => {
  if (databaseUrl === undefined || parseDatabaseUrl(databaseUrl) !== null) return;
  report.problem(
    'DATABASE_URL',
    databaseUrl,
    'a URL postgres://user:password@host:port/database (characters such as @ : / # in the password as %40 %3A %2F %23)',
  );
};

export const DATABASE_RULES: readonly DatabaseRule[] = [urlIsPostgres];

/** Host, port and name of a database, without the user or the password: fit for a message. Null where it is no postgres URL. */
export function parseDatabaseUrl(url: string): { host: string; port: number; database: string } | null {
  if (!/^postgres(?:ql)?:\/\//i.test(url) || !URL.canParse(url)) return null;
  const { hostname, port, pathname, searchParams } = new URL(url);
  try {
    const host = hostname === '' ? (searchParams.get('host') ?? '') : decodeURIComponent(hostname);
    const database = decodeURIComponent(pathname.slice(1));
    if (host === '') return null;
    return { host, port: port === '' ? 5432 : Number(port), database };
  } catch {
    return null;
  }
}
