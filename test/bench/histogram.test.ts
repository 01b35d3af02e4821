import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Histogram } from '../../bench/histogram.js';

describe('a histogram', () => {
  it('holds every value to a hundredth of itself, small ones to the unit', () => {
    for (const value of [0, 1, 127, 128, 255, 256, 257, 511, 512, 1_023, 99_999, 12_345_678, 3_600_000_000]) {
      const histogram = new Histogram();
      histogram.record(value);
      const [bucket] = histogram.buckets();
      assert.ok(bucket!.upper >= value, `${value} lies in a bucket that ends at ${bucket!.upper}`);
      assert.ok(bucket!.upper - value <= value / 128, `${value} lies in a bucket up to ${bucket!.upper}`);
    }
  });

  it('keeps the order of values over all bucket widths', () => {
    const histogram = new Histogram();
    for (let value = 0; value < 5_000; value++) histogram.record(value);
    const uppers = histogram.buckets().map(({ upper }) => upper);
    assert.deepEqual(
      uppers,
      [...uppers].sort((one, other) => one - other),
    );
    assert.equal(
      histogram.buckets().reduce((sum, { count }) => sum + count, 0),
      5_000,
    );
  });

  it('answers quantiles near those of the values, and never above the largest', () => {
    const histogram = new Histogram();
    for (let value = 1; value <= 10_000; value++) histogram.record(value);
    assert.ok(Math.abs(histogram.quantile(0.5) - 5_000) <= 5_000 / 100);
    assert.ok(Math.abs(histogram.quantile(0.999) - 9_990) <= 9_990 / 100);
    assert.equal(histogram.quantile(1), 10_000);
    assert.equal(histogram.max, 10_000);
  });

  it('ends its distribution at the largest value and at one', () => {
    const histogram = new Histogram();
    for (const value of [5, 5, 70_000]) histogram.record(value);
    assert.deepEqual(histogram.cumulative(), [
      [5, 2 / 3],
      [70_000, 1],
    ]);
  });

  it('counts what lies before the start as nothing', () => {
    const histogram = new Histogram();
    histogram.record(-3);
    assert.equal(histogram.quantile(1), 0);
    assert.equal(new Histogram().quantile(0.99), 0);
  });
});
