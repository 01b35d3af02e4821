import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareFigures } from '../../bench/compare.js';
import { type Figure, Figures } from '../../bench/figures.js';
import { GOALS } from '../../bench/goals.js';

function figure(name: string, value: number, better: Figure['better'], spread: number | null = null): Figure {
  return { name, value, unit: '', spread, rounds: 5, better, goal: null, met: null };
}

describe('figures', () => {
  it('are medians, held against the goal of their name', () => {
    const figures = new Figures();
    const met = figures.add('latency.1x.p99', [90, 500, 80], 'ms', 'lower');
    assert.deepEqual([met.value, met.goal, met.met], [90, '≤ 100', true]);
    const missed = figures.add('throughput.best.times_real_time', [99], '×', 'higher');
    assert.deepEqual([missed.goal, missed.met], ['≥ 100', false]);
    const free = figures.add('micro.decode.walker.ns', [1, 2, 3], 'ns/trade', 'lower');
    assert.deepEqual([free.goal, free.met], [null, null]);
  });

  it('are made once and are numbers', () => {
    const figures = new Figures();
    figures.add('a', 1, 's', 'lower');
    assert.throws(() => figures.add('a', 2, 's', 'lower'), /twice/);
    assert.throws(() => figures.add('b', Number.NaN, 's', 'lower'), /NaN/);
  });

  it('have goals that say what they are about', () => {
    for (const [name, goal] of Object.entries(GOALS)) assert.ok(goal.says.length > 10, name);
  });
});

describe('a comparison', () => {
  const verdict = (before: Figure, after: Figure, tolerance = 0.1): string | undefined =>
    compareFigures([before], [after], tolerance)[0]?.verdict;

  it('knows which way is worse', () => {
    assert.equal(verdict(figure('f', 100, 'higher'), figure('f', 80, 'higher')), 'worse');
    assert.equal(verdict(figure('f', 100, 'lower'), figure('f', 80, 'lower')), 'better');
    assert.equal(verdict(figure('f', 100, 'lower'), figure('f', 120, 'lower')), 'worse');
  });

  it('takes a move within the tolerance or within the spread for none', () => {
    assert.equal(verdict(figure('f', 100, 'lower'), figure('f', 109, 'lower')), 'same');
    assert.equal(verdict(figure('f', 100, 'lower', 0.15), figure('f', 125, 'lower', 0.15)), 'same');
    assert.equal(verdict(figure('f', 100, 'lower', 0.05), figure('f', 125, 'lower', 0.05)), 'worse');
    assert.equal(verdict(figure('f', 100, 'lower'), figure('f', 109, 'lower'), 0.05), 'worse');
  });

  it('leaves out what only one run has', () => {
    assert.deepEqual(compareFigures([figure('a', 1, 'lower')], [figure('b', 1, 'lower')], 0.1), []);
  });
});
