import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { histogramBetween, parseMetrics, total } from '../../bench/stage/metrics-text.js';
import { cpuSecondsOf, parseStat, threadKind } from '../../bench/stage/process-usage.js';

const scrape = (fast: number, slow: number): string => `# HELP d Time.
# TYPE d histogram
d_bucket{stage="write",le="0.01"} ${fast}
d_bucket{stage="write",le="0.1"} ${fast + slow}
d_bucket{stage="write",le="+Inf"} ${fast + slow}
d_sum{stage="write"} ${fast * 0.005 + slow * 0.05}
d_count{stage="write"} ${fast + slow}
d_count{stage="other"} 1000
rows_total{topic="a"} ${fast}
rows_total{topic="b"} ${slow}
rows_total_more 9
`;

describe('a scrape', () => {
  it('sums a metric over its labels, and not one whose name goes on', () => {
    assert.equal(total(parseMetrics(scrape(3, 4)), 'rows_total'), 7);
  });

  it('tells what a histogram recorded between two looks', () => {
    const between = histogramBetween(parseMetrics(scrape(10, 10)), parseMetrics(scrape(108, 12)), 'd', 'stage="write"');
    assert.equal(between.count, 100);
    assert.equal(between.p50, 0.01);
    assert.equal(between.p99, 0.1);
    assert.ok(Math.abs(between.mean - (98 * 0.005 + 2 * 0.05) / 100) < 1e-9);
  });
});

describe('the usage of a process', () => {
  it('is read past a name with anything in it', () => {
    const line = `42 (a) b (c)) S 7 42 42 0 -1 4194560 100 0 0 0 250 50 30 20 20 0 11 0 1 0 0`;
    assert.deepEqual(parseStat(line), { name: 'a) b (c)', parent: 7, cpuSeconds: 3, childrenCpuSeconds: 0.5 });
  });

  it('is nothing for a process that is gone', () => {
    assert.equal(cpuSecondsOf(2 ** 30), 0);
  });

  it('is told by threads: workers bear the engine’s title, helpers the name from before it had one', () => {
    const kinds = ['rdk:broker1', 'solana-trades-e', 'node'].map((name) => threadKind(name, 'solana-trades-e'));
    assert.deepEqual(kinds, ['kafka', 'workers', 'helpers']);
  });
});
