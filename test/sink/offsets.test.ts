import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConflictRate } from '../../src/sink/conflict-rate.js';
import { decideParts, type Position } from '../../src/sink/offsets.js';
import type { BatchPart } from '../../src/sink/sink.js';
import { SlotRanges, StreamSlot } from '../../src/sink/slot-ranges.js';
import { tradesPart } from '../support/batches.js';

const part = (from: number, to: number, partition = 0, epoch = 3): BatchPart =>
  tradesPart({ topic: 't', partition, epoch, nextOffset: 0, previousOwner: null }, from, to);
const row = (nextOffset: number, more: Partial<Position> = {}): Position => ({
  topic: 't',
  partition: 0,
  nextOffset,
  epoch: 3,
  owner: 'me',
  claimedAtMs: 1_000,
  ...more,
});
const kinds = (parts: BatchPart[], ...rows: Position[]): string[] =>
  decideParts(parts, rows, 'me').map(({ kind }) => kind);

describe('the offsets row says of a part', () => {
  test('that it is next', () => assert.deepEqual(kinds([part(10, 20)], row(10)), ['write']));
  test('that it has landed', () => assert.deepEqual(kinds([part(10, 20)], row(20)), ['landed']));
  test('that the database went back in time', () => {
    assert.deepEqual(kinds([part(10, 20)], row(9)), ['rewound']);
  });
  test('that another owner has it', () => {
    assert.deepEqual(kinds([part(10, 20)], row(10, { epoch: 4 })), ['fenced']);
    assert.deepEqual(kinds([part(10, 20)], row(10, { owner: 'other' })), ['fenced']);
  });
  test('the same for stretches that follow one another', () => {
    assert.deepEqual(kinds([part(10, 20), part(20, 30)], row(10)), ['write', 'write']);
    assert.deepEqual(kinds([part(10, 20), part(20, 30)], row(30)), ['landed', 'landed']);
    assert.deepEqual(kinds([part(10, 20), part(20, 30)], row(20)), ['landed', 'write']);
    assert.deepEqual(kinds([part(10, 20), part(20, 30)], row(5)), ['rewound', 'rewound']);
  });
  test('and each partition for itself', () => {
    const rows = [row(10), row(7, { partition: 1, epoch: 9 })];
    assert.deepEqual(kinds([part(10, 20), part(7, 8, 1)], ...rows), ['write', 'fenced']);
  });
  test('or that somebody meddled', () => {
    for (const rows of [[], [row(11)], [row(21)]]) {
      assert.throws(() => kinds([part(10, 20)], ...rows), { code: 'DATABASE_OFFSETS_BROKEN' });
    }
  });
});

test('staging comes first while more than one batch in a hundred holds repeats', () => {
  const rate = new ConflictRate();
  rate.record(true);
  assert.equal(rate.stagingFirst, false);
  rate.record(true);
  assert.equal(rate.stagingFirst, true);
  for (let i = 0; i < 100; i++) rate.record(false);
  assert.equal(rate.stagingFirst, false);
});

test('slots far apart are ranges of their own', () => {
  const ranges = new SlotRanges();
  ranges.add([1_000, 5, 700, Number.MAX_SAFE_INTEGER, -1, Number.NaN]);
  const taken = ranges.take();
  assert.deepEqual(taken, [
    { from: 5, to: 5 },
    { from: 700, to: 1_000 },
    { from: Number.MAX_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER },
  ]);
  assert.deepEqual(ranges.take(), []);
  ranges.restore([{ from: 0, to: 5_000 }]);
  assert.deepEqual(ranges.take(), [{ from: 0, to: 5_000 }]);
});

test('the stream is where most samples are', () => {
  const stream = new StreamSlot();
  assert.equal(stream.median(1), null);
  for (const slot of [9_999_999, 100, 101, 102, 0]) stream.sample(slot);
  assert.equal(stream.median(5), 101);
  assert.equal(stream.median(6), null);
});
