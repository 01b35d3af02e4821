import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HealthAnswer } from '../../src/observe/health.js';
import { HealthWatch } from '../../src/observe/health-watch.js';

const WELL: HealthAnswer = { code: 200, body: { reasons: [] } };
const ill = (...reasons: string[]): HealthAnswer => ({ code: 503, body: { reasons } });

/** Codes of the lines that one look brings. */
function watch(): (live: HealthAnswer, ready: HealthAnswer, ending?: boolean) => string[] {
  const one = new HealthWatch();
  return (live, ready, ending = false) => one.apply(live, ready, ending).map(({ code }) => code);
}

describe('the watch over health', () => {
  it('tells each change once', () => {
    const look = watch();
    assert.deepEqual(look(WELL, ill('starting')), [], 'on its way up');
    assert.deepEqual(look(WELL, WELL), ['ready']);
    assert.deepEqual(look(WELL, WELL), []);
    assert.deepEqual(look(WELL, ill('no broker')), ['not_ready']);
    assert.deepEqual(look(WELL, ill('no broker', 'no database')), []);
    assert.deepEqual(look(WELL, WELL), ['ready']);
    assert.deepEqual(look(ill('stuck'), WELL), ['not_live']);
    assert.deepEqual(look(ill('stuck'), WELL), []);
    assert.deepEqual(look(WELL, WELL), ['live_again']);
  });

  it('gives the reasons, every one', () => {
    const one = new HealthWatch();
    one.apply(WELL, WELL, false);
    const [line] = one.apply(WELL, ill('no broker is connected', 'the database is not reachable'), false);
    assert.equal(line?.message, 'not ready: no broker is connected; the database is not reachable');
  });

  it('does not report an engine that was told to end', () => {
    const look = watch();
    look(WELL, WELL);
    assert.deepEqual(look(WELL, ill('the engine is draining'), true), []);
  });
});
