import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRedisUrl } from '../src/config-redis.js';
import { EngineError } from '../src/errors.js';
import { configOf } from './support/config.js';

test('without REDIS_URL there is no Redis, and everything else has a default', () => {
  const { redisUrl, redisStream, redisStreamMaxlen, redisBufferBytes } = configOf({});
  assert.equal(redisUrl, undefined);
  assert.deepEqual([redisStream, redisStreamMaxlen, redisBufferBytes], ['solana:dextrades', 100_000, 16_777_216]);
});

test('a URL of Redis is taken apart', () => {
  assert.deepEqual(parseRedisUrl('redis://localhost'), {
    host: 'localhost',
    port: 6379,
    database: 0,
    tls: false,
    username: undefined,
    password: undefined,
  });
  assert.deepEqual(parseRedisUrl('rediss://engine:p%40ss%3Aword@[::1]:6380/3'), {
    host: '::1',
    port: 6380,
    database: 3,
    tls: true,
    username: 'engine',
    password: 'p@ss:word',
  });
  assert.equal(parseRedisUrl('redis://:secret@cache:1/')?.password, 'secret');
});

for (const url of [
  'postgres://cache',
  'redis://',
  'redis:cache',
  'redis://cache/trades',
  'redis://cache/0/1',
  'redis://cache:port',
  'redis://cache?password=hush',
  'redis://:%zz@cache',
  'cache:6379',
])
  test(`${url} is refused, with what is wanted and without showing it`, () => {
    assert.throws(
      () => configOf({ REDIS_URL: `${url}` }),
      (error: unknown) => {
        assert.ok(error instanceof EngineError && error.code === 'CONFIG_INVALID');
        assert.match(error.message, /REDIS_URL: got a value that is not shown; wants a URL redis:\/\//);
        assert.ok(!error.message.includes('hush'));
        return true;
      },
    );
  });

test('a key with white space or signs beyond ASCII is refused', () => {
  for (const REDIS_STREAM of ['two words', 'schlüssel', 'x'.repeat(513)])
    assert.throws(() => configOf({ REDIS_STREAM }), /REDIS_STREAM: .*wants a key/);
});
