import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EngineError, type ErrorCode } from '../../src/errors.js';
import { DecodePool, type DecodePoolOptions } from '../../src/workers/decode-pool.js';
import type { SlabTask } from '../../src/workers/messages.js';
import { decodeSlab } from '../../src/workers/slab.js';
import * as m from '../support/messages.js';

const UNRULY = new URL('./fixtures/unruly-worker.js', import.meta.url);
/** Beyond anything a healthy task takes, on a machine under load. */
const NEVER_MS = 120_000;
/** As that, where a test waits for it. */
const HANG_MS = 10_000;

async function startPool(context: TestContext, options: Partial<DecodePoolOptions> = {}): Promise<DecodePool> {
  const pool = await DecodePool.start({ threads: 1, taskTimeoutMs: NEVER_MS, messageMaxBytes: 1_000_000, ...options });
  context.after(() => pool.close());
  return pool;
}

function goodTask(slot = m.SLOT): SlabTask {
  return m.slabOf([{ value: m.messageOf([m.transactionOf([m.tradeOf()])], { Slot: slot }) }]);
}

function taskThat(does: string): SlabTask {
  return { ...goodTask(), topic: does };
}

/** The error a promise rejects with, which must be ours and of this code. */
async function rejection(promise: Promise<unknown>, code: ErrorCode): Promise<EngineError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof EngineError, String(error));
    assert.equal(error.code, code);
    return error;
  }
  return assert.fail(`resolved instead of rejecting with ${code}`);
}

async function assertWorks(pool: DecodePool): Promise<void> {
  for (let i = 1; i <= 2 * pool.threads; i++) {
    const result = await pool.run(goodTask(i));
    assert.equal(result.transactions[0], i);
  }
  assert.deepEqual([pool.busy, pool.queued, pool.inFlight], [0, 0, 0]);
}

test('the shipped worker gives what decoding on this thread gives', async (context) => {
  const pool = await startPool(context);
  const poison = { value: new Uint8Array(50).fill(0xff), key: new Uint8Array([1, 2, 3]) };
  const records = [{ value: m.messageOf([m.transactionOf([m.tradeOf()])], { Slot: 7, Height: 3 }) }, poison];
  const { busyMs, ...moved } = await pool.run(m.slabOf(records));
  const { busyMs: _, ...direct } = decodeSlab(m.slabOf(records), { messageMaxBytes: 1_000_000 });
  assert.deepEqual(moved, direct);
  assert.ok(busyMs >= 0);
});

test('the message limit reaches the worker', async (context) => {
  const pool = await startPool(context, { messageMaxBytes: 10 });
  const { failures } = await pool.run(goodTask());
  assert.deepEqual(
    failures.map(({ errorClass }) => errorClass),
    ['too_large'],
  );
});

test('a slab’s buffers are moved, not copied', async (context) => {
  const pool = await startPool(context);
  const task = m.slabOf([{ value: m.messageOf([]) }, { value: m.messageOf([m.transactionOf([m.tradeOf()])]) }], {
    largeBytes: 20,
  });
  assert.equal(task.large.length, 1);
  const decoded = pool.run(task);
  const lengths = [task.packed, task.index, ...task.large].map(({ byteLength }) => byteLength);
  assert.deepEqual(lengths, [0, 0, 0]);
  await decoded;
});

test('tasks start in the order they come, and those beyond the threads wait', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'decode-pool-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const go = join(folder, 'go');
  const pool = await startPool(context, { workerFile: UNRULY });
  assert.deepEqual([pool.threads, pool.capacity], [1, 2]);
  const finished: number[] = [];
  const running = [`wait for ${go}`, 'next'].map((what, i) => pool.run(taskThat(what)).then(() => finished.push(i)));
  assert.deepEqual([pool.busy, pool.queued, pool.inFlight], [1, 1, 2]);
  await rejection(pool.run(goodTask()), 'INVARIANT');
  writeFileSync(go, '');
  await Promise.all(running);
  assert.deepEqual(finished, [0, 1]);
  assert.equal(pool.inFlight, 0);
});

test('an error in a worker comes with the worker’s stack, and the worker lives on', async (context) => {
  const pool = await startPool(context, { workerFile: UNRULY });
  const error = await rejection(pool.run(taskThat('throw')), 'WORKER_CRASHED');
  assert.match(error.message, /thrown in the worker/);
  assert.ok(error.cause instanceof TypeError);
  assert.match(error.cause.stack ?? '', /unruly-worker/);
  await assertWorks(pool);
  assert.equal(pool.restarts, 0);
});

for (const [what, does] of [
  ['dies of an error outside of its task', 'reject later'],
  ['exits', 'exit'],
  ['runs out of memory', 'memory'],
] as const) {
  test(`a worker that ${what} fails its task and is replaced`, async (context) => {
    const pool = await startPool(context, { workerFile: UNRULY, heapMb: 64 });
    const error = await rejection(pool.run(taskThat(does)), 'WORKER_CRASHED');
    assert.equal(error.canRetry, true);
    assert.ok(error.cause instanceof Error);
    assert.equal(pool.restarts, 1);
    await assertWorks(pool);
    await rejection(pool.run(taskThat(does)), 'WORKER_CRASHED');
    await assertWorks(pool);
    assert.equal(pool.restarts, 2);
  });
}

test('a worker that hangs is ended at the time limit and replaced, and a task that waited behind has its own full time', async (context) => {
  const pool = await startPool(context, { workerFile: UNRULY, taskTimeoutMs: HANG_MS });
  const hanging = pool.run(taskThat('hang'));
  const behind = pool.run(goodTask(8));
  await rejection(hanging, 'WORKER_TIMEOUT');
  assert.equal((await behind).transactions[0], 8);
  assert.equal(pool.restarts, 1);
  await assertWorks(pool);
});

test('the death of one worker does not touch the tasks of the others', async (context) => {
  const pool = await startPool(context, { workerFile: UNRULY, threads: 2 });
  for (let round = 0; round < 3; round++) {
    const tasks = [pool.run(taskThat('exit')), pool.run(goodTask(1)), pool.run(goodTask(2)), pool.run(goodTask(3))];
    const outcomes = await Promise.allSettled(tasks);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
    );
  }
  assert.equal(pool.restarts, 3);
  await assertWorks(pool);
});

test('a worker that cannot be loaded fails the start with its own error', async () => {
  const workerFile = new URL('./fixtures/unbootable-worker.js', import.meta.url);
  const options = { threads: 2, taskTimeoutMs: NEVER_MS, messageMaxBytes: 1, workerFile };
  const error = await rejection(DecodePool.start(options), 'WORKER_BOOT');
  assert.match(error.message, /cannot be loaded/);
  assert.match((error.cause as Error).stack ?? '', /unbootable-worker/);
});

test('a worker file that is not there fails the start', async () => {
  const workerFile = new URL('./fixtures/no-such-worker.js', import.meta.url);
  await rejection(
    DecodePool.start({ threads: 1, taskTimeoutMs: NEVER_MS, messageMaxBytes: 1, workerFile }),
    'WORKER_BOOT',
  );
});

test('a worker that never becomes ready fails the start at the time limit', async () => {
  const workerFile = new URL('./fixtures/endless-boot-worker.js', import.meta.url);
  await rejection(
    DecodePool.start({ threads: 1, taskTimeoutMs: 1, bootTimeoutMs: 1_000, messageMaxBytes: 1, workerFile }),
    'WORKER_BOOT',
  );
});

test('when replacements cannot be loaded tasks are refused, never left hanging', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'decode-pool-'));
  context.after(() => rmSync(folder, { recursive: true }));
  process.env.ONCE_WORKER_MARKER = join(folder, 'marker');
  const pool = await startPool(context, { workerFile: new URL('./fixtures/once-worker.js', import.meta.url) });
  await assertWorks(pool);
  await rejection(pool.run(taskThat('die')), 'WORKER_CRASHED');
  const codes = new Set<string>();
  for (let i = 0; i < 20; i++) {
    await pool.run(goodTask()).catch((error: EngineError) => codes.add(error.code));
  }
  assert.ok(codes.has('WORKER_BOOT'), [...codes].join());
});

test('a closed pool rejects what was in flight and what comes after', async (context) => {
  const pool = await startPool(context, { workerFile: UNRULY });
  const tasks = [pool.run(taskThat('hang')), pool.run(goodTask())];
  const outcomes = Promise.allSettled(tasks);
  await pool.close();
  assert.deepEqual(
    (await outcomes).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  await rejection(pool.run(goodTask()), 'WORKER_CRASHED');
});
