import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { History, type Sample } from '../../../src/observe/dashboard/history.js';
import { NOW_MS } from '../fixtures.js';

const NO_LATENCY = { p50: null, p99: null };

function sample(second: number, changes: Partial<Sample> = {}): Sample {
  const atMs = NOW_MS + second * 1_000;
  return {
    atMs,
    messages: second * 50,
    trades: second * 500,
    bytes: second * 1e6,
    lag: 0,
    ownership: '0:1',
    ...changes,
  };
}

/** A history of `seconds` samples, one a second. */
function historyOf(seconds: number, changes: (second: number) => Partial<Sample> = () => ({})): History {
  const history = new History(600_000);
  for (let second = 0; second < seconds; second++) history.apply(sample(second, changes(second)), NO_LATENCY);
  return history;
}

describe('the history of the engine', () => {
  it('tells rates over a window, or over what there is of it', () => {
    const history = historyOf(30, (second) => (second < 20 ? {} : { messages: 19 * 50 }));
    assert.deepEqual(history.rates(10_000), { messages: 0, trades: 500, bytes: 1e6 });
    const minute = history.rates(60_000);
    assert.ok(minute !== null && Math.abs(minute.messages - (19 * 50) / 29) < 1e-9);
  });

  it('knows no rate before the second sample', () => {
    assert.equal(new History(1_000).rates(10_000), null);
    assert.equal(historyOf(1).rates(10_000), null);
    assert.equal(historyOf(1).points.length, 0);
  });

  it('keeps points for as long as it is told to, with what is not known left open', () => {
    const history = new History(10_000);
    for (let second = 0; second <= 30; second++) {
      history.apply(sample(second, { lag: second === 30 ? null : 7 }), { p50: 0.012345, p99: null });
    }
    assert.equal(history.points.length, 11);
    assert.deepEqual(history.points.at(-1), [NOW_MS + 30_000, 50, 500, 1e6, null, 0.012, null]);
  });

  it('counts a lag of a few seconds as being at the head', () => {
    assert.deepEqual(historyOf(60, () => ({ lag: 140 })).trend(), { trend: 'at-head', etaSeconds: 0 });
  });

  it('reckons when a shrinking lag will be gone', () => {
    const trend = historyOf(60, (second) => ({ lag: 100_000 - second * 500 })).trend();
    assert.equal(trend?.trend, 'catching-up');
    assert.equal(Math.round(trend?.etaSeconds ?? 0), (100_000 - 59 * 500) / 500);
  });

  it('tells a growing lag from a level one', () => {
    assert.deepEqual(historyOf(60, (second) => ({ lag: 10_000 + second * 50 })).trend(), {
      trend: 'falling-behind',
      etaSeconds: null,
    });
    assert.equal(historyOf(60, () => ({ lag: 10_000 })).trend()?.trend, 'level');
  });

  it('says nothing of the course while the lag is not known or is of other partitions', () => {
    assert.equal(historyOf(60, () => ({ lag: null })).trend(), null);
    const moved = historyOf(60, (second) => ({ lag: 10_000, ownership: second < 55 ? '0:1' : '0:1 1:1' }));
    assert.equal(moved.trend(), null);
  });
});
