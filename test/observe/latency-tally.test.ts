import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LatencyTally } from '../../src/observe/latency-tally.js';

describe('the tally of latencies', () => {
  it('tells the 99th percentile to a tenth, messages weighing what they are', () => {
    const tally = new LatencyTally(500);
    tally.landed(980, 80, null);
    tally.landed(20, 3_000, null);
    const { messages, slow, p99Ms } = tally.take();
    assert.deepEqual([messages, slow], [1_000, 20]);
    assert.ok(p99Ms !== null && p99Ms >= 3_000 && p99Ms < 3_300, String(p99Ms));
  });

  it('adds up where the slow ones spent their time, and not the others', () => {
    const tally = new LatencyTally(500);
    const passage = { kafka: 10, workers: 20, reassembler: 30, postgres: 40 };
    tally.landed(1, 100, passage);
    tally.landed(1, 2_000, { ...passage, postgres: 1_940 });
    assert.deepEqual(tally.take().slowSeconds, { kafka: 0.01, workers: 0.02, reassembler: 0.03, postgres: 1.94 });
  });

  it('begins anew each time', () => {
    const tally = new LatencyTally(500);
    tally.landed(5, 900, null);
    tally.take();
    const { messages, slow, p99Ms } = tally.take();
    assert.deepEqual([messages, slow, p99Ms], [0, 0, null]);
  });

  it('takes a clock that stands behind the broker’s for no time at all', () => {
    const tally = new LatencyTally(500);
    tally.landed(5, -40, null);
    assert.equal(tally.take().p99Ms, 1);
  });
});
