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
  receive(count: number, options?: { ending: boolean }): void;
}

/** A dispatcher of one partition over workers that never answer, and the number of messages in each slab they were given. */
function stand(budgetBytes: number, slabLingerMs = 60_000): Stand {
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
  const options = { slabMaxBytes: MEBIBYTE, slabLingerMs, budgetBytes };
  const dispatcher: Dispatcher = new Dispatcher(decoder, options, new Map([['0/t', owned]]), {
    decoded: nothing,
    failed: nothing,
    pumped: () => crowded.push(dispatcher.crowded),
  });
  let offset = 0;
  const receive = (count: number, { ending } = { ending: true }): void => {
    for (let i = 0; i < count; i++) {
      // A quarter of a slab, with what a message costs besides its bytes.
      const value = new Uint8Array(MEBIBYTE / 4 - 256);
      owned.intake.accept({ topic: 't', partition: 0, offset, timestampMs: -1, key: null, value }, performance.now());
      offset += 1;
    }
    dispatcher.pump();
    if (ending) dispatcher.close();
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

test('where much waits it goes in slabs eight times as large, and a burst makes no lane patient', () => {
  const { slabs, lane, receive } = stand(128 * MEBIBYTE);
  receive(80);
  assert.deepEqual(slabs, [32, 32], 'what is left is half a slab now');
  assert.equal(lane.patient, false);
});

test('where much has waited for a second, batches may fill, until nothing has waited for a tenth of one', (context) => {
  let now = 10_000;
  context.mock.method(performance, 'now', () => now);
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { slabs, lane, dispatcher, receive } = stand(128 * MEBIBYTE);
  const patience: boolean[] = [];
  for (let i = 0; i < 12; i++, now += 99) {
    slabs.length = 0; // the workers have done what they were given
    receive(80);
    patience.push(lane.patient);
  }
  assert.deepEqual(
    patience,
    [...Array(11).fill(false), true],
    'each receipt within a tenth of a second of the one before',
  );
  slabs.length = 0;
  dispatcher.pump();
  assert.equal(lane.patient, true);
  now += 200;
  context.mock.timers.tick(200);
  assert.equal(lane.patient, false, 'though nothing was received any more');
});

test('a slab whose linger ends before the backlog does is not kept waiting for that', (context) => {
  let now = 10_000;
  context.mock.method(performance, 'now', () => now);
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { slabs, dispatcher, receive } = stand(128 * MEBIBYTE, 5);
  receive(64);
  dispatcher.pump(); // receive() has ended the timer: this one is due in a tenth of a second
  assert.deepEqual(slabs, [32, 32]);
  receive(1, { ending: false });
  assert.deepEqual(slabs, [32, 32], 'both workers are busy');
  now += 6;
  context.mock.timers.tick(6);
  assert.deepEqual(slabs, [32, 32, 1]);
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
