import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RateLimiter } from '../../src/observe/rate-limiter.js';

describe('the rate limiter', () => {
  it('passes the first of each kind and one per interval, with the count of those between', () => {
    const limiter = new RateLimiter(1_000);
    assert.deepEqual(limiter.apply('a', 0), { pass: true, suppressed: 0 });
    assert.deepEqual(limiter.apply('b', 1), { pass: true, suppressed: 0 });
    assert.deepEqual(limiter.apply('a', 500), { pass: false, suppressed: 1 });
    assert.deepEqual(limiter.apply('a', 999), { pass: false, suppressed: 2 });
    assert.deepEqual(limiter.apply('a', 1_000), { pass: true, suppressed: 2 });
    assert.deepEqual(limiter.apply('a', 1_001), { pass: false, suppressed: 1 });
  });

  it('passes again when the clock was set back, rather than being silent until it has caught up', () => {
    const limiter = new RateLimiter(1_000);
    limiter.apply('a', 1_000_000);
    assert.equal(limiter.apply('a', 5_000).pass, true);
  });

  it('forgets the kind that passed longest ago once there are a thousand', () => {
    const limiter = new RateLimiter(1_000);
    for (let i = 0; i < 1_001; i++) limiter.apply(`kind ${i}`, 0);
    assert.equal(limiter.apply('kind 1', 1).pass, false);
    assert.equal(limiter.apply('kind 0', 1).pass, true);
  });
});
