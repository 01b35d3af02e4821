import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Membership } from '../../src/ingest/membership.js';

const SESSION =
  '[thrd:main]: Consumer group session timed out (in join-state steady) after 6001 ms without a successful response from the group coordinator (broker 1, last error was Success): revoking assignment and rejoining group';
const POLL =
  '[thrd:main]: Application maximum poll interval (300000ms) exceeded by 12ms (adjust max.poll.interval.ms for long-running message processing): leaving group';

for (const [about, line] of [
  ['a session that timed out', SESSION],
  ['a poll that came too late', POLL],
] as const) {
  test(`${about} means that the group takes us for dead, until it answers again`, () => {
    const membership = new Membership();
    const { dead } = membership;
    membership.assigned();
    membership.logged('[thrd:main]: Group "g": 4 partitions revoked');
    assert.deepEqual([dead.aborted, membership.member], [false, true]);
    membership.logged(line);
    assert.deepEqual([dead.aborted, membership.member], [true, false]);
    assert.equal(membership.dead, dead);
    membership.assigned();
    assert.deepEqual([membership.dead.aborted, membership.member], [false, true]);
  });
}

test('an assignment leaves the signal alone while nobody takes us for dead', () => {
  const membership = new Membership();
  const { dead } = membership;
  membership.assigned();
  assert.equal(membership.dead, dead);
});

test('joining anew waits, then leaves, and waits twice as long the next time, a minute at most', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const membership = new Membership();
    let left = 0;
    const leave = (): void => {
      left += 1;
    };
    const delays = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
    for (const [round, delayMs] of delays.entries()) {
      assert.equal(membership.joinAnew(leave, 1_000), delayMs);
      assert.equal(membership.joinAnew(leave, 1_000), null, 'it is under way');
      mock.timers.tick(delayMs - 1);
      assert.deepEqual([left, membership.leaving], [round, false]);
      mock.timers.tick(1);
      assert.deepEqual([left, membership.leaving], [round + 1, true]);
      membership.left();
      assert.equal(membership.leaving, false);
    }
  } finally {
    mock.timers.reset();
  }
});

test('after a while without, joining anew waits as it did the first time', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    let now = 1_000_000;
    const membership = new Membership(() => now);
    const delays = [0, 599_000, 602_000, 10, 604_000].map((ms) => {
      now += ms;
      const delayMs = membership.joinAnew(() => {}, 1_000);
      membership.leave();
      return delayMs;
    });
    assert.deepEqual(delays, [1_000, 2_000, 1_000, 2_000, 1_000]);
  } finally {
    mock.timers.reset();
  }
});

test('a first wait of its own is doubled, too, and no wait is over a minute', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const membership = new Membership();
    const delays = [1, 2, 3].map(() => {
      const delayMs = membership.joinAnew(() => {}, 20_000);
      membership.leave();
      return delayMs;
    });
    assert.deepEqual(delays, [20_000, 40_000, 60_000]);
  } finally {
    mock.timers.reset();
  }
});

test('closed, it begins nothing more', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const membership = new Membership();
    membership.joinAnew(() => assert.fail('it left'), 1_000);
    membership.leave();
    mock.timers.tick(60_000);
    assert.equal(membership.leaving, false);
  } finally {
    mock.timers.reset();
  }
});
