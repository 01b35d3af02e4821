import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeekQueue } from '../../src/ingest/seek-queue.js';

const at = (partition: number, offset = 0) => ({ topic: 't', partition, offset });

test('hands seeks out once, in the order they were asked for', async () => {
  const queue = new SeekQueue();
  const first = queue.ask(at(1, 10));
  void queue.ask(at(2, 20));
  assert.equal(queue.has(at(1)), true);
  const taken = queue.take();
  assert.deepEqual(
    taken.map(({ position }) => position.offset),
    [10, 20],
  );
  assert.equal(queue.has(at(1)), false);
  assert.deepEqual(queue.take(), []);
  taken[0]?.resolve();
  await first;
});

test('forgets the seeks of partitions that were given up, and lets whoever waits for them go on', async () => {
  const queue = new SeekQueue();
  const given = queue.ask(at(1, 900));
  void queue.ask(at(2, 20));
  queue.forget([at(1)]);
  await given;
  assert.deepEqual(
    queue.take().map(({ position }) => position.partition),
    [2],
  );
});
