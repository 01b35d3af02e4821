import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decoder } from '../src/engine-dispatch.js';
import { Pipeline, type PipelineOptions } from '../src/engine-pipeline.js';
import type { Source } from '../src/ingest/source.js';
import type { Sink } from '../src/sink/sink.js';

const PARTITION = { topic: 't', partition: 0 };
const never = new AbortController().signal;

/** A pipeline that has received one message, which fails when `fail` is called. */
async function receiving() {
  let fail = (_error: Error): void => {};
  const decoder: Decoder = {
    threads: 1,
    capacity: 1,
    inFlight: 0,
    run: () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
  };
  const nothing = (): void => {};
  const watermarks = async () => ({ low: 0, high: 1 });
  const source = { commit: nothing, release: nothing, hold: nothing, seek: async () => {}, watermarks };
  const sink = {
    position: async () => 0,
    claim: async () => ({ ...PARTITION, epoch: 1, nextOffset: 0, previousOwner: null }),
    recentTransactions: async () => ({ pairs: new Float64Array(0) }),
  };
  const pipeline = new Pipeline({
    source: source as unknown as Source,
    sink: sink as unknown as Sink,
    decoder,
    observer: { received: () => {}, workerFailed: () => {} } as unknown as PipelineOptions['observer'],
    lanes: 1,
    batchMaxRows: 100,
    batchMaxBytes: 100_000,
    batchLingerMs: 1,
    budgetBytes: 1_000_000,
    slabMaxBytes: 100_000,
    slabLingerMs: 0,
    slabAttempts: 3,
    duplicateWindowEntries: 10,
    duplicateWindowMs: 1_000,
    gapPolicy: 'halt',
    commitIntervalMs: 1_000,
    groupId: 'g',
  });
  await pipeline.assigned([PARTITION], never);
  pipeline.messages([{ ...PARTITION, offset: 0, timestampMs: 0, key: null, value: new Uint8Array(10) }]);
  return { pipeline, fail: (error: Error) => fail(error) };
}

test('a partition given up of which a worker takes something down with it is not settled', async () => {
  const { pipeline, fail } = await receiving();
  const revoked = pipeline.revoked([PARTITION], never);
  fail(new Error('the worker died'));
  await revoked;
  assert.deepEqual([pipeline.unsettled, pipeline.budget.used, pipeline.partitions.length], [1, 0, 0]);
  pipeline.close();
});

test('a partition given up in good time is settled', async () => {
  const { pipeline, fail } = await receiving();
  fail(new Error('the worker died before'));
  await new Promise((resolve) => setImmediate(resolve));
  await pipeline.revoked([PARTITION], never);
  assert.deepEqual([pipeline.unsettled, pipeline.budget.used], [0, 0]);
  pipeline.close();
});

test('an engine that leaves takes no more, though the group has not taken the partition back, and tells of what has not landed', async () => {
  const { pipeline, fail } = await receiving();
  pipeline.leave();
  const used = pipeline.budget.used;
  pipeline.messages([{ ...PARTITION, offset: 1, timestampMs: 0, key: null, value: new Uint8Array(10) }]);
  assert.deepEqual([pipeline.budget.used, pipeline.unsettled], [used, 1]);
  fail(new Error('the worker died'));
  await new Promise((resolve) => setImmediate(resolve));
  await pipeline.revoked([PARTITION], never);
  assert.deepEqual([pipeline.unsettled, pipeline.budget.used, pipeline.partitions.length], [1, 0, 0]);
  pipeline.close();
});

test('what is lost to another on the way out has not landed, either', async () => {
  const { pipeline } = await receiving();
  pipeline.leave();
  pipeline.lost([PARTITION]);
  assert.equal(pipeline.unsettled, 1);
  pipeline.close();
});

test('what an earlier rebalance cut short is none of what does not land at the end', async () => {
  const { pipeline } = await receiving();
  await pipeline.revoked([PARTITION], AbortSignal.abort());
  assert.equal(pipeline.unsettled, 1);
  pipeline.leave();
  assert.equal(pipeline.unsettled, 0);
  pipeline.close();
});
