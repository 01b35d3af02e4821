import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chosenLetters, idOf, timeOf } from '../../../src/commands/dead-letters/arguments.js';

const NOW = Date.parse('2026-08-01T12:00:00Z');

describe('the arguments of dead-letters', () => {
  test('become a filter', () => {
    const values = {
      group: 'g',
      topic: 't',
      partition: '3',
      class: 'truncated',
      status: 'new',
      since: '2h',
      limit: '9',
    };
    assert.deepEqual(chosenLetters(['4', '#5'], values, NOW), {
      filter: {
        ids: [4, 5],
        groupId: 'g',
        topic: 't',
        partition: 3,
        errorClass: 'truncated',
        status: 'new',
        sinceMs: NOW - 7_200_000,
        beforeMs: null,
      },
      limit: 9,
      everything: false,
    });
  });

  test('that choose nothing choose everything, also with a limit', () => {
    assert.equal(chosenLetters([], { limit: '5' }, NOW).everything, true);
    assert.equal(chosenLetters([], {}, NOW).limit, Number.POSITIVE_INFINITY);
    assert.equal(chosenLetters(['1'], {}, NOW).everything, false);
  });

  test('take times and ages', () => {
    assert.equal(timeOf('--since', '2026-07-31', NOW), Date.parse('2026-07-31'));
    assert.equal(timeOf('--since', '2026-07-31T01:02:03+02:00', NOW), Date.parse('2026-07-30T23:02:03Z'));
    assert.deepEqual(
      ['90s', '30m', '6h', '7d'].map((age) => NOW - timeOf('--since', age, NOW)),
      [90_000, 1_800_000, 21_600_000, 604_800_000],
    );
  });

  test('that are wrong are named with what they want', () => {
    const cases: [values: Parameters<typeof chosenLetters>[1], message: RegExp][] = [
      [{ partition: '-1' }, /^--partition: got "-1"; wants a whole number from 0/],
      [{ partition: '2147483648' }, /--partition/],
      [{ status: 'open' }, /^--status: got "open"; wants one of new, replayed/],
      [{ since: 'yesterday' }, /^--since: got "yesterday"; wants a time as/],
      [{ since: '99999999999999999999d' }, /--since/],
      [{ limit: '0' }, /--limit/],
    ];
    for (const [values, message] of cases) {
      assert.throws(() => chosenLetters([], values, NOW), { code: 'CONFIG_INVALID', message });
    }
    for (const id of ['', 'x', '0', '-1', '1.5', '9007199254740993']) assert.throws(() => idOf(id), /id: got/, id);
  });
});
