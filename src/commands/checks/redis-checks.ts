import { parseRedisUrl } from '../../config-redis.js';
import { invariant, messageOf } from '../../errors.js';
import { RedisConnection } from '../../sink/fan-out/redis-connection.js';
import { explainRedisError } from '../../sink/fan-out/redis-fault.js';
import { type Check, ok, warn } from './check.js';

const TIMEOUT_MS = 5_000;
/** No entry may have this id, so that the command is refused once it is known that this user may give it and Redis has room. */
const IMPOSSIBLE_ID = '0-0';
const ID_REFUSED = /^ERR The ID specified in XADD must be greater than 0-0/;

/** Of the Redis for live consumers. The engine runs without it: whatever is wrong is a warning. */
const redis: Check = {
  name: 'redis',
  async run({ config }) {
    const { redisUrl = '', redisStream } = config;
    const target = parseRedisUrl(redisUrl);
    invariant(target !== null, 'The loader lets no check begin with a wrong REDIS_URL.');
    const where = `Redis at ${target.host}:${target.port}`;
    const end = new AbortController();
    try {
      const connection = await RedisConnection.open({ target, timeoutMs: TIMEOUT_MS, signal: end.signal });
      const kind = await unlessForbidden(connection.ask(['TYPE', redisStream]));
      if (kind !== null && kind !== 'none' && kind !== 'stream')
        return warn(`${redisStream} on ${where} is a ${kind}`, 'Remove it, or choose another key for REDIS_STREAM.');
      const refusal = await connection.ask(['XADD', redisStream, IMPOSSIBLE_ID, 'check', '']).then(
        () => new Error('XADD took an id that no entry may have'),
        (error: unknown) => error,
      );
      if (!ID_REFUSED.test(messageOf(refusal))) throw refusal;
      const version = /^redis_version:(\S+)/m.exec(String(await unlessForbidden(connection.ask(['INFO', 'server']))));
      return ok(`${where}${version === null ? '' : `, version ${version[1]},`} takes trades into ${redisStream}`);
    } catch (error) {
      return warn(`${where} ${explainRedisError(error)}`, 'The engine runs and lands trades all the same.');
    } finally {
      end.abort();
    }
  },
};

/** Where REDIS_URL is set. */
export const REDIS_CHECKS: readonly Check[] = [redis];

/** The answer; null where this user may not ask, which it need not. */
async function unlessForbidden(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (/^NOPERM/.test(messageOf(error))) return null;
    throw error;
  }
}
