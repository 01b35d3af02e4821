import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { Random } from '../src/commands/demo/generator/random.js';
import { OwnedPartition } from '../src/engine-partition.js';
import { EMPTY_STRETCH } from '../src/engine-results.js';
import type { Slab } from '../src/ingest/partition.js';
import type { SourceMessage } from '../src/ingest/source.js';
import { BatchLane } from '../src/sink/batch-lane.js';
import type { Batch, PartOutcome, Sink } from '../src/sink/sink.js';
import { until } from './kafka/until.js';
import { never } from './support/batches.js';

const SEED = Number(process.env.SEED ?? 29);
const NO_SOL = { sol: 0, usd: 0, trades: 0 };
const LIMITS = { maxRows: 100, maxBytes: 1_000_000, lingerMs: 0 };
const landed = ({ parts }: Batch): PartOutcome[] =>
  parts.map((part) => ({ kind: 'landed', part, rowsInserted: 0, rowsDuplicate: 0 }));

/** A lane whose batches end as told, and the stretches that were written. */
function laneOf(write: (batch: Batch) => Promise<PartOutcome[]>): {
  lane: BatchLane;
  written: number[][];
  errors: Error[];
} {
  const written: number[][] = [];
  const errors: Error[] = [];
  const sink: Pick<Sink, 'write'> = {
    write: async (_lane, batch) => {
      const outcomes = await write(batch);
      for (const { from, to } of batch.parts) written.push([from, to]);
      return outcomes;
    },
  };
  const lane = new BatchLane(0, sink as Sink, LIMITS, {
    written: () => {},
    failed: (error) => errors.push(error),
  });
  return { lane, written, errors };
}

function owned(epoch: number, nextOffset: number, lane: BatchLane): OwnedPartition {
  const claim = { topic: 't', partition: 0, epoch, nextOffset, previousOwner: null };
  return new OwnedPartition(claim, lane, { attempts: 3, windowEntries: 100, windowMs: 1_000 });
}

const message = (offset: number, timestampMs = 1_000): SourceMessage => ({
  topic: 't',
  partition: 0,
  offset,
  timestampMs,
  key: null,
  value: new Uint8Array(10),
});

function slabs(partition: OwnedPartition, count: number): Slab[] {
  const from = partition.reassembler.position;
  return Array.from({ length: count }, (_, i) => {
    partition.intake.accept(message(from + i), 0);
    return partition.intake.takeSlab(1, NO_SOL, 0);
  });
}

test('a partition that is given up waits for its work in flight, and no longer than it may', async () => {
  let land = (): void => {};
  const gate = new Promise<void>((resolve) => {
    land = resolve;
  });
  const { lane, written } = laneOf(async (batch) => {
    await gate;
    return landed(batch);
  });
  const partition = owned(1, 0, lane);
  const [slab] = slabs(partition, 1);
  partition.to('draining');
  partition.reassembler.add(slab!.from, slab!.to, EMPTY_STRETCH);
  for (const { from, to } of partition.reassembler.drain()) push(lane, 1, from, to);
  const budget = new AbortController();
  const inTime = partition.whenSettled(budget.signal);
  budget.abort();
  await inTime;
  assert.equal(partition.settled, false, 'its time is up while a write is under way');
  land();
  await until('the write has ended', () => written.length === 1);
  await until('it is settled', () => partition.settled);
  await partition.whenSettled(never);
  partition.to('closed');
  partition.to('active');
  assert.equal(partition.state, 'closed', 'what was given up stays given up');
  lane.close();
});

test('a partition that is given up is not kept by the signal that would have cut its waiting short', async () => {
  const { lane } = laneOf(async (batch) => landed(batch));
  const partition = owned(1, 0, lane);
  const budget = new AbortController();
  await partition.whenSettled(budget.signal);
  assert.equal(getEventListeners(budget.signal, 'abort').length, 0, 'settled');
  const [slab] = slabs(partition, 1);
  partition.reassembler.add(slab!.from, slab!.to, EMPTY_STRETCH);
  const cut = partition.whenSettled(budget.signal);
  assert.equal(getEventListeners(budget.signal, 'abort').length, 1);
  budget.abort();
  await cut;
  assert.equal(getEventListeners(budget.signal, 'abort').length, 0, 'cut short');
  lane.close();
});

test('results of a first tenure are told from those of a third, when a partition went and came back', (context) => {
  context.diagnostic(`seed ${SEED}`);
  const random = new Random(SEED);
  const { lane } = laneOf(async (batch) => landed(batch));
  const first = owned(1, 0, lane);
  const stale = slabs(first, 5);
  first.to('closed');
  first.restart(0); // as giving up does
  const third = owned(3, 2, lane);
  const fresh = slabs(third, 5);
  const arrivals = [...stale, ...fresh].sort(() => random.between(0, 1) * 2 - 1);
  const taken: number[] = [];
  for (const slab of arrivals) {
    for (const partition of [first, third]) {
      const isOurs = (partition === first ? stale : fresh).includes(slab);
      if (!isOurs || slab.tenure !== partition.intake.tenure) continue;
      partition.reassembler.add(slab.from, slab.to, EMPTY_STRETCH);
      for (const { from } of partition.reassembler.drain()) taken.push(from);
    }
  }
  assert.deepEqual(taken, [2, 3, 4, 5, 6], 'the third’s, each once and in order; none of the first’s');
  lane.close();
});

test('nothing passes a stretch whose result never comes, in whatever order the others come', (context) => {
  context.diagnostic(`seed ${SEED}`);
  const random = new Random(SEED);
  for (let round = 0; round < 200; round += 1) {
    const { lane } = laneOf(async (batch) => landed(batch));
    const partition = owned(1, 0, lane);
    const all = slabs(partition, 20);
    const missing = random.between(0, 19);
    const others = all.filter((_, i) => i !== missing).sort(() => random.between(0, 1) * 2 - 1);
    let position = 0;
    for (const slab of others) {
      partition.reassembler.add(slab.from, slab.to, EMPTY_STRETCH);
      for (const { to } of partition.reassembler.drain()) position = to;
      assert.ok(position <= missing, `round ${round}: moved to ${position} past ${missing}`);
    }
    assert.equal(partition.reassembler.position, missing);
    lane.close();
  }
});

test('a batch that fails for good holds back all that is behind it in its lane', async () => {
  let writes = 0;
  const { lane, written, errors } = laneOf(async (batch) => {
    writes += 1;
    if (writes === 2) throw new Error('the table is gone');
    return landed(batch);
  });
  push(lane, 1, 0, 5);
  await until('the first is written', () => written.length === 1);
  push(lane, 1, 5, 8);
  await until('the second has failed', () => errors.length === 1);
  push(lane, 1, 8, 9);
  push(lane, 1, 9, 20);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([writes, written], [2, [[0, 5]]]);
  assert.equal(lane.holds('t', 0), true);
  lane.close();
});

test('a stretch without a row, all filtered away or empty, is written and moves the position', async () => {
  const { lane, written } = laneOf(async (batch) => landed(batch));
  const partition = owned(1, 0, lane);
  for (const slab of slabs(partition, 3)) partition.reassembler.add(slab.from, slab.to, EMPTY_STRETCH);
  const end = partition.intake.acceptEnd(50);
  assert.deepEqual(end, { from: 3, to: 50 });
  partition.reassembler.add(end!.from, end!.to, EMPTY_STRETCH);
  for (const { from, to } of partition.reassembler.drain()) push(lane, 1, from, to);
  await until('everything is written', () => written.at(-1)?.[1] === 50);
  assert.equal(
    written.reduce((sum, [from, to]) => sum + to! - from!, 0),
    50,
  );
  lane.close();
});

test('timestamps of 1970, of the far future or none at all change nothing but the times that are told', () => {
  const { lane } = laneOf(async (batch) => landed(batch));
  const partition = owned(1, 0, lane);
  const stamps = [-1, 0, 8.64e15, 1_790_000_000_000, 4_102_444_800_000];
  for (const [offset, timestampMs] of stamps.entries())
    assert.ok(partition.intake.accept(message(offset, timestampMs), 0) > 0);
  const slab = partition.intake.takeSlab(1e9, NO_SOL, 0);
  assert.deepEqual([slab.from, slab.to, slab.task.messages], [0, 5, 5]);
  assert.deepEqual([slab.oldestTimestampMs, slab.newestTimestampMs], [0, 8.64e15]);
  lane.close();
});

function push(lane: BatchLane, epoch: number, from: number, to: number): void {
  const nothing = { trades: [], tradeRows: 0, tradeBytes: 0, slots: [], failures: [], heldBytes: 0 };
  const stamps = { oldestTimestampMs: -1, newestTimestampMs: -1 };
  lane.push({ topic: 't', partition: 0, epoch, from, to, messages: to - from, ...nothing, ...stamps });
}
