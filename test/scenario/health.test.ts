import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../src/commands/demo/free-port.js';
import { until } from '../kafka/until.js';
import { MockCluster } from '../support/mock-cluster.js';
import { onScene } from './scene.js';
import { Stage, TOPIC } from './stage.js';
import { WatchedEngine } from './watched-engine.js';

/** No engine dies: none is to be taken for dead on a machine that is busy. */
const CLUSTER = { sessionTimeoutMs: 30_000 };
const FIRST_PORT = 15_000 + (process.pid % 5_000);
const LATE_MS = 1_000;

const preloaded = (fixture: string): Record<string, string> => ({
  NODE_OPTIONS: `--import=${new URL(`./fixtures/${fixture}.js`, import.meta.url).href}`,
});

const bad = (value: string, partition: number) =>
  ({ partition, value: Uint8Array.from(Buffer.from(value)), trades: [], poison: 'random' }) as const;

describe('a running engine', { concurrency: 3 }, () => {
  test('is live and ready, but not before it is up nor with its database away, and says so', () =>
    onScene(CLUSTER, async ({ stage, proxy, proxied, send, owns }) => {
      const refuse = (): void => {
        proxy.use(() => {
          proxy.cut();
          return 'drop';
        });
        proxy.cut();
      };
      refuse();
      const port = await freePort(FIRST_PORT);
      const breaker = { BREAKER_FAILURE_THRESHOLD: '2', BREAKER_OPEN_MS: '2000', READY_BREAKER_OPEN_MS: '1000' };
      const engine = stage.engine({ DATABASE_URL: proxied, HEALTH_CHECK_PORT: String(port), ...breaker });
      const watched = await WatchedEngine.of(engine, port ?? 0);
      await until('it listens', async () =>
        watched.health('/live').then(
          () => true,
          () => false,
        ),
      );
      await watched.answers('/ready', 503, /the engine is starting/);
      assert.equal((await watched.answers('/health', 503, /database is not reachable/)).database_connected, false);
      assert.equal((await watched.health('/live')).code, 200, 'a restart would not help');
      proxy.clear();
      await watched.answers('/ready', 200);
      await owns(engine);

      const lock = await stage.lockOffsets();
      await send(20);
      await watched.sees('messages are in flight', 'engine_inflight_bytes', {}, (sum) => sum > 0);
      refuse();
      await until('the log says so', () => watched.lines('not_ready').length > 0);
      await watched.answers('/ready', 503, /the database has been given up for \d+ s/);
      const body = await watched.answers('/health', 503);
      assert.deepEqual([body.database_connected, body.kafka_connected, body.status], [false, true, 'unhealthy']);
      await watched.answers('/live', 200);
      proxy.clear();
      await lock.release();
      await stage.settled();
      await watched.answers('/ready', 200);
      const healthy = await watched.answers('/health', 200);
      assert.deepEqual([healthy.database_connected, healthy.lag, healthy.state], [true, 0, 'active']);
      for (const code of ['breaker_open', 'not_ready', 'breaker_closed', 'ready'])
        await until(`the log tells the same: ${code}`, () => watched.lines(code).length > 0);

      const drained = await stage.lockOffsets();
      await send(20);
      await watched.sees('messages are in flight', 'engine_inflight_bytes', {}, (sum) => sum > 0);
      engine.signal('SIGTERM');
      await watched.answers('/ready', 503, /the engine is draining/);
      assert.equal((await watched.health('/live')).code, 200);
      await drained.release();
      assert.deepEqual(await engine.ended(), { code: 0, signal: null }, engine.output);
    }));

  test('is ready with a broker and not without, and live either way', () =>
    onScene(CLUSTER, async ({ cluster, stage, send, owns, endsClean }) => {
      const engine = stage.engine();
      const watched = await WatchedEngine.of(engine);
      await owns(engine);
      await watched.answers('/ready', 200);
      assert.equal((await watched.answers('/health', 200)).kafka_connected, true);
      await cluster.down(1);
      await watched.answers('/ready', 503, /no broker is connected/);
      assert.equal((await watched.health('/health')).body.kafka_connected, false);
      assert.equal((await watched.health('/live')).code, 200);
      await cluster.up(1);
      await watched.answers('/ready', 200);
      await send(10);
      await stage.settled();
      await endsClean(engine);
    }));

  test('is ready though others have all the partitions, and on standby', async () => {
    const cluster = await MockCluster.start(CLUSTER);
    await cluster.createTopic(TOPIC, 1);
    const stage = await Stage.open({ broker: cluster });
    try {
      const owner = await WatchedEngine.of(stage.engine());
      await stage.owns(owner.engine, 1);
      const idle = await WatchedEngine.of(stage.engine());
      await idle.answers('/ready', 200);
      const all = [owner, idle];
      const shares = await Promise.all(all.map(async (one) => (await one.health('/health')).body.partitions));
      assert.deepEqual(shares.map((share) => (share as unknown[]).length).sort(), [0, 1]);
      for (const one of all)
        assert.deepEqual([(await one.health('/live')).code, (await one.health('/health')).code], [200, 200]);
      const standby = await WatchedEngine.of(stage.engine({ START_MODE: 'standby' }));
      assert.equal((await standby.answers('/ready', 200)).state, 'standby');
      await standby.answers('/live', 200);
    } finally {
      await stage.close();
    }
  });

  test('is live until a partition stands still while its end moves, and again when it goes on', () =>
    onScene(CLUSTER, async ({ stage, owns }) => {
      const engine = stage.engine({
        ...preloaded('unruly-workers'),
        WORKER_TASK_TIMEOUT_MS: '3600000',
        WORKER_TASK_ATTEMPTS: '1',
        LIVE_STUCK_MS: '2000',
        DEAD_LETTERS_IN_A_ROW: '1000000',
        DEAD_LETTERS_PERCENT_MAX: '100',
      });
      const watched = await WatchedEngine.of(engine);
      await owns(engine);
      await watched.answers('/live', 200);
      await stage.send([bad('HANGS THE WORKER', 1)]);
      await until('it stands still while its end moves', async () => {
        await stage.send([bad('behind it', 1)]);
        return (await watched.health('/live')).code === 503;
      });
      const { reasons } = await watched.answers('/live', 503, /partition solana\.dextrades\.proto\/1 stands still/);
      assert.equal(reasons.length, 1, reasons.join('; '));
      const health = await watched.answers('/health', 503);
      assert.deepEqual(health.stuck_partitions, [`${TOPIC}/1`]);
      assert.deepEqual([health.database_connected, health.kafka_connected], [true, true]);
      assert.equal((await watched.health('/ready')).code, 200);
      assert.ok(watched.lines('not_live').length > 0);
      let killed = 0;
      await until('it goes on', async () => {
        const { workers } = (await watched.health('/health')).body.components as { workers: Record<string, number> };
        if (workers.busy === 1 && workers.restarts === killed) {
          engine.signal('SIGUSR2'); // ends the thread, which has the same message again until it is known for poison
          killed += 1;
        }
        return (await stage.progress()) >= stage.end;
      });
      await watched.answers('/live', 200);
      await until('the log says so', () => watched.lines('live_again').length > 0);
    }));

  test('is live until its poll loop stands still, and again when it ticks', () =>
    onScene(CLUSTER, async ({ stage, send, owns, endsClean }) => {
      const folder = mkdtempSync(join(tmpdir(), 'health-'));
      const pipe = join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      const engine = stage.engine({ ...preloaded('blocked-threads'), PIPE: pipe, LIVE_POLL_STALLED_MS: '1500' });
      const watched = await WatchedEngine.of(engine);
      await owns(engine);
      await watched.answers('/live', 200);
      engine.signal('SIGUSR2');
      await watched.answers('/live', 503, /the poll loop has not ticked for \d+ s/);
      const writer = openSync(pipe, 'w');
      await watched.answers('/live', 200);
      await send(10);
      await stage.settled();
      await endsClean(engine);
      closeSync(writer); // a thread that opens the pipe only now would wait for another
      rmSync(folder, { recursive: true });
    }));

  test('answers nothing while its event loop is blocked, which is what /live is asked for', () =>
    onScene(CLUSTER, async ({ stage, send, owns, endsClean }) => {
      const folder = mkdtempSync(join(tmpdir(), 'health-'));
      const file = join(folder, 'blocked');
      const engine = stage.engine({ ...preloaded('blocked-main'), BLOCKED_WHILE: file });
      const watched = await WatchedEngine.of(engine);
      await owns(engine);
      await watched.answers('/live', 200);
      engine.signal('SIGUSR2');
      await until('it is blocked', () => existsSync(file));
      const answer = watched.health('/live').then(() => 'in time');
      assert.equal(await Promise.race([answer, delay(LATE_MS, 'late')]), 'late');
      rmSync(folder, { recursive: true });
      await answer;
      await watched.answers('/live', 200);
      await send(10);
      await stage.settled();
      await endsClean(engine);
    }));

  test('is neither live nor ready when it has failed, for as long as it takes to end', () =>
    onScene(CLUSTER, async ({ stage, owns, send }) => {
      const engine = stage.engine({ DEAD_LETTERS_IN_A_ROW: '1' });
      const watched = await WatchedEngine.of(engine);
      await owns(engine);
      // Partition 0 cannot land meanwhile, so the end takes a while.
      const lock = await stage.lockPosition(0);
      await send(20);
      await until('partition 0 waits', () => lock.isWaitedFor());
      await stage.send([bad('no message', 1)]);
      const { reasons } = await watched.answers('/live', 503, /the engine has failed/);
      assert.equal(reasons.length, 1, reasons.join('; '));
      const health = await watched.answers('/health', 503);
      assert.match(String(health.failure), /dead letters/);
      await watched.answers('/ready', 503, /the engine is failed/);
      await lock.release();
      assert.equal((await engine.ended()).code, 1, engine.output);
      assert.equal(watched.lines('engine_failed')[0]?.['error.code'], 'DEAD_LETTER_FLOOD');
    }));
});
