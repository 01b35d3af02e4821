import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Course, duration, headline } from '../../../src/observe/dashboard/words.js';
import type { EngineStatus } from '../../../src/observe/status.js';
import { engineStatus, NOW_MS } from '../fixtures.js';

const AT_HEAD: Course = { trend: 'at-head', lag: 3, lagSeconds: 0.2, etaSeconds: 0, p99Seconds: 0.42 };

function told(
  changes: Partial<EngineStatus>,
  course: Partial<Course> = {},
): [tone: string, title: string, text: string] {
  const { tone, title, text } = headline(engineStatus(changes), { ...AT_HEAD, ...course }, NOW_MS);
  return [tone, title, text];
}

describe('the state in words', () => {
  it('is calm while the engine keeps up', () => {
    assert.deepEqual(told({}), [
      'good',
      'Keeping up',
      'Trades land as they arrive: 99 of 100 are in the database within 420 ms.',
    ]);
    assert.deepEqual(told({}, { p99Seconds: null })[2], 'Trades land as they arrive.');
  });

  it('says how far behind it is, where that is going, and when it ends', () => {
    const [tone, title, text] = told({}, { trend: 'catching-up', lag: 12_345, etaSeconds: 200 });
    assert.deepEqual([tone, title], ['busy', 'Catching up']);
    assert.equal(text, '12,345 messages behind, and the gap closes. At this pace it is at the head in 3 min.');
    assert.deepEqual(told({}, { trend: 'falling-behind', lag: 500 }).slice(0, 2), ['warn', 'Falling behind']);
    assert.match(told({ held: true }, { trend: 'falling-behind', lag: 500 })[2], /memory budget is spent/);
    assert.deepEqual(told({}, { trend: 'level', lag: 500 }).slice(0, 2), ['warn', 'Behind']);
    assert.deepEqual(told({}, { trend: null, lag: null }).slice(0, 2), ['busy', 'Running']);
  });

  it('is not calm where few messages wait for long', () => {
    assert.deepEqual(told({}, { lag: 98, lagSeconds: 20 }), [
      'warn',
      'Held up',
      '98 messages behind, and the first of them has waited for 20 s.',
    ]);
    assert.equal(told({}, { lag: 98, lagSeconds: 4 })[1], 'Keeping up');
  });

  it('names what is ill before anything that follows from it', () => {
    const database = {
      reachable: false,
      unreachableSince: 0,
      breaker: 'open',
      breakerOpenSince: NOW_MS - 45_000,
    } as const;
    const [tone, title, text] = told({ database, kafka: { connected: false, groupSteady: false }, held: true });
    assert.deepEqual([tone, title], ['bad', 'Database away']);
    assert.match(text, /left alone for 45 s.*Nothing is lost/s);
    assert.deepEqual(told({ kafka: { connected: false, groupSteady: false } }).slice(0, 2), ['bad', 'No broker']);
    assert.deepEqual(told({ kafka: { connected: true, groupSteady: false } }).slice(0, 2), ['busy', 'Rebalancing']);
    assert.deepEqual(told({ workers: { threads: 0, busy: 0, queued: 0, restarts: 9 } }).slice(0, 2), [
      'bad',
      'No decode thread',
    ]);
  });

  it('tells an engine without partitions from one that is ill', () => {
    assert.deepEqual(told({ partitions: [] }).slice(0, 2), ['good', 'Standing by']);
  });

  it('says of an engine that reads nothing because it was told so what will make it read', () => {
    const group = { kafka: { connected: true, groupSteady: false }, partitions: [] };
    const standby = told({ ...group, state: 'standby' });
    assert.deepEqual(standby.slice(0, 2), ['good', 'On standby']);
    assert.match(standby[2], /ctl activate/);
    const drained = told({ ...group, state: 'drained' });
    assert.deepEqual(drained.slice(0, 2), ['warn', 'Drained']);
    assert.match(drained[2], /ctl resume/);
    const database = { reachable: false, unreachableSince: 0, breaker: 'open', breakerOpenSince: NOW_MS } as const;
    assert.equal(told({ ...group, state: 'standby', database })[1], 'Database away');
  });

  it('has a sentence for every state', () => {
    assert.match(told({ state: 'failed', failure: 'the disk is full' })[2], /the disk is full/);
    for (const state of ['starting', 'standby', 'draining', 'drained', 'stopped'] as const)
      assert.ok(told({ state })[2].length > 20, state);
  });
});

describe('a duration in words', () => {
  it('has two units at most', () => {
    const hour = 3_600_000;
    const told = [-5, 45_000, 200_000, 2 * hour + 300_000, 50 * hour].map(duration);
    assert.deepEqual(told, ['0 s', '45 s', '3 min', '2 h 5 min', '2 days']);
  });
});
