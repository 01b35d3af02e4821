import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NamedResult } from '../../src/commands/checks/check.js';
import { runChecks } from '../../src/commands/checks/check.js';
import { REDIS_CHECKS } from '../../src/commands/checks/redis-checks.js';
import { configOf } from '../support/config.js';
import { RedisServer, withoutRedis } from '../support/redis-server.js';

const STREAM = 'solana:dextrades';

async function checked(url: string): Promise<NamedResult> {
  const [result] = await runChecks(REDIS_CHECKS, { config: configOf({ REDIS_URL: url }) }, () => {});
  assert.equal(result?.name, 'redis');
  return result!;
}

async function onRedis(settings: readonly string[], body: (redis: RedisServer) => Promise<void>): Promise<void> {
  const redis = await RedisServer.start(settings);
  try {
    await body(redis);
  } finally {
    await redis.close();
  }
}

test('check warns of a Redis that is not there, and no more', async () => {
  const { status, detail, advice } = await checked('redis://127.0.0.1:1');
  assert.equal(status, 'warn');
  assert.match(detail, /^Redis at 127\.0\.0\.1:1 failed: .*ECONNREFUSED/);
  assert.match(advice, /lands trades all the same/);
});

describe('check with a Redis', { skip: withoutRedis() }, () => {
  test('says that it takes trades, and leaves nothing behind', () =>
    onRedis([], async (redis) => {
      const { status, detail } = await checked(redis.url);
      assert.equal(status, 'ok', detail);
      assert.match(detail, /^Redis at 127\.0\.0\.1:\d+, version \d+\.\d+\.\d+, takes trades into solana:dextrades$/);
      assert.equal(await redis.command('DBSIZE'), 0);
      await redis.command('XADD', STREAM, '5-5', 'field', 'value');
      assert.equal((await checked(redis.url)).status, 'ok');
      assert.equal((await redis.entries(STREAM)).length, 1);
    }));

  test('tells a wrong password, a full server, a key of another kind and a user that may not publish apart', () =>
    onRedis(['--requirepass', 'right-password'], async (redis) => {
      const url = (user: string, password: string): string => `redis://${user}:${password}@127.0.0.1:${redis.port}`;
      const right = url('default', 'right-password');
      const command = (...words: string[]): Promise<unknown> => redis.command(...words);
      assert.match((await checked(url('default', 'hush-hush'))).detail, /does not accept user and password/);
      assert.doesNotMatch(JSON.stringify(await checked(url('default', 'hush-hush'))), /hush/);

      redis.password = 'right-password';
      await command('ACL', 'SETUSER', 'reader', 'on', '>reader-reader', '~*', '+@read', '+ping');
      assert.match(
        (await checked(url('reader', 'reader-reader'))).detail,
        /does not let this user publish: ACL SETUSER/,
      );
      await command('ACL', 'SETUSER', 'engine', 'on', '>engine-engine', `~${STREAM}`, '+xadd', '+ping');
      const least = await checked(url('engine', 'engine-engine'));
      assert.equal(least.status, 'ok', least.detail);
      assert.match(least.detail, /^Redis at 127\.0\.0\.1:\d+ takes trades/, 'and need not tell its version');

      await command('CONFIG', 'SET', 'maxmemory', '1');
      assert.match((await checked(right)).detail, /is full/);
      await command('CONFIG', 'SET', 'maxmemory', '0');
      await command('SET', STREAM, 'a text');
      assert.match((await checked(right)).detail, /solana:dextrades on Redis at .* is a string/);
      assert.equal((await checked(right)).status, 'warn');
    }));
});
