import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  chartSummary,
  nearest,
  niceTicks,
  stretches,
  timeSpan,
} from '../../../../src/observe/dashboard/page/scale.mjs';

describe('the scale of a chart', () => {
  it('has round lines that reach over the highest value', () => {
    assert.deepEqual(niceTicks(0, 3), [0, 1]);
    assert.deepEqual(niceTicks(97, 3), [0, 50, 100]);
    assert.deepEqual(niceTicks(0.3, 3), [0, 0.1, 0.2, 0.3]);
    for (const max of [0.001, 1, 7, 33, 1_000, 123_456]) {
      const ticks = niceTicks(max, 3);
      assert.ok((ticks.at(-1) ?? 0) >= max && ticks.length <= 5, `${max}: ${ticks}`);
    }
  });

  it('shows all the time there is, within bounds', () => {
    assert.deepEqual(timeSpan([], 1_000_000, 60_000, 600_000), { from: 940_000, to: 1_000_000 });
    assert.deepEqual(timeSpan([[800_000]], 1_000_000, 60_000, 600_000), { from: 800_000, to: 1_000_000 });
    assert.deepEqual(timeSpan([[0]], 1_000_000, 60_000, 600_000), { from: 400_000, to: 1_000_000 });
  });

  it('breaks a line where a value is missing and where nothing came for long', () => {
    const points = [
      [0, 1],
      [1_000, 2],
      [2_000, null],
      [3_000, 4],
      [20_000, 5],
    ];
    assert.deepEqual(stretches(points, 1, 5_000), [
      [
        [0, 1],
        [1_000, 2],
      ],
      [[3_000, 4]],
      [[20_000, 5]],
    ]);
    assert.deepEqual(stretches([], 1, 5_000), []);
  });

  it('finds the moment that is pointed at', () => {
    assert.deepEqual(nearest([[0], [1_000], [2_000]], 1_300), [1_000]);
    assert.equal(nearest([], 5), null);
  });

  it('tells in a sentence what is drawn', () => {
    const format = (value: number) => `${value} ms`;
    assert.equal(
      chartSummary(
        'Latency',
        [
          [0, 5],
          [1, null],
          [2, 9],
        ],
        1,
        format,
      ),
      'Latency: now 9 ms, between 5 ms and 9 ms in what is shown',
    );
    assert.equal(chartSummary('Latency', [[0, null]], 1, format), 'Latency: nothing yet');
  });
});
