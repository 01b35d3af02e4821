import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DATABASE_OPTIONS } from '../../src/config-database.js';
import { CircuitBreaker, type Permit } from '../../src/sink/breaker.js';

const { breakerFailureThreshold, breakerSuccessThreshold, breakerOpenMs, breakerHalfOpenCalls } = DATABASE_OPTIONS;
/** Those of an engine that is told nothing else. */
const OPTIONS = {
  failureThreshold: breakerFailureThreshold.default,
  successThreshold: breakerSuccessThreshold.default,
  openMs: breakerOpenMs.default,
  halfOpenCalls: breakerHalfOpenCalls.default,
};

function permit(breaker: CircuitBreaker, now: number): Permit {
  const answer = breaker.acquire(now);
  assert.ok(typeof answer !== 'number', `refused for ${answer} ms`);
  return answer;
}

/** A breaker that has opened at time 0. */
function opened(): CircuitBreaker {
  const breaker = new CircuitBreaker(OPTIONS);
  for (let i = 0; i < 5; i++) breaker.failed(permit(breaker, 0), 0);
  return breaker;
}

describe('the circuit breaker', () => {
  test('opens at 5 failures for 60 s, lets 3 calls try then and closes at 2 successes, unless told otherwise', () => {
    assert.deepEqual(OPTIONS, { failureThreshold: 5, successThreshold: 2, openMs: 60_000, halfOpenCalls: 3 });
  });

  test('opens at failures in a row, and a success in between starts the count anew', () => {
    const breaker = new CircuitBreaker(OPTIONS);
    for (let i = 0; i < 4; i++) breaker.failed(permit(breaker, 0), 0);
    breaker.succeeded(permit(breaker, 0), 0);
    for (let i = 0; i < 4; i++) breaker.failed(permit(breaker, 0), 0);
    assert.equal(breaker.state, 'closed');
    breaker.failed(permit(breaker, 7), 7);
    assert.equal(breaker.state, 'open');
    assert.equal(breaker.openSince, 7);
  });

  test('lets nothing through while open and says for how long', () => {
    const breaker = opened();
    assert.equal(breaker.acquire(0), 60_000);
    assert.equal(breaker.acquire(59_000), 1_000);
    assert.equal(breaker.state, 'open');
  });

  test('stays open no longer than it was to be when the clock is set back', () => {
    const breaker = opened();
    assert.equal(breaker.acquire(-1_000_000), 60_000);
    assert.equal(breaker.acquire(-970_000), 30_000);
    permit(breaker, -940_000);
    assert.equal(breaker.state, 'half-open');
  });

  test('lets a few calls at a time try while half open', () => {
    const breaker = opened();
    const permits = [1, 2, 3].map(() => permit(breaker, 60_000));
    assert.equal(breaker.state, 'half-open');
    assert.equal(typeof breaker.acquire(60_000), 'number');
    breaker.abandoned(permits[0] as Permit);
    permit(breaker, 60_000);
  });

  test('closes at successes in a row while half open', () => {
    const breaker = opened();
    breaker.succeeded(permit(breaker, 60_000), 60_000);
    assert.equal(breaker.state, 'half-open');
    breaker.succeeded(permit(breaker, 60_001), 60_001);
    assert.equal(breaker.state, 'closed');
    assert.equal(breaker.openSince, null);
  });

  test('opens again at one failure while half open, and is open since the first time', () => {
    const breaker = opened();
    breaker.failed(permit(breaker, 60_000), 60_000);
    assert.equal(breaker.state, 'open');
    assert.equal(breaker.acquire(60_001), 59_999);
    assert.equal(breaker.openSince, 0);
  });

  test('passes over outcomes of calls from before it changed', () => {
    const breaker = new CircuitBreaker(OPTIONS);
    const old = permit(breaker, 0);
    for (let i = 0; i < 5; i++) breaker.failed(permit(breaker, 0), 0);
    const first = permit(breaker, 60_000);
    breaker.failed(old, 60_000);
    assert.equal(breaker.state, 'half-open');
    breaker.succeeded(old, 60_000);
    breaker.succeeded(first, 60_000);
    assert.equal(breaker.state, 'half-open');
  });
});
