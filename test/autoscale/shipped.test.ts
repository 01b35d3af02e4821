import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { costOf, describe as describeSettings, FIXED, GUIDE, grid, score } from './grid.js';
import { LOADS } from './loads.js';
import { shipped } from './shipped.js';
import { type Outcome, type Settings, simulate } from './simulate.js';

const PAGE = new URL('../../../docs/autoscaling.md', import.meta.url);
const SEEDS = [1, 2];
/** What the dice make of settings that are as good as each other. */
const EQUAL = 1.02;

const ours = shipped();

/** What a set of settings says, one number a field. */
function fieldsOf({ target, behavior: { scaleUp, scaleDown } }: Settings): readonly string[] {
  return [
    String(target.value),
    String(scaleUp.stabilizationWindowSeconds),
    JSON.stringify(scaleUp.policies),
    String(scaleDown.stabilizationWindowSeconds),
    JSON.stringify(scaleDown.policies),
  ];
}

function outcomeOf(settings: Settings, name: string): Outcome {
  const load = LOADS.find((one) => one.name === name);
  assert.ok(load !== undefined, name);
  return simulate(settings, load, 1);
}

describe('hpa.yaml', () => {
  const candidates = grid();

  it('is one of the grid', () => {
    assert.ok(
      candidates.some(({ name }) => name === describeSettings(ours)),
      describeSettings(ours),
    );
  });

  it('is as good as every setting of the grid that differs from it in one number', () => {
    const own = score(ours, SEEDS);
    const neighbours = candidates.filter(
      ({ settings }) => fieldsOf(settings).filter((field, at) => field !== fieldsOf(ours)[at]).length === 1,
    );
    assert.ok(neighbours.length >= 10, `only ${neighbours.length} neighbours`);
    for (const { name, settings } of neighbours)
      assert.ok(own <= score(settings, SEEDS) * EQUAL, `${name} is better than ${describeSettings(ours)}`);
  });

  it('is better than the guide’s settings, and than no autoscaler', () => {
    const own = score(ours, SEEDS);
    assert.ok(own < 0.8 * score(GUIDE, SEEDS));
    assert.ok(own < 0.8 * score(FIXED, SEEDS));
  });

  it('is the first of the page’s table', () => {
    assert.match(readFileSync(PAGE, 'utf8'), new RegExp(`^\\| 1 \\| \\*\\*${describeSettings(ours)}\\*\\* \\|`, 'm'));
  });

  it('adds no engine for a level load, and few for a slow database, to which the guide’s adds all it may', () => {
    const outcomeOf = (settings: Settings, name: string) =>
      simulate(settings, LOADS.find((load) => load.name === name)!, 1);
    assert.equal(outcomeOf(ours, 'level').changes, 0);
    const slow = outcomeOf(ours, 'slow database');
    const guide = outcomeOf(GUIDE, 'slow database');
    assert.ok(slow.extraPodMinutes < guide.extraPodMinutes / 2, JSON.stringify([slow, guide]));
    assert.ok(slow.lateMinutes < guide.lateMinutes);
    assert.ok(costOf(slow) < costOf(guide));
  });

  it('is back at the head after an outage as soon as the guide’s, within a tenth', () => {
    const [own, guide] = [ours, GUIDE].map((settings) => outcomeOf(settings, 'outage').lateMinutes);
    assert.ok(guide! > 40 && own! <= guide! * 1.1, `${own} minutes, the guide's ${guide}`);
  });
});
