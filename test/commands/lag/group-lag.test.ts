import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { groupLag, type StoredPosition, totalLag } from '../../../src/commands/lag/group-lag.js';

const at = (partition: number, nextOffset: number): StoredPosition => ({
  partition,
  nextOffset,
  epoch: 1,
  owner: 'me',
  committedAtMs: 1,
});
const held = (partition: number, low: number, high: number) => ({ partition, low, high });
const lags = (...given: Parameters<typeof groupLag>) =>
  groupLag(...given).map(({ partition, lag }) => [partition, lag]);

describe('the lag of a group', () => {
  it('is the end of each partition less the position in PostgreSQL', () => {
    assert.deepEqual(lags([at(0, 10), at(1, 7)], [held(0, 0, 15), held(1, 0, 7)]), [
      [0, 5],
      [1, 0],
    ]);
    assert.equal(totalLag(groupLag([at(0, 10), at(1, 7)], [held(0, 0, 15), held(1, 0, 7)])), 5);
  });

  it('counts what expired unread apart, and not as lag', () => {
    const [one] = groupLag([at(0, 10)], [held(0, 100, 120)]);
    assert.deepEqual([one?.lag, one?.position, one?.expired], [20, 100, 90]);
  });

  it('is all of a partition that was added while the group reads', () => {
    assert.deepEqual(lags([at(0, 10)], [held(0, 0, 10), held(1, 3, 9)]), [
      [0, 0],
      [1, 6],
    ]);
  });

  it('is unknown of a group that has no position yet: nobody knows where it will begin', () => {
    assert.deepEqual(lags([], [held(0, 0, 10)]), [[0, null]]);
    assert.equal(totalLag(groupLag([], [held(0, 0, 10)])), null);
    assert.equal(totalLag([]), null);
  });

  it('is unknown while either side was not asked, and what the other said stands', () => {
    assert.deepEqual(lags(null, [held(0, 0, 10)]), [[0, null]]);
    const [one] = groupLag([at(0, 10)], null);
    assert.deepEqual([one?.lag, one?.stored?.nextOffset, one?.expired], [null, 10, 0]);
  });

  it('is unknown of a partition that the brokers no longer have', () => {
    assert.deepEqual(lags([at(0, 10), at(1, 5)], [held(0, 0, 10)]), [
      [0, 0],
      [1, null],
    ]);
  });

  it('is never negative, though the position is read before the end', () => {
    assert.deepEqual(lags([at(0, 12)], [held(0, 0, 10)]), [[0, 0]]);
  });
});
