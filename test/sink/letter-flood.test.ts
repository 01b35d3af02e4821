import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Random } from '../../src/commands/demo/generator/random.js';
import { type FloodLimits, LetterFlood, type Stretch } from '../../src/sink/letter-flood.js';

const LIMITS: FloodLimits = { percentMax: 5, window: 10_000, inARow: 100 };

const good = (units: number): Stretch => ({ units, letters: 0 });
const bad = (units: number): Stretch => ({ units, letters: units });
const messages = (...stretches: Stretch[]) => ({ messages: stretches, rows: [] });
const rows = (units: number, letters: number) => ({ messages: [], rows: [{ units, letters }] });

describe('a flood of dead letters', () => {
  test('is a hundred messages in a row, over batches and across those that hold nothing', () => {
    const flood = new LetterFlood(LIMITS);
    assert.equal(flood.check(messages(bad(99))), null);
    flood.record(messages(bad(99)));
    flood.record(messages());
    assert.deepEqual(flood.check(messages(bad(1))), { of: 'messages', limit: 'row', letters: 100 });
    flood.record(messages(good(1)));
    assert.equal(flood.check(messages(bad(99))), null, 'one good message ends the row of bad ones');
  });

  test('is a hundred in a row in the middle of a batch', () => {
    const flood = new LetterFlood(LIMITS);
    assert.equal(flood.check(messages(good(700), bad(99), good(1), bad(99), good(5))), null);
    assert.equal(flood.check(messages(good(700), bad(100), good(5)))?.limit, 'row');
  });

  test('is more than five in a hundred of the last ten thousand messages', () => {
    const flood = new LetterFlood(LIMITS);
    for (let i = 0; i < 500; i++) flood.record(messages(good(19), bad(1)));
    const found = flood.check(messages(bad(1)));
    assert.deepEqual(found, { of: 'messages', limit: 'share', letters: 501, units: 10_000 });
    assert.equal(flood.check(messages(good(20), bad(1))), null, 'the oldest went out of the window');
    for (let i = 0; i < 10; i++) flood.record(messages(good(1_000)));
    assert.equal(flood.check(messages(bad(99))), null, 'long past');
  });

  test('is no share of the few messages that an engine has seen since its start', () => {
    const flood = new LetterFlood(LIMITS);
    for (let i = 0; i < 500; i++) flood.record(messages(good(1), bad(1)));
    assert.equal(flood.check(messages(good(1), bad(1)))?.letters, 501);
  });

  test('looks at rows by themselves, so that a table that refuses all is told at its first hundred', () => {
    const flood = new LetterFlood(LIMITS);
    assert.deepEqual(flood.check({ messages: [good(50), bad(1)], rows: [{ units: 300, letters: 300 }] }), {
      of: 'rows',
      limit: 'row',
      letters: 300,
    });
    assert.equal(flood.check(rows(10_000, 500)), null);
    assert.equal(flood.check(rows(10_000, 501))?.limit, 'share');
    for (let i = 0; i < 10; i++) flood.record(rows(1_000, 50));
    assert.deepEqual(flood.check(rows(1_000, 60)), { of: 'rows', limit: 'share', letters: 510, units: 10_000 });
    flood.record(rows(0, 0));
    for (let i = 0; i < 10; i++) flood.record(rows(1_000, 0));
    assert.equal(flood.check(rows(1_000, 60)), null, 'long past');
  });

  test('is told by the share of a batch that is larger than the window', () => {
    const flood = new LetterFlood(LIMITS);
    assert.equal(flood.check(rows(100_000, 5_000)), null);
    assert.deepEqual(flood.check(rows(100_000, 5_001)), {
      of: 'rows',
      limit: 'share',
      letters: 5_001,
      units: 100_000,
    });
    assert.equal(flood.check(messages(good(50_000), bad(60), good(60), bad(60), good(40_000))), null);
  });

  test('is not one bad message, however few there are, nor a batch without any', () => {
    const flood = new LetterFlood(LIMITS);
    assert.equal(flood.check(messages(bad(1))), null);
    for (let i = 0; i < 99; i++) flood.record(messages(bad(1)));
    assert.equal(flood.check(messages(good(1_000))), null);
    assert.equal(flood.check(messages()), null);
  });

  test('is what its limits say, and a look at what may land changes nothing', () => {
    const never = new LetterFlood({ percentMax: 100, window: 100, inARow: 1_000_000 });
    for (let i = 0; i < 50; i++) never.record(messages(bad(100)));
    assert.equal(never.check(messages(bad(10_000))), null);
    const strict = new LetterFlood({ percentMax: 0, window: 10, inARow: 3 });
    assert.equal(strict.check(messages(bad(1)))?.limit, 'share');
    const flood = new LetterFlood({ ...LIMITS, inARow: 3 });
    for (let i = 0; i < 5; i++) assert.equal(flood.check(messages(bad(2))), null);
    flood.record(messages(bad(2)));
    assert.equal(flood.check(messages(bad(1)))?.limit, 'row');
  });

  test('is found on random schedules exactly where counting message by message finds it', (context) => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    context.diagnostic(`seed ${seed}`);
    const random = new Random(seed);
    let floods = 0;
    for (let run = 0; run < 300; run++) {
      const limits = {
        percentMax: random.between(0, 60),
        window: random.between(1, 60),
        inARow: random.between(1, 25),
      };
      const flood = new LetterFlood(limits);
      const model: boolean[] = [];
      const about = `seed ${seed}, run ${run}, ${JSON.stringify(limits)}`;
      for (let step = 0; step < 40; step++) {
        const stretches = Array.from({ length: random.between(0, 5) }, () => {
          const units = random.between(1, 12);
          return random.between(1, 4) === 1 ? bad(units) : good(units);
        });
        const expected = modelFloods(model, stretches, limits);
        assert.equal(flood.check(messages(...stretches)) !== null, expected, `${about}, step ${step}`);
        if (expected) floods += 1;
        // A flood never lands.
        else flood.record(messages(...stretches));
        if (!expected)
          for (const { units, letters } of stretches) for (let i = 0; i < units; i++) model.push(letters > 0);
      }
    }
    assert.ok(floods > 100, `${floods} floods`);
  });
});

function modelFloods(past: readonly boolean[], stretches: readonly Stretch[], limits: FloodLimits): boolean {
  const all = [...past];
  for (const { units, letters } of stretches) {
    for (let i = 0; i < units; i++) {
      all.push(letters > 0);
      if (letters === 0) continue;
      const window = all.slice(-limits.window);
      const run = all.length - 1 - all.lastIndexOf(false);
      const share = window.filter((isBad) => isBad).length * 100 > limits.percentMax * limits.window;
      if (share || run >= limits.inARow) return true;
    }
  }
  return false;
}
