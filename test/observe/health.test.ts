import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health, live, ready } from '../../src/observe/health.js';
import type { EngineStatus } from '../../src/observe/status.js';
import { engineStatus, NOW_MS, partitionStatus } from './fixtures.js';

const ABOUT = { version: '1.2.3', httpTransport: 'node:http' };
const BROKERLESS = { kafka: { connected: false, groupSteady: false } };
const IN_NO_GROUP = { connected: true, groupSteady: false };
const DATABASELESS = {
  database: { reachable: false, unreachableSince: 0, breaker: 'closed', breakerOpenSince: null },
} as const;
const REDIS = {
  connected: true,
  breaker: 'closed',
  breakerOpenSince: null,
  bufferBytes: 7,
  published: 12,
  dropped: 3,
} as const;
const openFor = (ms: number): Partial<EngineStatus> => ({
  database: { reachable: false, unreachableSince: NOW_MS - ms, breaker: 'open', breakerOpenSince: NOW_MS - ms },
});
const silentFor = (ms: number): Partial<EngineStatus> => ({
  database: { reachable: false, unreachableSince: NOW_MS - ms, breaker: 'closed', breakerOpenSince: null },
});

function codes(changes: Partial<EngineStatus>): { live: number; ready: number; health: number } {
  const status = engineStatus(changes);
  return {
    live: live(status, NOW_MS).code,
    ready: ready(status, NOW_MS).code,
    health: health(status, NOW_MS, ABOUT).code,
  };
}

describe('the health routes', () => {
  const cases: [sentence: string, changes: Partial<EngineStatus>, live: number, ready: number][] = [
    ['an engine that is well', {}, 200, 200],
    ['an engine that is starting', { state: 'starting', lastPollAt: 0 }, 200, 503],
    ['an engine that is draining', { state: 'draining', lastPollAt: NOW_MS - 120_000 }, 200, 503],
    ['an engine on standby, which is in no group', { state: 'standby', kafka: IN_NO_GROUP, partitions: [] }, 200, 200],
    ['an engine on standby without a database', { state: 'standby', kafka: IN_NO_GROUP, ...DATABASELESS }, 200, 503],
    ['an engine that is drained', { state: 'drained', kafka: IN_NO_GROUP, partitions: [] }, 200, 503],
    ['a drained engine whose poll loop stands still', { state: 'drained', lastPollAt: NOW_MS - 60_001 }, 503, 503],
    ['an engine that has stopped', { state: 'stopped', lastPollAt: 0 }, 200, 503],
    ['an engine that has failed', { state: 'failed' }, 503, 503],
    ['a poll loop that ticked a minute ago', { lastPollAt: NOW_MS - 60_000 }, 200, 200],
    ['a poll loop that stands still', { lastPollAt: NOW_MS - 60_001 }, 503, 200],
    ['a poll loop that never ticked since a start long ago', { lastPollAt: 0 }, 503, 200],
    ['a poll loop that has not ticked yet', { startedAt: NOW_MS - 100, lastPollAt: 0 }, 200, 200],
    ['no broker', BROKERLESS, 200, 503],
    ['a rebalance', { kafka: { connected: true, groupSteady: false } }, 200, 503],
    ['no database so far', DATABASELESS, 200, 503],
    ['a database that has not answered for less than 30 s', silentFor(29_999), 200, 200],
    ['a database that has not answered for 30 s', silentFor(30_000), 200, 503],
    ['a breaker open for less than 30 s', openFor(29_999), 200, 200],
    ['a breaker open for 30 s', openFor(30_000), 200, 503],
    [
      'a breaker that lets calls try',
      { database: { reachable: true, unreachableSince: null, breaker: 'half-open', breakerOpenSince: null } },
      200,
      200,
    ],
    ['a Redis that is away', { redis: { ...REDIS, connected: false, breaker: 'open' } }, 200, 200],
    ['no decode thread', { workers: { threads: 0, busy: 0, queued: 0, restarts: 0 } }, 200, 503],
    ['no partitions', { partitions: [] }, 200, 200],
    ['a lag of millions', { partitions: [partitionStatus({ lag: 9_000_000 })] }, 200, 200],
    ['fetching held for the budget', { held: true, inflightBytes: 10_000 }, 200, 200],
  ];
  for (const [sentence, changes, liveCode, readyCode] of cases) {
    it(`answer ${sentence} with ${liveCode} for life and ${readyCode} for readiness`, () => {
      const healthCode = liveCode === 200 && readyCode === 200 ? 200 : 503;
      assert.deepEqual(codes(changes), { live: liveCode, ready: readyCode, health: healthCode });
    });
  }

  it('are not live with a partition that is stuck, and name it', () => {
    const answer = live(engineStatus(), NOW_MS, ['solana.dextrades.proto/3']);
    assert.equal(answer.code, 503);
    assert.match(String(answer.body.reasons), /solana\.dextrades\.proto\/3/);
  });

  it('say why they are not ready, every reason of it', () => {
    const { body } = ready(engineStatus({ ...BROKERLESS, ...openFor(45_000) }), NOW_MS);
    assert.equal(body.status, 'unhealthy');
    assert.deepEqual(body.reasons, [
      'no broker is connected',
      'the consumer group is not steady',
      'the database has been given up for 45 s',
    ]);
  });
});

describe('/health', () => {
  it('shows what the engine measured', () => {
    const partitions = [
      partitionStatus(),
      partitionStatus({ partition: 1, lag: 5, lowWatermark: -1, highWatermark: -1 }),
    ];
    const { body } = health(engineStatus({ partitions, startedAt: NOW_MS - 90_500 }), NOW_MS, ABOUT);
    assert.equal(body.status, 'healthy');
    assert.equal(body.kafka_connected, true);
    assert.equal(body.version, '1.2.3');
    assert.equal(body.http_transport, 'node:http');
    assert.equal(body.uptime_seconds, 90.5);
    assert.equal(body.lag, 15);
    assert.deepEqual((body.partitions as unknown[])[1], {
      topic: 'solana.dextrades.proto',
      partition: 1,
      epoch: 1,
      next_offset: 100,
      low_watermark: null,
      high_watermark: null,
      lag: 5,
      lag_seconds: 0.5,
    });
  });

  it('turns with the status, field by field', () => {
    const { body } = health(engineStatus({ ...BROKERLESS, ...openFor(1_000) }), NOW_MS, ABOUT);
    assert.equal(body.kafka_connected, false);
    assert.equal(body.database_connected, false);
    assert.deepEqual((body.components as Record<string, unknown>).database, {
      reachable: false,
      breaker: 'open',
      breaker_open_ms: 1_000,
    });
  });

  it('tells of Redis where there is one, and nothing where there is none', () => {
    const components = (redis: Partial<EngineStatus>) =>
      health(engineStatus(redis), NOW_MS, ABOUT).body.components as Record<string, unknown>;
    assert.deepEqual(components({ redis: { ...REDIS, breaker: 'open', breakerOpenSince: NOW_MS - 1_000 } }).redis, {
      connected: true,
      breaker: 'open',
      breaker_open_ms: 1_000,
      buffer_bytes: 7,
      published: 12,
      dropped: 3,
    });
    assert.ok(!('redis' in components({})));
  });

  it('has no lag while one partition’s is not known, and none at all without partitions is 0', () => {
    const partitions = [partitionStatus(), partitionStatus({ partition: 1, lag: null })];
    assert.equal(health(engineStatus({ partitions }), NOW_MS, ABOUT).body.lag, null);
    assert.equal(health(engineStatus({ partitions: [] }), NOW_MS, ABOUT).body.lag, 0);
  });

  it('shows the failure without the password in it', () => {
    const failure = 'cannot reach postgres://engine:s3cret@db:5432/trades';
    const text = JSON.stringify(health(engineStatus({ state: 'failed', failure }), NOW_MS, ABOUT).body);
    assert.match(text, /postgres:\/\/engine:\[redacted\]@db:5432/);
    assert.doesNotMatch(text, /s3cret/);
  });

  it('knows no lag while no broker tells where the stream ends', () => {
    const lagOf = (changes: Partial<EngineStatus>) => health(engineStatus(changes), NOW_MS, ABOUT).body.lag;
    assert.equal(lagOf({}), 10);
    assert.equal(lagOf(BROKERLESS), null);
    assert.equal(lagOf({ partitions: [partitionStatus(), partitionStatus({ lag: null })] }), null);
  });
});
