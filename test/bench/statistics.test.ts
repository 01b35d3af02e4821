import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { median, quantile, spreadOf } from '../../bench/statistics.js';

describe('statistics', () => {
  it('take the middle of rounds in any order', () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([4, 1, 3, 2]), 2.5);
    assert.throws(() => median([]), RangeError);
  });

  it('give the smallest value that a share does not exceed', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.equal(quantile(values, 0.99), 99);
    assert.equal(quantile(values, 1), 100);
    assert.equal(quantile(values, 0), 1);
  });

  it('tell a spread that one wild round does not move, and none of two rounds', () => {
    assert.equal(spreadOf([10, 10, 10, 10, 1_000]), 0);
    assert.equal(spreadOf([8, 9, 10, 11, 12]), 0.1);
    assert.equal(spreadOf([1, 2]), null);
  });
});
