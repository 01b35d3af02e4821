import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CatchUp } from '../../src/commands/catch-up.js';
import type { PartitionStatus } from '../../src/observe/status.js';
import { engineStatus, partitionStatus } from '../observe/fixtures.js';

const NOW_MS = 1_760_000_000_000;
const at = (nextOffset: number, highWatermark: number, changes: Partial<PartitionStatus> = {}) =>
  engineStatus({
    partitions: [partitionStatus({ nextOffset, highWatermark, lag: highWatermark - nextOffset, ...changes })],
  });

describe('the line of progress', () => {
  it('tells how much of the backlog is done, the pace, and until when', () => {
    const progress = new CatchUp();
    assert.equal(progress.apply(at(0, 100_000), NOW_MS), '░░░░░░░░░░░░░░░░░░░░   0 % 100,000 messages behind');
    assert.equal(
      progress.apply(at(5_000, 100_100), NOW_MS + 1_000),
      '░░░░░░░░░░░░░░░░░░░░   4 % 95,100 messages behind; 5,000/s landed, 100/s produced; at the head in 19 s',
    );
    assert.match(
      progress.apply(at(50_000, 101_000), NOW_MS + 10_000) ?? '',
      /^█████████░{11} {2}49 % 51,000 messages behind; /,
    );
  });

  it('gives no time where the gap does not close', () => {
    const progress = new CatchUp();
    progress.apply(at(0, 10_000), NOW_MS);
    assert.match(progress.apply(at(100, 10_200), NOW_MS + 1_000) ?? '', /the gap does not close$/);
  });

  it('goes at the head, and comes back with a new backlog', () => {
    const progress = new CatchUp();
    progress.apply(at(0, 10_000), NOW_MS);
    assert.equal(progress.apply(at(9_950, 10_000), NOW_MS + 1_000), null);
    assert.notEqual(progress.apply(at(10_000, 90_000), NOW_MS + 2_000), null);
  });

  it('begins anew where the partitions become others, and says nothing while their ends are not known', () => {
    const progress = new CatchUp();
    progress.apply(at(0, 10_000), NOW_MS);
    assert.match(
      progress.apply(at(5_000, 20_000, { epoch: 2 }), NOW_MS + 1_000) ?? '',
      / {3}0 % 15,000 messages behind$/,
    );
    assert.equal(progress.apply(at(5_000, 20_000, { lag: null }), NOW_MS + 2_000), null);
    assert.equal(progress.apply({ ...at(0, 10_000), state: 'standby' }, NOW_MS + 3_000), null);
  });
});
