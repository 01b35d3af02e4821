import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldBytesOf, PartitionIntake } from '../../src/ingest/partition.js';
import type { SourceMessage } from '../../src/ingest/source.js';
import { TASK_COLUMN, TASK_STRIDE } from '../../src/workers/messages.js';

const NO_SOL = { sol: 0, usd: 0, trades: 0 };

function message(offset: number, bytes = 100, key: string | null = null): SourceMessage {
  const keyBytes = key === null ? null : Uint8Array.from(Buffer.from(key));
  return {
    topic: 't',
    partition: 3,
    offset,
    timestampMs: 1_000 + offset,
    key: keyBytes,
    value: new Uint8Array(bytes).fill(offset),
  };
}

function intake(position = 0, attempts = 3): PartitionIntake {
  return new PartitionIntake({ topic: 't', partition: 3 }, position, attempts);
}

test('gives slabs that join without a hole, over offsets the broker never delivers', () => {
  const one = intake(5);
  for (const offset of [7, 8, 11]) assert.ok(one.accept(message(offset), 0) > 0);
  const first = one.takeSlab(heldBytesOf(message(0)) * 2, NO_SOL, 0);
  const second = one.takeSlab(1e9, NO_SOL, 0);
  assert.deepEqual([first.from, first.to, first.task.messages], [5, 9, 2]);
  assert.deepEqual([second.from, second.to, second.task.messages], [9, 12, 1]);
  assert.equal(one.pendingBytes, 0);
});

test('passes over messages before its position', () => {
  const one = intake(5);
  assert.equal(one.accept(message(4), 0), 0);
  assert.ok(one.accept(message(5), 0) > 0);
  assert.equal(one.accept(message(5), 0), 0);
  assert.equal(one.pendingMessages, 1);
});

test('packs small values and keys together and leaves large values in their own buffers', () => {
  const one = intake(0);
  const large = message(1, 40_000, 'large');
  one.accept(message(0, 10, 'k'), 0);
  one.accept(large, 0);
  one.accept({ ...message(2), value: null }, 0);
  const { task, oldestTimestampMs, newestTimestampMs } = one.takeSlab(1e9, NO_SOL, 0);
  const row = (i: number) => task.index.subarray(i * TASK_STRIDE, (i + 1) * TASK_STRIDE);
  assert.equal(task.packed.byteLength, 10 + 1 + 5);
  assert.equal(task.large.length, 1);
  assert.equal(task.large[0]?.buffer, large.value?.buffer, 'not copied');
  assert.equal(row(1)[TASK_COLUMN.buffer], 1);
  assert.equal(row(2)[TASK_COLUMN.length], -1);
  assert.equal(row(0)[TASK_COLUMN.keyLength], 1);
  const keyStart = row(1)[TASK_COLUMN.keyStart]!;
  assert.equal(Buffer.from(task.packed.subarray(keyStart, keyStart + 5)).toString(), 'large');
  assert.deepEqual([oldestTimestampMs, newestTimestampMs], [1_000, 1_002]);
});

test('lands the end of a partition that no message lies before', () => {
  const one = intake(5);
  assert.deepEqual(one.acceptEnd(9), { from: 5, to: 9 });
  assert.equal(one.acceptEnd(9), null);
  assert.equal(one.accept(message(8), 0), 0);
  one.accept(message(9), 0);
  assert.equal(one.acceptEnd(12), null, 'a message waits: its slab reaches up to the end');
  assert.deepEqual((({ from, to }) => ({ from, to }))(one.takeSlab(1e9, NO_SOL, 0)), { from: 9, to: 12 });
});

test('starts a new tenure where its position jumps', () => {
  const one = intake(0);
  one.accept(message(0), 0);
  const slab = one.takeSlab(1e9, NO_SOL, 0);
  one.accept(message(1), 0);
  assert.equal(one.restart(0), heldBytesOf(message(1)));
  assert.notEqual(slab.tenure, one.tenure);
  assert.ok(one.accept(message(0), 0) > 0);
});

test('keeps the bytes of a message whose next failure condemns it', () => {
  const one = intake(0, 2);
  one.accept(message(0), 0);
  const first = one.takeSlab(1e9, NO_SOL, 0);
  assert.equal(first.lastChance, null);
  assert.equal(one.slabFailed(first), 'retry');
  one.restart(0);
  one.accept(message(0, 50_000), 0);
  const second = one.takeSlab(1e9, NO_SOL, 0);
  assert.equal(second.lastChance?.value?.byteLength, 50_000);
  assert.notEqual(
    second.lastChance?.value?.buffer,
    second.task.large[0]?.buffer,
    'a copy: the original goes with the worker',
  );
  assert.equal(one.slabFailed(second), 'poison');
});

test('finds a poisonous message before an end that no message lies at, known or not when its slab is packed', () => {
  for (const poison of [0, 1]) {
    const one = intake(0);
    const condemned: number[] = [];
    for (let failures = 1; one.pendingMessages > 0 || condemned.length === 0; ) {
      for (const offset of [0, 1]) one.accept(message(offset), 0);
      if (failures % 2 === 0) one.acceptEnd(3);
      const slab = one.takeSlab(1e9, NO_SOL, 0);
      if (slab.from > poison || slab.messagesTo <= poison) {
        one.slabPassed(slab);
      } else if (one.slabFailed(slab) === 'retry') {
        assert.ok(failures < 10, 'the search does not end');
        failures += 1;
        one.restart(slab.from);
      } else {
        assert.equal(slab.lastChance?.offset, poison);
        condemned.push(poison);
      }
    }
    assert.deepEqual(condemned, [poison]);
  }
});
