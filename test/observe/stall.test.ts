import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Flow, NO_SECONDS, StallWindow, stalledBy } from '../../src/observe/stall.js';
import type { EngineStatus } from '../../src/observe/status.js';
import { engineStatus, NOW_MS, partitionStatus } from './fixtures.js';

const EMPTY: Flow = { waitingMessages: 0, outOfOrder: 0, batchWaits: false, writingMs: 0, empty: true };
const IDLE = { threads: 2, busy: 0, queued: 0, restarts: 0 };
const BUSY = { threads: 2, busy: 1, queued: 0, restarts: 0 };

const stage = (changes: Partial<EngineStatus>, flow: Partial<Flow> = {}): string | null =>
  stalledBy(engineStatus({ workers: IDLE, ...changes }), { ...EMPTY, ...flow });

describe('what the flow stands still for', () => {
  it('is nothing at the head, while all is on its way, and while the engine does not read', () => {
    assert.equal(stage({ partitions: [partitionStatus({ lag: 0 })] }), null);
    assert.equal(stage({ workers: BUSY }, { empty: false }), null);
    assert.equal(stage({}, { empty: false, writingMs: 10 }), null);
    for (const state of ['starting', 'standby', 'drained', 'stopped', 'failed'] as const)
      assert.equal(stage({ state, kafka: { connected: false, groupSteady: false } }), null, state);
  });

  it('is the database while it is away, and before anything else that it may have caused', () => {
    const open = { reachable: true, unreachableSince: null, breaker: 'open', breakerOpenSince: NOW_MS } as const;
    assert.equal(stage({ database: open }, { waitingMessages: 5 }), 'postgres');
    assert.equal(
      stage({ database: { ...open, reachable: false, unreachableSince: 0, breaker: 'closed' } }),
      'postgres',
    );
    assert.equal(stage({ workers: BUSY }, { batchWaits: true, waitingMessages: 5 }), 'postgres');
    assert.equal(stage({}, { writingMs: 250, outOfOrder: 1, empty: false }), 'postgres');
    assert.equal(stage({ held: true }, { empty: false }), 'postgres');
  });

  it('is the workers while messages or slabs wait for one', () => {
    assert.equal(stage({ workers: BUSY }, { waitingMessages: 1, empty: false }), 'workers');
    assert.equal(stage({ workers: { ...BUSY, queued: 1 } }, { outOfOrder: 3, empty: false }), 'workers');
    assert.equal(stage({ workers: BUSY, held: true }, { waitingMessages: 1, empty: false }), 'workers');
  });

  it('is the reassembler while results wait for an earlier one and a worker would be free', () => {
    assert.equal(stage({ workers: BUSY }, { outOfOrder: 1, empty: false }), 'reassembler');
  });

  it('is the broker while it is away, or something is to be had and nothing comes', () => {
    assert.equal(stage({ kafka: { connected: false, groupSteady: true } }), 'kafka');
    assert.equal(stage({ kafka: { connected: true, groupSteady: false } }), 'kafka');
    assert.equal(stage({}), 'kafka', 'a lag, and nothing on its way');
    assert.equal(stage({ kafka: { connected: false, groupSteady: true } }, { empty: false }), null, 'still at work');
  });
});

describe('the window of stalls', () => {
  it('shares out what was counted', () => {
    const window = new StallWindow();
    window.apply({ ...NO_SECONDS, postgres: 100 }, NOW_MS);
    window.apply({ ...NO_SECONDS, postgres: 106, workers: 1 }, NOW_MS + 10_000);
    const { shares, stage: worst, windowSeconds } = window.stall();
    assert.deepEqual([shares.postgres, shares.workers, worst, windowSeconds], [0.6, 0.1, 'postgres', 10]);
  });

  it('knows nothing before a second look', () => {
    const window = new StallWindow();
    window.apply({ ...NO_SECONDS, kafka: 9 }, NOW_MS);
    assert.deepEqual(window.stall(), { windowSeconds: 0, shares: NO_SECONDS, stage: null });
  });

  it('names no stage for a share that is noise, and forgets after a minute', () => {
    const window = new StallWindow();
    window.apply(NO_SECONDS, NOW_MS);
    for (let second = 1; second <= 60; second++) window.apply({ ...NO_SECONDS, kafka: 1 }, NOW_MS + second * 1_000);
    assert.equal(window.stall().stage, null);
    assert.ok(window.stall().shares.kafka > 0);
    window.apply({ ...NO_SECONDS, kafka: 1 }, NOW_MS + 61_000);
    assert.equal(window.stall().shares.kafka, 0);
  });
});
