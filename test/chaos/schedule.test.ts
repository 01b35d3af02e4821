import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KILL_KINDS, Schedule, type ScheduleOptions } from './schedule.js';

const OPTIONS: ScheduleOptions = { seed: 7, engines: 4, kafka: false, only: [], faults: null };

function kills(options: Partial<ScheduleOptions>, count: number) {
  const schedule = new Schedule({ ...OPTIONS, ...options });
  return Array.from({ length: count }, () => schedule.nextKill());
}

function faults(options: Partial<ScheduleOptions>, count: number) {
  const schedule = new Schedule({ ...OPTIONS, ...options });
  return Array.from({ length: count }, () => schedule.nextFault());
}

describe('the schedule of a chaos run', () => {
  test('is the same for the same seed, whatever order kills and faults are asked for in, and another for another', () => {
    const plain = kills({}, 50);
    const mixed = new Schedule(OPTIONS);
    const between = Array.from({ length: 50 }, () => {
      mixed.nextFault();
      return mixed.nextKill();
    });
    assert.deepEqual(between, plain);
    assert.notDeepEqual(kills({ seed: 8 }, 50), plain);
    assert.deepEqual(faults({}, 50), faults({}, 50));
  });

  test('has every kind of kill among a thousand, and SIGKILL for most of them', () => {
    const kinds = kills({}, 1_000).map(({ kind }) => kind);
    assert.deepEqual([...new Set(kinds)].sort(), [...KILL_KINDS].sort());
    assert.ok(kinds.filter((kind) => kind === 'sigkill').length > 500);
  });

  test('keeps to the kinds it was told to', () => {
    assert.ok(kills({ only: ['zombie'] }, 50).every(({ kind }) => kind === 'zombie'));
    assert.ok(faults({ faults: ['lose-commit'] }, 50).every((fault) => fault?.kind === 'lose-commit'));
    assert.equal(faults({ faults: [] }, 1)[0], null);
  });

  test('asks nothing of a real broker that only the mock cluster can do', () => {
    assert.ok(
      faults({ kafka: true }, 500).every((fault) => fault?.kind !== 'slow-broker' && fault?.kind !== 'failing-broker'),
    );
    assert.ok(faults({}, 500).some((fault) => fault?.kind === 'slow-broker'));
  });

  test('asks for no more engines than there may be, and for one at least', () => {
    const wanted = new Set(faults({ engines: 3 }, 500).map((fault) => fault?.engines));
    assert.deepEqual([...wanted].sort(), [1, 2, 3]);
  });
});
