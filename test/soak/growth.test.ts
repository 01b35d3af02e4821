import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Random } from '../../src/commands/demo/generator/random.js';
import { type GrowthRule, growthOf, type Point } from './growth.js';

const MB = 1_000_000;
const HEAP: GrowthRule = { block: 'lowest', tolerance: 4 * MB };
const HANDLES: GrowthRule = { block: 'middle', tolerance: 3 };

/** Ten minutes, a sample every two seconds. */
function series(of: (seconds: number, random: Random) => number, seed = 1): Point[] {
  const random = new Random(seed);
  return Array.from({ length: 300 }, (_, i) => ({ seconds: 2 * i, value: of(2 * i, random) }));
}

const unit = (random: Random) => random.between(0, 1_000_000) / 1_000_000;
const noisy = (random: Random, width: number) => (unit(random) + unit(random) - 1) * width;

describe('a series that grows', () => {
  test('is found, with how fast, though noise hides it from the eye', () => {
    const leak = growthOf(
      series((seconds, random) => 60 * MB + 0.02 * MB * seconds + noisy(random, 15 * MB)),
      { block: 'middle', tolerance: 4 * MB },
    );
    assert.equal(leak.grows, true, JSON.stringify(leak));
    assert.ok(Math.abs(leak.slopePerHour - 72 * MB) < 25 * MB, String(leak.slopePerHour));
    assert.ok(leak.grown > leak.noise && leak.noise >= 4 * MB);
  });

  test('is found under a sawtooth of collections many times as high', () => {
    const sawtooth = (seconds: number) => (seconds % 37) * MB;
    const leak = growthOf(
      series((seconds) => 60 * MB + sawtooth(seconds) + 0.03 * MB * seconds),
      HEAP,
    );
    assert.equal(leak.grows, true, JSON.stringify(leak));
    assert.equal(
      growthOf(
        series((seconds) => 60 * MB + sawtooth(seconds)),
        HEAP,
      ).grows,
      false,
    );
  });

  test('by one handle a minute is found, steps as they are', () => {
    const leak = growthOf(
      series((seconds) => 40 + Math.floor(seconds / 60)),
      HANDLES,
    );
    assert.equal(leak.grows, true, JSON.stringify(leak));
    assert.ok(Math.abs(leak.slopePerHour - 60) < 6, String(leak.slopePerHour));
  });
});

describe('a series that does not grow', () => {
  test('is let pass: noise of any seed, a constant, one that falls', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const { grows, ...growth } = growthOf(
        series((_, random) => 60 * MB + noisy(random, 30 * MB), seed),
        HEAP,
      );
      assert.equal(grows, false, `seed ${seed}: ${JSON.stringify(growth)}`);
    }
    assert.equal(
      growthOf(
        series(() => 40),
        HANDLES,
      ).grows,
      false,
    );
    assert.equal(
      growthOf(
        series((seconds) => 90 * MB - 0.1 * MB * seconds),
        HEAP,
      ).grows,
      false,
    );
  });

  test('is let pass though a few samples are far off, late ones too', () => {
    const points = series((seconds) => (seconds > 520 ? 400 : 40));
    assert.equal(growthOf(points, HANDLES).grows, false);
  });

  test('is let pass where it fills up and levels off', () => {
    const filled = growthOf(
      series((seconds) => 60 * MB + 40 * MB * (1 - Math.exp(-seconds / 60))),
      HEAP,
    );
    assert.equal(filled.grows, false, JSON.stringify(filled));
  });

  test('is let pass where it grows less than anybody minds', () => {
    const slow = growthOf(
      series((seconds) => 60 * MB + 5_000 * seconds),
      HEAP,
    );
    assert.equal(slow.grows, false);
    assert.ok(slow.grown > 0 && slow.grown < slow.noise);
  });
});

test('a few samples tell nothing, and that is said', () => {
  assert.throws(() => growthOf(series(() => 1).slice(0, 7), HANDLES), RangeError);
});
