import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type GroupStatus, groupStatus, type Look } from '../../../src/commands/lag/group-status.js';
import { lagLine, statusText } from '../../../src/commands/lag/status-text.js';

const NOW_MS = 1_760_000_000_000;
const ABOUT = { group: 'g', topic: 't' };
const owned = (partition: number, owner: string, nextOffset: number) => ({
  partition,
  owner,
  nextOffset,
  epoch: 2,
  committedAtMs: NOW_MS - 4_000,
});
const look = (
  atMs: number,
  positions: readonly ReturnType<typeof owned>[],
  ends: readonly number[],
  connections = ['trades-engine a lane0', 'trades-engine b lane0'],
): Look => ({
  atMs,
  stored: { positions, connections, writable: true, completeness: [] },
  held: ends.map((high, partition) => ({ partition, low: 0, high })),
});
const status = (before: Look | null, now: Look, missing: readonly string[] = []): GroupStatus =>
  groupStatus(ABOUT, before, now, [], missing);

describe('the status of a group', () => {
  it('tells the pace between two looks, and when it is at the head', () => {
    const before = look(NOW_MS - 2_000, [owned(0, 'a', 100), owned(1, 'b', 100)], [1_000, 1_000]);
    const now = look(NOW_MS, [owned(0, 'a', 300), owned(1, 'b', 300)], [1_010, 1_010]);
    const { lag, pace, etaSeconds } = status(before, now);
    assert.deepEqual([lag, pace, etaSeconds], [1_420, { landed: 200, produced: 10 }, 1_420 / 190]);
    assert.equal(
      lagLine({ lag, pace, etaSeconds }),
      '1,420 messages behind; 200/s landed, 10/s produced; at the head in 7 s',
    );
  });

  it('gives no time for a gap that does not close, and no pace after one look', () => {
    const now = look(NOW_MS, [owned(0, 'a', 10)], [100]);
    assert.equal(status(look(NOW_MS - 1_000, [owned(0, 'a', 10)], [90]), now).etaSeconds, null);
    assert.match(lagLine(status(look(NOW_MS - 1_000, [owned(0, 'a', 10)], [90]), now)), /the gap does not close/);
    assert.equal(lagLine(status(null, now)), '90 messages behind');
  });

  it('counts no partition as pace that came in between the looks', () => {
    const before = look(NOW_MS - 1_000, [owned(0, 'a', 10)], [20]);
    const now = look(NOW_MS, [owned(0, 'a', 15), owned(1, 'b', 500)], [20, 900]);
    assert.deepEqual(status(before, now).pace, { landed: 5, produced: 0 });
  });

  it('weighs the owners that are up against each other', () => {
    const even = look(NOW_MS, [owned(0, 'a', 1), owned(1, 'a', 1), owned(2, 'b', 1)], [1, 1, 1]);
    assert.equal(status(null, even).balanced, true);
    const uneven = look(NOW_MS, [owned(0, 'a', 1), owned(1, 'a', 1), owned(2, 'a', 1), owned(3, 'b', 1)], [1, 1, 1, 1]);
    assert.equal(status(null, uneven).balanced, false);
    assert.match(statusText(status(null, uneven)), /^2 of 2 owners up: a 3, b 1 \(unevenly shared\)$/m);
  });

  it('names the partitions with lag that nobody reads, and those of which offsets expired', () => {
    const now = look(NOW_MS, [owned(0, 'a', 5), owned(1, 'gone', 5), owned(2, 'gone', 9)], [9, 9, 9]);
    const found = status(null, {
      ...now,
      held: [...now.held!.slice(0, 2), { partition: 2, low: 9, high: 9 }, { partition: 3, low: 2, high: 4 }],
    });
    assert.deepEqual(found.unowned, [1, 3]);
    const expired = status(null, { ...now, held: [{ partition: 0, low: 7, high: 9 }] });
    assert.deepEqual(expired.expired, [0]);
    assert.match(statusText(expired), /partition 0: offsets expired before they were read/);
  });

  it('says what it could not ask, and tells the rest', () => {
    const found = status(null, { ...look(NOW_MS, [owned(0, 'a', 5)], []), held: null }, ['no broker']);
    assert.equal(found.lag, null);
    const text = statusText(found);
    assert.match(text, /^ +0 {2}a +2 +5 +- +- {2}4 s ago$/m);
    assert.match(text, /^lag unknown$/m);
    assert.match(text, /^no broker$/m);
  });
});
