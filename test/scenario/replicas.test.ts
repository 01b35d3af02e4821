import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { onScene } from './scene.js';

const CLUSTER = { sessionTimeoutMs: 4_000 };
/** Small batches, so that whatever happens happens in the middle of some. */
const SMALL = { BATCH_MAX_ROWS: '20', SLAB_MAX_BYTES: '20000', DATABASE_LANES: '1' };

describe('under load', { concurrency: 2 }, () => {
  test('engines that join and leave in a loop, two and three at a time, lose and double nothing', () =>
    onScene(CLUSTER, async ({ stage, send, owns, endsClean }) => {
      const first = stage.engine(SMALL);
      await owns(first);
      for (let round = 0; round < 2; round += 1) {
        const sending = send(120);
        const second = stage.engine(SMALL);
        const third = stage.engine(SMALL);
        await Promise.all([owns(second, 1), owns(third, 1), sending]);
        const more = send(120);
        assert.deepEqual(await second.stop(), { code: 0, signal: null }, second.output);
        await third.kill();
        await more;
        await owns(first);
      }
      await stage.settled();
      await endsClean(first);
    }));

  test('replicas that go from one to four and back to one lose and double nothing', () =>
    onScene(CLUSTER, async ({ stage, send, owns, endsClean }) => {
      const one = stage.engine(SMALL);
      await Promise.all([owns(one), send(80)]);
      const sending = send(120);
      const more: EngineProcess[] = Array.from({ length: 3 }, () => stage.engine(SMALL));
      await Promise.all([one, ...more].map((engine) => owns(engine, 1)));
      await sending;
      const last = send(120);
      for (const engine of more) assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
      await last;
      await owns(one);
      await stage.settled();
      await endsClean(one);
    }));
});

test('a partition taken away while its work in flight takes longer than the drain may is landed once, by the next owner', () =>
  onScene(CLUSTER, async ({ stage, send, sendTrades, owns, endsClean }) => {
    const drain = { KAFKA_SESSION_TIMEOUT_MS: '2000', DATABASE_STALE_BACKEND_MS: '60000' }; // drains for a second
    const first = stage.engine(drain);
    await send(20);
    await stage.settled();
    await owns(first);
    const lock = await stage.lockTrades();
    const landed = await stage.progress();
    await sendTrades(60);
    await until('its COPY waits for the lock', () => lock.isWaitedFor());
    const second = stage.engine(drain);
    await owns(second, 1);
    const before = await stage.progress();
    assert.equal(before, landed, 'the second has claimed while nothing of what is in flight has landed');
    await lock.release();
    await stage.settled();
    await Promise.all([owns(first, 1), owns(second, 1)]);
    await endsClean(first, second);
  }));
