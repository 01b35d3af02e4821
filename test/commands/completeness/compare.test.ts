import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completenessArguments } from '../../../src/commands/completeness/arguments.js';
import { difference, type HourCounts, judge } from '../../../src/commands/completeness/compare.js';
import { csvReference } from '../../../src/commands/completeness/reference.js';

const HOUR = 3_600_000;
const NOW = Date.parse('2025-08-02T10:42:00Z');
const NONE = { offsets: [], duplicates: { trades: 0, extra: 0 }, reference: null };

function hour(index: number, trades: number, blocks: Partial<HourCounts['blocks']> = {}): HourCounts {
  const all = { landed: 100, missing: 0, unseen: 0, withoutTrades: 0, withoutHeader: 0, ...blocks };
  return { hourMs: index * HOUR, trades, volumeUsd: trades * 2, blocks: all };
}

test('a difference is a part of the reference, whichever side has more, and whole where only one has anything', () => {
  assert.deepEqual([difference(95, 100), difference(105, 100), difference(0, 0)], [0.05, 0.05, 0]);
  assert.deepEqual([difference(0, 7), difference(7, 0)], [1, 1]);
});

test('exactly the threshold is not flagged, more is', () => {
  const reference = [0, 1].map((index) => ({ hourMs: index * HOUR, trades: 100, volumeUsd: null }));
  const { hours } = judge({ ...NONE, hours: [hour(0, 95), hour(1, 94)], reference }, 0.05);
  assert.deepEqual(
    hours.map(({ flagged }) => flagged),
    [[], ['trades']],
  );
});

test('an hour that the reference leaves out between others had no trade, one outside is not compared', () => {
  const reference = [1, 3].map((index) => ({ hourMs: index * HOUR, trades: 10, volumeUsd: 20 }));
  const hours = [0, 1, 2, 3, 4].map((index) => hour(index, 10));
  const verdict = judge({ ...NONE, hours, reference }, 0.05);
  assert.deepEqual(
    verdict.hours.map(({ diff }) => diff.trades),
    [null, 0, 1, 0, null],
  );
});

test('hours before anything landed are not missing, and hours after everything that did are', () => {
  const nothing = { landed: 0, missing: 0 };
  const hours = [hour(0, 0, nothing), hour(1, 5), hour(2, 0, { ...nothing, unseen: 1 })];
  const verdict = judge({ ...NONE, hours }, 0.05);
  assert.deepEqual(
    verdict.hours.map(({ diff }) => diff.blocks),
    [null, 0, 1],
  );
});

test('blocks without a trade and slots without a header are told of above the threshold', () => {
  const told = (blocks: Partial<HourCounts['blocks']>) =>
    judge({ ...NONE, hours: [hour(0, 5, blocks)] }, 0.05).findings;
  assert.deepEqual(told({ withoutTrades: 5, withoutHeader: 5 }), []);
  assert.deepEqual(told({ withoutTrades: 6 }), ['6 of 100 blocks have no trade']);
  assert.deepEqual(told({ withoutHeader: 6 }), ['trades of 6 slots landed without the slot’s header']);
});

test('a CSV file of single trades is added up by the hour, in UTC, without those of other hours', () => {
  const text =
    '\uFEFFsignature,timestamp,amount_usd\r\n"a,b",2025-08-01T10:59:59.9,1.5\r\nb,2025-08-01 12:00:00+01,2\r\nc,2025-08-01T11:30:00Z,\r\nd,2025-08-01T13:00:00Z,9\r\n';
  const sinceMs = Date.parse('2025-08-01T10:00Z');
  assert.deepEqual(csvReference(text, { sinceMs, untilMs: sinceMs + 3 * HOUR }), [
    { hourMs: sinceMs, trades: 1, volumeUsd: 1.5 },
    { hourMs: sinceMs + HOUR, trades: 2, volumeUsd: 2 },
  ]);
});

test('a day is the last 24 hours that are over, and other spans are cut to full hours', () => {
  const span = (...argv: string[]) => {
    const { sinceMs, untilMs } = completenessArguments(argv, {}, NOW).span;
    return [sinceMs, untilMs].map((ms) => new Date(ms).toISOString().slice(0, 16)).join(' ');
  };
  assert.equal(span(), '2025-08-01T10:00 2025-08-02T10:00');
  assert.equal(span('--since', '3h', '--until', '2030-01-01'), '2025-08-02T07:00 2025-08-02T10:00');
  assert.equal(
    span('--since', '2025-07-30T09:30Z', '--until', '2025-07-30T11:59Z'),
    '2025-07-30T09:00 2025-07-30T11:00',
  );
  assert.equal(span('--since', '10m'), '2025-08-02T09:00 2025-08-02T10:00');
});

test('flags that cannot be meant are refused by name', () => {
  const refused = (...argv: string[]) =>
    assert.throws(() => completenessArguments(argv, {}, NOW), { code: 'CONFIG_INVALID' });
  refused('--percent', 'five');
  refused('--percent=-1');
  refused('--since', '365d');
  refused('--since', '2026-01-01');
  refused('--table', 'mine');
  refused('--reference', 'env:MISSING');
  assert.equal(completenessArguments(['--percent', '0.5'], {}, NOW).threshold, 0.005);
});
