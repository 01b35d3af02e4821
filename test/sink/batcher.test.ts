import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Batcher } from '../../src/sink/batcher.js';
import { part } from '../support/parts.js';

const LIMITS = { maxRows: 10, maxBytes: 1_000, lingerMs: 5 };

test('closes by rows, by bytes or by age, whichever comes first', () => {
  const byRows = new Batcher(LIMITS);
  byRows.add(part({ from: 0, to: 1, tradeRows: 9 }), 0);
  assert.equal(byRows.closed(0), false);
  byRows.add(part({ from: 1, to: 2, tradeRows: 1 }), 0);
  assert.equal(byRows.closed(0), true);

  const byBytes = new Batcher(LIMITS);
  byBytes.add(part({ from: 0, to: 1, heldBytes: 1_000 }), 0);
  assert.equal(byBytes.closed(0), true);

  const byAge = new Batcher(LIMITS);
  byAge.add(part({ from: 0, to: 1 }), 100);
  assert.equal(byAge.closed(104), false);
  assert.equal(byAge.closed(105), true, 'a batch without a row closes too: its offsets must land');
});

test('waits for more rows where it is patient, but not for ever, and never less than its linger', () => {
  const batcher = new Batcher(LIMITS);
  batcher.add(part({ from: 0, to: 1 }), 100);
  batcher.patient = true;
  assert.equal(batcher.closed(105), false);
  assert.equal(batcher.closed(100 + 200), true);
  batcher.add(part({ from: 1, to: 2, tradeRows: 10 }), 110);
  assert.equal(batcher.closed(110), true, 'a full batch waits for nothing');
  batcher.take(110);
  batcher.add(part({ from: 2, to: 3 }), 110);
  batcher.patient = false;
  assert.equal(batcher.closed(115), true, 'patience is over at once');
  const slow = new Batcher({ ...LIMITS, lingerMs: 1_000 });
  slow.patient = true;
  slow.add(part({ from: 0, to: 1 }), 0);
  assert.equal(slow.closed(999), false);
});

test('joins the stretches of a partition and keeps partitions apart', () => {
  const batcher = new Batcher(LIMITS);
  batcher.add(part({ from: 0, to: 4, tradeRows: 1, oldestTimestampMs: 50, newestTimestampMs: 60 }), 0);
  batcher.add(part({ partition: 1, from: 7, to: 8 }), 0);
  batcher.add(part({ from: 4, to: 6, tradeRows: 2, oldestTimestampMs: 40, newestTimestampMs: 45 }), 0);
  const [first, second, ...rest] = batcher.take(0);
  assert.deepEqual(rest, []);
  assert.deepEqual([first?.from, first?.to, first?.tradeRows, first?.messages], [0, 6, 3, 6]);
  assert.deepEqual([first?.oldestTimestampMs, first?.newestTimestampMs], [40, 60]);
  assert.deepEqual([second?.partition, second?.from, second?.to], [1, 7, 8]);
  assert.equal(batcher.empty, true);
});

test('refuses to join over a hole', () => {
  const batcher = new Batcher(LIMITS);
  batcher.add(part({ from: 0, to: 4 }), 0);
  batcher.add(part({ from: 5, to: 6 }), 0);
  assert.throws(() => batcher.take(0), /has a hole before offset 5/);
});

test('takes up to its limits, and one part however large', () => {
  const batcher = new Batcher(LIMITS);
  batcher.add(part({ from: 0, to: 1, tradeRows: 50 }), 0);
  batcher.add(part({ from: 1, to: 2, tradeRows: 50 }), 0);
  assert.equal(batcher.take(0)[0]?.to, 1);
  assert.equal(batcher.take(0)[0]?.to, 2);
});

test('drops what waits of one partition', () => {
  const batcher = new Batcher(LIMITS);
  batcher.add(part({ from: 0, to: 1, tradeRows: 9 }), 0);
  batcher.add(part({ partition: 1, from: 0, to: 1 }), 0);
  assert.equal(batcher.drop('t', 0).length, 1);
  assert.equal(batcher.has('t', 0), false);
  assert.deepEqual(
    batcher.take(0).map(({ partition }) => partition),
    [1],
  );
});
