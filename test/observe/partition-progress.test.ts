import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PartitionProgress } from '../../src/observe/partition-progress.js';
import type { EngineStatus, PartitionStatus } from '../../src/observe/status.js';
import { engineStatus, NOW_MS, partitionStatus } from './fixtures.js';

const FIVE_MINUTES_MS = 300_000;

function statusOf(partition: Partial<PartitionStatus>, changes: Partial<EngineStatus> = {}): EngineStatus {
  return engineStatus({ ...changes, partitions: [partitionStatus(partition)] });
}

describe('a partition', () => {
  it('is stuck when it stands for five minutes while its end moves', () => {
    const progress = new PartitionProgress(FIVE_MINUTES_MS);
    assert.deepEqual(progress.apply(statusOf({}), NOW_MS), []);
    assert.deepEqual(progress.apply(statusOf({ highWatermark: 500 }), NOW_MS + FIVE_MINUTES_MS - 1), []);
    assert.deepEqual(progress.apply(statusOf({ highWatermark: 500 }), NOW_MS + FIVE_MINUTES_MS), [
      'solana.dextrades.proto/0',
    ]);
    assert.deepEqual(
      progress.apply(statusOf({ highWatermark: 500, nextOffset: 101 }), NOW_MS + FIVE_MINUTES_MS + 1),
      [],
    );
  });

  it('is not stuck while its end stands as well', () => {
    const progress = new PartitionProgress(FIVE_MINUTES_MS);
    progress.apply(statusOf({}), NOW_MS);
    assert.deepEqual(progress.apply(statusOf({}), NOW_MS + 10 * FIVE_MINUTES_MS), []);
  });

  const excuses: [sentence: string, changes: Partial<EngineStatus>][] = [
    ['the broker is away', { kafka: { connected: false, groupSteady: true } }],
    ['the group is rebalancing', { kafka: { connected: true, groupSteady: false } }],
    [
      'the database is away',
      { database: { reachable: false, unreachableSince: 0, breaker: 'closed', breakerOpenSince: null } },
    ],
    [
      'the breaker is open',
      { database: { reachable: true, unreachableSince: null, breaker: 'open', breakerOpenSince: NOW_MS } },
    ],
    ['fetching is held', { held: true }],
    ['the engine drains', { state: 'draining' }],
  ];
  for (const [sentence, changes] of excuses) {
    it(`may stand while ${sentence}, and has five minutes from then on`, () => {
      const progress = new PartitionProgress(FIVE_MINUTES_MS);
      progress.apply(statusOf({}), NOW_MS);
      const later = NOW_MS + FIVE_MINUTES_MS;
      assert.deepEqual(progress.apply(statusOf({ highWatermark: 500 }, changes), later), []);
      assert.deepEqual(progress.apply(statusOf({ highWatermark: 600 }), later + FIVE_MINUTES_MS - 1), []);
      assert.deepEqual(progress.apply(statusOf({ highWatermark: 600 }), later + FIVE_MINUTES_MS).length, 1);
    });
  }

  it('starts anew when it is claimed again', () => {
    const progress = new PartitionProgress(FIVE_MINUTES_MS);
    progress.apply(statusOf({}), NOW_MS);
    assert.deepEqual(progress.apply(statusOf({ epoch: 2, highWatermark: 500 }), NOW_MS + FIVE_MINUTES_MS), []);
    progress.apply(engineStatus({ partitions: [] }), NOW_MS + FIVE_MINUTES_MS + 1);
    assert.deepEqual(progress.apply(statusOf({ epoch: 2, highWatermark: 900 }), NOW_MS + 9 * FIVE_MINUTES_MS), []);
  });
});
