import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Figure } from '../../bench/figures.js';
import { GOALS, goalText, meets } from '../../bench/goals.js';
import { readPage } from '../support/doc-blocks.js';

const ROOT = new URL('../../../', import.meta.url);
const RESULTS = new URL('bench/results/', ROOT);
const page = readPage('bench/README.md');
const files = readdirSync(RESULTS).filter((name) => name.endsWith('.json'));

function figuresOf(file: string): readonly Figure[] {
  return (JSON.parse(readFileSync(new URL(file, RESULTS), 'utf8')) as { figures: Figure[] }).figures;
}

/** Rows of tables with a figure's name in the second column: what was measured, the goal, whether it is met. */
function rows(): { name: string; measured: string; goal: string; verdict: string }[] {
  return [...page.matchAll(/^\|[^|]*\| `([\w.]+)` \|([^|]*)\|([^|]*)\|([^|]*)\|$/gm)].map(
    ([, name = '', measured = '', goal = '', verdict = '']) => ({
      name,
      measured: measured.trim(),
      goal: goal.trim(),
      verdict: verdict.trim(),
    }),
  );
}

/** Whether a text like `19,880 trades/s` or `25 %` is the value as it would be rounded there. */
function says(measured: string, value: number): boolean {
  const [number = ''] = measured.replaceAll(',', '').match(/-?\d+(\.\d+)?/) ?? [];
  const decimals = number.split('.')[1]?.length ?? 0;
  return number === (measured.includes('%') ? 100 * value : value).toFixed(decimals);
}

describe('what bench/README.md says of the results', () => {
  const figures = new Map(files.flatMap((file) => figuresOf(file).map((figure) => [figure.name, figure] as const)));

  it('names every file of results that is kept', () => {
    assert.ok(files.length > 0);
    for (const file of files) assert.ok(page.includes(`results/${file}`), `${file} is not told of`);
  });

  it('is what stands in them, and holds every goal against it', () => {
    const told = rows();
    for (const { name, measured, goal, verdict } of told) {
      const figure = figures.get(name);
      assert.ok(figure, `${name} is in no file of results`);
      assert.ok(says(measured, figure.value), `${name} is ${figure.value}, not ${measured}`);
      const held = GOALS[name];
      if (held === undefined) continue;
      assert.equal(goal, goalText(held), name);
      assert.equal(verdict, meets(held, figure.value) ? 'met' : 'not met', name);
    }
    const names = told.map(({ name }) => name);
    assert.deepEqual(
      Object.keys(GOALS).filter((name) => !names.includes(name)),
      [],
      'goals that the page says nothing of',
    );
  });
});
