import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Buckets, LatencyWindow, percentileOf } from '../../../src/observe/dashboard/latency-window.js';
import { NOW_MS } from '../fixtures.js';

const BOUNDS = [0.1, 0.5, 1];

function buckets(...cumulative: number[]): ReadonlyMap<string, Buckets> {
  return new Map([['end_to_end', { bounds: BOUNDS, cumulative }]]);
}

describe('a percentile out of buckets', () => {
  it('lies where the observations would, were they spread evenly', () => {
    assert.equal(percentileOf(BOUNDS, [100, 100, 100, 100], 0.5), 0.05);
    assert.equal(percentileOf([0.25, 0.75], [0, 100, 100], 0.5), 0.5);
    assert.equal(percentileOf([0.25, 0.75], [90, 100, 100], 0.95), 0.5);
  });

  it('is the highest bound for what lies above it, and nothing where there was nothing', () => {
    assert.equal(percentileOf(BOUNDS, [0, 0, 0, 10], 0.5), 1);
    assert.equal(percentileOf(BOUNDS, [0, 0, 0, 0], 0.5), null);
  });
});

describe('the window of latencies', () => {
  it('counts what came in the window and nothing before it', () => {
    const window = new LatencyWindow(600_000);
    window.apply(buckets(0, 0, 1_000, 1_000), NOW_MS);
    window.apply(buckets(0, 0, 1_000, 1_000), NOW_MS + 60_000);
    window.apply(buckets(100, 100, 1_100, 1_100), NOW_MS + 70_000);
    const { count, p50 } = window.percentiles('end_to_end', 10_000);
    assert.equal(count, 100);
    assert.equal(p50, 0.05);
  });

  it('takes what there is where the window reaches further back than that', () => {
    const window = new LatencyWindow(600_000);
    window.apply(buckets(0, 0, 0, 0), NOW_MS);
    for (let second = 1; second <= 20; second++)
      window.apply(buckets(second, second, second, second), NOW_MS + second * 1_000);
    assert.equal(window.percentiles('end_to_end', 300_000).count, 20);
  });

  it('knows nothing of a series nobody has seen, and all of one that has just begun', () => {
    const window = new LatencyWindow(600_000);
    assert.deepEqual(window.percentiles('decode', 1_000), { count: 0, p50: null, p95: null, p99: null });
    window.apply(new Map(), NOW_MS);
    window.apply(buckets(5, 5, 5, 5), NOW_MS + 6_000);
    assert.equal(window.percentiles('end_to_end', 60_000).count, 5);
  });
});
