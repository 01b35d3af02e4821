import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../src/errors.js';
import { CircuitBreaker } from '../../src/sink/breaker.js';
import { backoffMs, Retrier } from '../../src/sink/retry.js';
import { never } from '../support/batches.js';

const outage = (): Error => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const contention = (): Error => Object.assign(new Error('deadlock'), { code: '40P01', severity: 'ERROR' });

function retrier(logged: string[] = [], failureThreshold = 2): { retrier: Retrier; breaker: CircuitBreaker } {
  const breaker = new CircuitBreaker({ failureThreshold, successThreshold: 1, openMs: 1, halfOpenCalls: 1 });
  const log = (_: object, message: string): void => {
    logged.push(message);
  };
  return { breaker, retrier: new Retrier(breaker, { info: log, warn: log, error: log }, {}) };
}

test('the wait before another attempt lies between nothing and a bound that doubles up to ten seconds', () => {
  assert.equal(backoffMs(0, 1), 50);
  assert.equal(backoffMs(3, 1), 400);
  assert.equal(backoffMs(3, 0.5), 200);
  assert.equal(backoffMs(3, 0), 0);
  assert.equal(backoffMs(1_000_000, 1), 10_000);
});

test('an outage is tried again until it is over', async () => {
  const logged: string[] = [];
  const scene = retrier(logged);
  let calls = 0;
  const answer = await scene.retrier.run('It', never, async () => {
    if (++calls < 4) throw outage();
    return 'there';
  });
  assert.equal(answer, 'there');
  assert.equal(scene.breaker.state, 'closed');
  assert.equal(
    logged.filter((message) => message === 'It failed and is tried again').length,
    1,
    'said once, not every time',
  );
  assert.ok(logged.some((message) => message.includes('circuit breaker is open')));
});

test('contention is tried again and leaves the breaker alone', async () => {
  const scene = retrier([], 1);
  let calls = 0;
  await scene.retrier.run('It', never, async () => {
    if (++calls < 3) throw contention();
  });
  assert.equal(scene.breaker.state, 'closed');
});

test('what no waiting mends is thrown at once', async () => {
  const error = new EngineError('DATABASE_SCHEMA', 'no');
  await assert.rejects(
    retrier().retrier.run('It', never, () => Promise.reject(error)),
    error,
  );
});

test('an abort ends the waiting with its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('revoked');
  const attempt = async (): Promise<never> => {
    queueMicrotask(() => controller.abort(reason));
    throw outage();
  };
  await assert.rejects(retrier().retrier.run('It', controller.signal, attempt), reason);
  await assert.rejects(retrier().retrier.run('It', controller.signal, attempt), reason);
});
