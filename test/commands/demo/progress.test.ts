import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Credit } from '../../../src/commands/demo/credit.js';
import type { ProducedMessage } from '../../../src/commands/demo/producer.js';
import { Progress, percentile } from '../../../src/commands/demo/progress.js';

const message = (offset: number, timestampMs: number, ...txIndexes: number[]): ProducedMessage => ({
  partition: 0,
  offset,
  poison: false,
  bytes: 1_000_000,
  timestampMs,
  trades: txIndexes.map((txIndex) => ({ slot: 1, txIndex, tradeIndex: 0 })),
});
const at = (next: number): ReadonlyMap<number, number> => new Map([[0, next]]);

test('progress counts what landed in the last five seconds, repeats of a trade once', () => {
  const progress = new Progress();
  progress.produced([message(0, 1_000, 1, 2), message(1, 1_000, 2, 3), message(2, 1_000)]);
  progress.landed(at(2), 1_250);
  assert.deepEqual(progress.snapshot(2_000), {
    messagesPerSecond: 2,
    tradesPerSecond: 3,
    megabytesPerSecond: 2,
    lag: 1,
    p99Ms: 250,
  });
  assert.equal(progress.snapshot(6_300).messagesPerSecond, 0);
  assert.deepEqual(progress.latenciesMs(), [250, 250]);
});

test('a message that lands before its acknowledgement is told counts when both are known', () => {
  const progress = new Progress();
  progress.landed(at(1), 1_000);
  progress.produced([message(0, 990, 1)]);
  assert.equal(progress.snapshot(1_000).lag, 1);
  progress.landed(at(1), 1_100);
  assert.equal(progress.snapshot(1_100).lag, 0);
  assert.deepEqual(progress.latenciesMs(), [110]);
});

test('a percentile is the smallest value that so many do not exceed', () => {
  assert.equal(percentile([], 0.99), null);
  assert.equal(percentile([7], 0.99), 7);
  assert.equal(percentile([3, 1, 2, 4], 0.5), 2);
  assert.equal(
    percentile(
      Array.from({ length: 100 }, (_, index) => index + 1),
      0.99,
    ),
    99,
  );
});

test('a partition has credit until so many bytes are ahead of what has landed', () => {
  const credit = new Credit(2, 100);
  credit.take(0, 60);
  assert.ok(credit.has(0));
  credit.take(0, 60);
  assert.ok(!credit.has(0));
  assert.ok(credit.has(1), 'partitions do not share');
  credit.acknowledged(0, 0, 60);
  credit.acknowledged(0, 1, 60);
  credit.landed(0, 0);
  assert.ok(!credit.has(0), 'nothing landed yet');
  credit.landed(0, 1);
  assert.ok(credit.has(0));
  credit.landed(0, 1);
  credit.take(0, 40);
  assert.ok(!credit.has(0), 'a position told twice gives credit once');
});
