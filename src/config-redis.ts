import type { Option, Rule } from './config-option.js';

export const REDIS_OPTIONS = {
  redisUrl: {
    env: 'REDIS_URL',
    type: 'string',
    secret: true,
    description:
      'Redis to which every landed trade goes after its commit, for live consumers (docs/redis.md): `redis://user:password@host:port/db`, `rediss://` with TLS. Best effort: the engine never waits for it. Without it there is none.',
  },
  redisStream: {
    env: 'REDIS_STREAM',
    type: 'string',
    default: 'solana:dextrades',
    description: 'Key of the Redis stream.',
  },
  redisStreamMaxlen: {
    env: 'REDIS_STREAM_MAXLEN',
    type: 'integer',
    default: 100_000,
    min: 1,
    max: 1_000_000_000,
    description: 'The stream keeps about this many trades, never fewer (some 0.65 kB each in the memory of Redis).',
  },
  redisBufferBytes: {
    env: 'REDIS_BUFFER_BYTES',
    type: 'integer',
    unit: 'bytes',
    default: 16_777_216,
    min: 65_536,
    max: 4_294_967_296,
    description:
      'What may wait for Redis, besides MEMORY_BUDGET_BYTES. When it is spent the oldest trades are not published, and counted.',
  },
} as const satisfies Record<string, Option>;

type RedisRule = Rule<typeof REDIS_OPTIONS>;

export interface RedisTarget {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

const urlIsRedis: RedisRule = ({ redisUrl }, report) => {
  if (redisUrl === undefined || parseRedisUrl(redisUrl) !== null) return;
  report.problem(
    'REDIS_URL',
    redisUrl,
    'a URL redis://user:password@host:port/db, or rediss:// with TLS (characters such as @ : / # in the password as %40 %3A %2F %23)',
  );
};

const streamIsKey: RedisRule = ({ redisStream }, report) => {
  if (/^[\x21-\x7e]{1,512}$/.test(redisStream)) return;
  report.problem('REDIS_STREAM', redisStream, 'a key of 1 to 512 letters, digits or signs of ASCII without a space');
};

export const REDIS_RULES: readonly RedisRule[] = [urlIsRedis, streamIsKey];

/** The parts of a Redis URL, port 6379 and database 0 where it has none. Null where it is none. */
export function parseRedisUrl(url: string): RedisTarget | null {
  if (!/^rediss?:\/\//i.test(url) || !URL.canParse(url)) return null;
  const { protocol, hostname, port, pathname, username, password, search, hash } = new URL(url);
  const database = /^\/?(\d{0,5})$/.exec(pathname)?.[1];
  if (hostname === '' || database === undefined || search !== '' || hash !== '') return null;
  try {
    return {
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? 6379 : Number(port),
      database: Number(database),
      tls: protocol === 'rediss:',
      username: decodeURIComponent(username) || undefined,
      password: decodeURIComponent(password) || undefined,
    };
  } catch {
    return null;
  }
}
