import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Figure } from '../../bench/figures.js';
import { GOALS, goalText, meets } from '../../bench/goals.js';
import { readPage } from '../support/doc-blocks.js';

const ROOT = new URL('../../../', import.meta.url);
const RESULTS = new URL('bench/results/', ROOT);
const CATCH_UP = 'docs/catch-up-after-an-outage.md';
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

/** Texts of other pages that stand for a figure; the first group is the number, rounded to as many places as it shows. */
const QUOTED: readonly [page: string, text: RegExp, figure: string][] = [
  ['RUNBOOK.md', /An engine needs about (\d+) MB/, 'latency.1x.rss'],
  ['RUNBOOK.md', /MB, and (\d+) MB in a backlog/, 'memory.rss_peak'],
  ['RUNBOOK.md', /catches up by itself, at (\d+) times real time/, 'throughput.best.times_real_time'],
  ['PRODUCTION_CHECKLIST.md', /\| memory of an engine \| (\d+) MB/, 'latency.1x.rss'],
  ['PRODUCTION_CHECKLIST.md', /\| memory of an engine \| \d+ MB \| (\d+) MB/, 'memory.rss_peak'],
  ['PRODUCTION_CHECKLIST.md', /all it gets; (\d+) times real time/, 'throughput.best.times_real_time'],
  [CATCH_UP, /\| (\d+) times real time, [\d,]+ trades a second/, 'throughput.w1.times_real_time'],
  [CATCH_UP, /times real time, ([\d,]+) trades a second/, 'throughput.w1.trades_s'],
];

/** `480` stands for 476.9: what is rounded to tens may be off by five. */
function rounds(text: string, value: number): boolean {
  const number = text.replaceAll(',', '');
  const unit = 10 ** (/0*$/.exec(number)?.[0].length ?? 0);
  return Math.abs(Number(number) - value) <= unit / 2;
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

  it('is what other pages say of them, the slow way into a large table partition included', () => {
    for (const [other, text, name] of QUOTED) {
      const [, number] = text.exec(readPage(other)) ?? [];
      const value = figures.get(name)?.value;
      assert.ok(number !== undefined && value !== undefined, `${other} has no ${text}, or nobody measured ${name}`);
      assert.ok(rounds(number, value), `${other}: ${name} is ${value}, not ${number}`);
    }
    const [, perSecond = ''] = /\b([\d,]+) trades\/s land there instead of/.exec(page) ?? [];
    const [, again, slow] = /([\d,]+) trades a second, (\d+) times real time \|/.exec(readPage(CATCH_UP)) ?? [];
    assert.equal(again, perSecond);
    const realTime = figures.get('throughput.w1.trades_s')!.value / figures.get('throughput.w1.times_real_time')!.value;
    assert.ok(rounds(slow ?? '', Number(perSecond.replaceAll(',', '')) / realTime), `${slow} times`);
    assert.match(
      readPage('RUNBOOK.md'),
      new RegExp(`, and at ${slow} into a table partition that holds a day already`),
    );
  });
});
