import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnedPartition } from '../src/engine-partition.js';
import { Repositioner } from '../src/engine-reposition.js';
import type { Source } from '../src/ingest/source.js';
import type { BatchLane } from '../src/sink/batch-lane.js';
import type { Gap, Sink } from '../src/sink/sink.js';

const never = new AbortController().signal;

/** A partition of which something is being written until `land` is called, and what was asked for its sake. */
function stage() {
  let writing = true;
  const asked: { gaps: Gap[]; seeks: number[]; failures: Error[] } = { gaps: [], seeks: [], failures: [] };
  const lane = { holds: () => writing, drop: () => [] } as unknown as BatchLane;
  const claim = { topic: 't', partition: 0, epoch: 1, nextOffset: 11, previousOwner: null };
  const partition = new OwnedPartition(claim, lane, { attempts: 2, windowEntries: 10, windowMs: 1_000 });
  const source = {
    watermarks: async () => ({ low: 13, high: 20 }),
    seek: async ({ offset }: { offset: number }) => void asked.seeks.push(offset),
  } as unknown as Source;
  const sink = { recordGap: async (gap: Gap) => asked.gaps.push(gap) > 0 } as unknown as Sink;
  const repositioner = new Repositioner(
    { source, sink, groupId: 'g', gapPolicy: 'continue', warn: () => {}, onGap: () => {} },
    () => {},
    (error) => asked.failures.push(error),
  );
  const land = () => {
    writing = false;
    partition.notify();
  };
  return { partition, repositioner, asked, land };
}

test('a position out of range waits for what is in flight, then goes over the gap', async () => {
  const { partition, repositioner, asked, land } = stage();
  const checked = repositioner.checkRange(partition, never);
  assert.equal(partition.state, 'seeking');
  land();
  await checked;
  assert.deepEqual(
    asked.gaps.map(({ from, to }) => [from, to]),
    [[11, 13]],
  );
  assert.deepEqual([asked.seeks, partition.landed, partition.state], [[13], 13, 'active']);
});

test('a position that is moved while it waits is not moved once more', async () => {
  const { partition, repositioner, asked, land } = stage();
  const first = repositioner.checkRange(partition, never);
  await repositioner.restart(partition, 11);
  assert.equal(partition.state, 'active', 'a worker died, and its slab is read again');
  const second = repositioner.checkRange(partition, never);
  land();
  await Promise.all([first, second]);
  assert.deepEqual(asked.seeks, [11, 13], 'both checks had gone over the gap, the second under what was read since');
  assert.equal(partition.intake.tenure, 2);
  assert.deepEqual([asked.gaps.length, asked.failures], [1, []]);
});
