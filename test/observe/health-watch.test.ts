import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HealthAnswer } from '../../src/observe/health.js';
import { HealthWatch } from '../../src/observe/health-watch.js';
import { NOW_MS } from './fixtures.js';

const WELL: HealthAnswer = { code: 200, body: { reasons: [] } };
const ill = (...reasons: string[]): HealthAnswer => ({ code: 503, body: { reasons } });

/** Codes of the lines that one look each second brings. */
function watch(): (live: HealthAnswer, ready: HealthAnswer, ending?: boolean) => string[] {
  const one = new HealthWatch();
  let nowMs = NOW_MS;
  return (live, ready, ending = false) => {
    nowMs += 1_000;
    return one.apply(live, ready, ending, nowMs).map(({ code }) => code);
  };
}

describe('the watch over health', () => {
  it('tells each change once, and no blip', () => {
    const look = watch();
    assert.deepEqual(look(WELL, ill('starting')), [], 'on its way up');
    assert.deepEqual(look(WELL, WELL), ['ready']);
    assert.deepEqual(look(WELL, ill('a rebalance')), []);
    assert.deepEqual(look(WELL, WELL), []);
    const away = ill('no broker');
    const lines = Array.from({ length: 10 }, () => look(WELL, away)).flat();
    assert.deepEqual(lines, ['not_ready']);
    assert.deepEqual(look(WELL, WELL), ['ready']);
    assert.deepEqual(look(ill('stuck'), WELL), ['not_live']);
    assert.deepEqual(look(ill('stuck'), WELL), []);
    assert.deepEqual(look(WELL, WELL), ['live_again']);
  });

  it('tells of an engine that does not get ready at all', () => {
    const look = watch();
    const lines = Array.from({ length: 60 }, () => look(WELL, ill('the group is not steady'))).flat();
    assert.deepEqual(lines, ['not_ready']);
  });

  it('gives the reasons, every one', () => {
    const one = new HealthWatch();
    one.apply(WELL, WELL, false, NOW_MS);
    const both = ill('no broker is connected', 'the database is not reachable');
    one.apply(WELL, both, false, NOW_MS);
    const [line] = one.apply(WELL, both, false, NOW_MS + 3_000);
    assert.equal(line?.message, 'not ready: no broker is connected; the database is not reachable');
  });

  it('does not report an engine that was told to end', () => {
    const look = watch();
    look(WELL, WELL);
    const lines = Array.from({ length: 10 }, () => look(WELL, ill('the engine is draining'), true)).flat();
    assert.deepEqual(lines, []);
  });
});
