import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Decoder, Dispatcher } from '../src/engine-dispatch.js';
import { OwnedPartition } from '../src/engine-partition.js';
import { BatchLane } from '../src/sink/batch-lane.js';
import type { Sink } from '../src/sink/sink.js';
import type { SlabTask } from '../src/workers/messages.js';

const MEBIBYTE = 1_048_576;

interface Stand {
  readonly slabs: number[];
  readonly lane: BatchLane;
  readonly dispatcher: Dispatcher;
  /** Whether it was crowded, each time that it was pumped. */
  readonly crowded: boolean[];
  receive(count: number): void;
}

/** A dispatcher of one partition over workers that never answer, and the number of messages in each slab they were given. */
function stand(budgetBytes: number): Stand {
  const slabs: number[] = [];
  const crowded: boolean[] = [];
  const decoder: Decoder = {
    threads: 2,
    capacity: 4,
    get inFlight() {
      return slabs.length;
    },
    run: (task: SlabTask) => {
      slabs.push(task.messages);
      return new Promise(() => {});
    },
  };
  const nothing = (): void => {};
  const limits = { maxRows: 10, maxBytes: 1_000, lingerMs: 5 };
  // Nothing is decoded, so the lane writes nothing.
  const lane = new BatchLane(0, {} as Sink, limits, { written: nothing, failed: nothing });
  const claim = { topic: 't', partition: 0, epoch: 1, nextOffset: 0, previousOwner: null };
  const owned = new OwnedPartition(claim, lane, { attempts: 3, windowEntries: 10, windowMs: 1_000 });
  const options = { slabMaxBytes: MEBIBYTE, slabLingerMs: 60_000, budgetBytes };
  const dispatcher: Dispatcher = new Dispatcher(decoder, options, new Map([['0/t', owned]]), {
    decoded: nothing,
    failed: nothing,
    pumped: () => crowded.push(dispatcher.crowded),
  });
  let offset = 0;
  const receive = (count: number): void => {
    for (let i = 0; i < count; i++) {
      // A quarter of a slab, with what a message costs besides its bytes.
      const value = new Uint8Array(MEBIBYTE / 4 - 256);
      owned.intake.accept({ topic: 't', partition: 0, offset, timestampMs: -1, key: null, value }, performance.now());
      offset += 1;
    }
    dispatcher.pump();
    dispatcher.close();
  };
  return { slabs, lane, dispatcher, crowded, receive };
}

test('a little goes at once in a slab of its own, and no lane is asked for patience', () => {
  const { slabs, lane, receive } = stand(128 * MEBIBYTE);
  receive(1);
  receive(6);
  assert.deepEqual(slabs, [1, 4], 'two idle workers had one each; what is left is no full slab');
  assert.equal(lane.patient, false);
});

test('a backlog goes in slabs eight times as large, and its batches may fill', () => {
  const { slabs, lane, receive } = stand(128 * MEBIBYTE);
  receive(80);
  assert.deepEqual(slabs, [32, 32], 'what is left is half a slab now');
  assert.equal(lane.patient, true);
});

test('the slabs of a backlog take no more of the budget than a sixteenth each, and never less than a slab', () => {
  const tight = stand(32 * MEBIBYTE);
  tight.receive(80);
  assert.deepEqual(tight.slabs, [8, 8, 8, 8]);
  const tightest = stand(4 * MEBIBYTE);
  tightest.receive(80);
  assert.deepEqual(tightest.slabs, [4, 4, 4, 4]);
});

test('is crowded from 16 MiB on that no worker takes, until half of it is gone', () => {
  const { slabs, dispatcher, crowded, receive } = stand(128 * MEBIBYTE);
  receive(128 + 63);
  assert.deepEqual(slabs, [32, 32, 32, 32], 'all that the workers may be given');
  receive(1);
  assert.deepEqual(crowded, [false, true]);
  slabs.splice(0, 1);
  dispatcher.pump();
  assert.deepEqual(crowded, [false, true, false]);
  receive(31);
  assert.equal(crowded.at(-1), false);
});

test('is crowded from a quarter of a small budget on', () => {
  const { crowded, receive } = stand(16 * MEBIBYTE);
  receive(16 + 15);
  receive(1);
  assert.deepEqual(crowded, [false, true]);
});
