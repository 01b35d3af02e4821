import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StallWindow, waitsFor } from '../../../src/observe/dashboard/stall.js';
import { engineStatus, NOW_MS } from '../fixtures.js';

const well = engineStatus();
const NONE = { kafka: 0, workers: 0, reassembler: 0, postgres: 0 };

describe('what the flow waits for', () => {
  it('is nothing while nothing waits, and while the engine does not run', () => {
    assert.equal(waitsFor(well, 0), null);
    assert.equal(
      waitsFor(engineStatus({ state: 'starting', kafka: { connected: false, groupSteady: false } }), 0),
      null,
    );
  });

  it('is the database before anything else that it may have caused', () => {
    const database = { reachable: true, breaker: 'open', breakerOpenSince: NOW_MS } as const;
    assert.equal(waitsFor(engineStatus({ database, held: true }), 5), 'postgres');
    assert.equal(waitsFor(engineStatus({ held: true }), 5), 'postgres');
  });

  it('is the workers while all are busy and more waits for them', () => {
    assert.equal(waitsFor(engineStatus({ workers: { threads: 2, busy: 2, queued: 1, restarts: 0 } }), 5), 'workers');
    assert.equal(waitsFor(engineStatus({ workers: { threads: 2, busy: 2, queued: 0, restarts: 0 } }), 5), null);
  });

  it('is the broker while it is away, or something is to be had and nothing comes', () => {
    assert.equal(waitsFor(engineStatus({ kafka: { connected: false, groupSteady: true } }), 0), 'kafka');
    const idle = engineStatus({ inflightBytes: 0, workers: { threads: 2, busy: 0, queued: 0, restarts: 0 } });
    assert.equal(waitsFor(idle, 5), 'kafka');
    assert.equal(waitsFor(idle, 0), null);
  });
});

describe('the window of stalls', () => {
  it('shares out what was counted', () => {
    const window = new StallWindow();
    window.apply({ ...NONE, postgres: 100 }, null, NOW_MS);
    window.apply({ ...NONE, postgres: 106, workers: 1 }, null, NOW_MS + 10_000);
    const { shares, stage, windowSeconds } = window.stall();
    assert.deepEqual([shares.postgres, shares.workers, stage, windowSeconds], [0.6, 0.1, 'postgres', 10]);
  });

  it('goes by what was seen where nothing is counted', () => {
    const window = new StallWindow();
    for (let second = 0; second < 10; second++)
      window.apply(null, second < 3 ? 'workers' : null, NOW_MS + second * 1_000);
    assert.equal(window.stall().shares.workers, 0.3);
    assert.equal(window.stall().stage, 'workers');
  });

  it('names no stage for a share that is noise, and forgets after a minute', () => {
    const window = new StallWindow();
    window.apply(null, 'kafka', NOW_MS);
    for (let second = 1; second < 60; second++) window.apply(null, null, NOW_MS + second * 1_000);
    assert.equal(window.stall().stage, null);
    assert.ok(window.stall().shares.kafka > 0);
    window.apply(null, null, NOW_MS + 61_000);
    assert.equal(window.stall().shares.kafka, 0);
  });
});
