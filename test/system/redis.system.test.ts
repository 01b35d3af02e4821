import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { until } from '../kafka/until.js';
import { onScene, type Scene } from '../scenario/scene.js';
import { WatchedEngine } from '../scenario/watched-engine.js';
import { makeCertificate } from '../support/certificate.js';
import { RedisServer, withoutRedis } from '../support/redis-server.js';
import { missingInStream, STREAM } from './published.js';

/** No engine dies: none is to be taken for dead on a machine that is busy. */
const CLUSTER = { sessionTimeoutMs: 30_000 };
const BUFFER_BYTES = 131_072;
const SECRET = 'k7-not-to-be-shown';

interface RedisScene extends Scene {
  readonly redis: RedisServer;
  /** An engine that publishes there, once it owns its partitions. */
  engine(more?: Record<string, string>): Promise<WatchedEngine>;
}

async function withRedis(settings: readonly string[], scenario: (scene: RedisScene) => Promise<void>): Promise<void> {
  const redis = await RedisServer.start(settings);
  try {
    await onScene(CLUSTER, (scene) =>
      scenario({
        ...scene,
        redis,
        engine: async (more = {}) => {
          const engine = scene.stage.engine({ REDIS_URL: redis.url, ...more });
          const watched = await WatchedEngine.of(engine);
          await scene.owns(engine, 1);
          return watched;
        },
      }),
    );
  } finally {
    await redis.close();
  }
}

/** Trades that were published, or not, by these engines. */
async function toldOf(engines: readonly WatchedEngine[]): Promise<{ published: number; dropped: number }> {
  const all = await Promise.all(engines.map((engine) => engine.metrics()));
  const sum = (name: string): number => all.reduce((total, metrics) => total + metrics.sum(name), 0);
  return { published: sum('redis_published_total'), dropped: sum('redis_dropped_total') };
}

/** Waits until everything sent has landed and each trade is published or counted as dropped. */
async function accounted(
  { stage }: Scene,
  ...engines: WatchedEngine[]
): Promise<{ published: number; dropped: number }> {
  await stage.settled();
  const [row] = await stage.database.query<{ count: number }>('SELECT count(*)::int FROM solana_dex_trades');
  let told = await toldOf(engines);
  await until(
    `all of ${row?.count} trades are accounted for`,
    async () => {
      told = await toldOf(engines);
      return told.published + told.dropped === row?.count;
    },
    { explain: () => JSON.stringify(told) },
  );
  return told;
}

async function settledWell(engine: WatchedEngine): Promise<void> {
  await engine.answers('/ready', 200);
  await engine.answers('/health', 200);
  await engine.sees('nothing waits', 'kafka_consumer_lag', {}, (sum) => sum === 0);
}

describe('engines that publish in Redis', { skip: withoutRedis(), concurrency: 3 }, () => {
  test('publish every trade that lands, once, with its values and in the order of its partition', () =>
    withRedis([], async (scene) => {
      const { stage, redis, send, owns, endsClean } = scene;
      const first = await scene.engine();
      await owns(first.engine);
      await send(80);
      await accounted(scene, first);
      const second = await scene.engine();
      for (let i = 0; i < 5; i++) await send(30);
      const { published, dropped } = await accounted(scene, first, second);
      assert.ok(published > 300, `${published} trades`);
      assert.equal(dropped, 0);
      assert.equal(await missingInStream(redis, stage.database), 0);
      const { components } = (await first.health('/health')).body as unknown as { components: { redis: object } };
      assert.deepEqual(
        { ...components.redis, published: 0 },
        {
          connected: true,
          breaker: 'closed',
          breaker_open_ms: null,
          buffer_bytes: 0,
          published: 0,
          dropped: 0,
        },
      );
      await endsClean(first.engine, second.engine);
    }));

  test('land on as before while Redis is dead, stands still or is full, count what it misses, and publish again by themselves', (context) =>
    withRedis([], async (scene) => {
      const { stage, redis, send, owns, endsClean } = scene;
      const watched = await scene.engine({ REDIS_BUFFER_BYTES: String(BUFFER_BYTES) });
      await owns(watched.engine);
      await send(20);
      await accounted(scene, watched);
      assert.equal(await missingInStream(redis, stage.database), 0);

      const misfortunes: [name: string, begin: () => Promise<unknown>, end: () => Promise<unknown>][] = [
        ['dead', () => redis.kill(), () => redis.start()],
        ['still', async () => redis.signal('SIGSTOP'), async () => redis.signal('SIGCONT')],
        [
          'full',
          () => redis.command('CONFIG', 'SET', 'maxmemory', '1'),
          () => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
        ],
      ];
      for (const [name, begin, end] of misfortunes) {
        const before = await toldOf([watched]);
        await begin();
        let largest = 0;
        for (let i = 0; i < 6; i++) {
          await send(30);
          await stage.settled();
          largest = Math.max(largest, (await watched.metrics()).sum('redis_buffer_bytes'));
        }
        await watched.sees(`open while ${name}`, 'circuit_breaker_state', { name: 'redis' }, (sum) => sum === 2);
        await settledWell(watched);
        const during = await toldOf([watched]);
        assert.ok(during.dropped > before.dropped, `nothing was dropped while ${name}`);
        assert.ok(largest > 0 && largest <= BUFFER_BYTES, `${largest} bytes waited while ${name}`);
        context.diagnostic(`${name}: ${during.dropped - before.dropped} dropped, at most ${largest} bytes waited`);

        await end();
        // Whether Redis answers is only found out where there is something to publish.
        await until(`closed after ${name}`, async () => {
          await send(1);
          return (await watched.metrics()).sum('circuit_breaker_state', { name: 'redis' }) === 0;
        });
        await send(10);
        const after = await accounted(scene, watched);
        assert.ok(after.published > before.published, `nothing was published after ${name}`);
        await watched.sees(`empty after ${name}`, 'redis_buffer_bytes', {}, (sum) => sum === 0);
        await missingInStream(redis, stage.database);
      }
      assert.ok(watched.lines('redis_lost').length > 0 && watched.lines('redis_dropping').length > 0);
      assert.ok(watched.lines('redis_connected').length >= 3);
      await endsClean(watched.engine);
    }));

  test('publish nothing before its commit: not while it waits, not where it fails, and once where its answer is lost', () =>
    withRedis([], async (scene) => {
      const { stage, redis, proxy, proxied, send, owns, endsClean } = scene;
      const watched = await scene.engine({ DATABASE_URL: proxied, DATABASE_FLUSH_TIMEOUT_MS: '5000' });
      await owns(watched.engine);
      const length = async (): Promise<number> => Number(await redis.command('XLEN', STREAM));

      const lock = await stage.lockOffsets();
      await send(20);
      await until('a write waits', () => lock.isWaitedFor());
      assert.equal(await length(), 0);
      await lock.release();
      await accounted(scene, watched);
      const before = await length();

      // Every COMMIT is cut off on its way there, again and again.
      let cut = 0;
      proxy.use((from, chunk, { client, server }) => {
        if (from !== 'client' || !chunk.includes('kafka_offsets_advance')) return 'pass';
        cut += 1;
        client.destroy();
        server.destroy();
        return 'drop';
      });
      await send(20);
      await until('three commits have failed', () => cut >= 3);
      assert.equal(await length(), before);
      assert.equal((await watched.metrics()).sum('redis_buffer_bytes'), 0, 'and none is kept to be published');
      proxy.clear();
      await accounted(scene, watched);
      assert.equal(await missingInStream(redis, stage.database), 0);

      const lost = proxy.loseAnswerTo('kafka_offsets_advance');
      await send(20);
      await lost;
      proxy.clear();
      await accounted(scene, watched);
      assert.equal(await missingInStream(redis, stage.database), 0);
      await endsClean(watched.engine);
    }));

  test('start, land and end beside a Redis that refuses their password, and show it nowhere', () =>
    withRedis(['--requirepass', 'another'], async (scene) => {
      const { send, owns, stage, endsClean } = scene;
      const url = new URL(scene.redis.url);
      Object.assign(url, { username: 'default', password: SECRET });
      const watched = await scene.engine({ REDIS_URL: url.href, LOG_LEVEL: 'trace' });
      await owns(watched.engine);
      await send(20);
      await stage.settled();
      await until('it says so', () => watched.lines('redis_lost').length > 0);
      const [line] = watched.lines('redis_lost');
      assert.match(String(line?.message), /does not accept user and password of REDIS_URL \(WRONGPASS/);
      await settledWell(watched);
      const port = await watched.engine.healthPort();
      for (const path of ['/health', '/metrics', '/api/status', '/']) {
        const shown = await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
        assert.ok(!shown.includes(SECRET), path);
      }
      await endsClean(watched.engine);
      assert.ok(!watched.engine.output.includes(SECRET));
    }));

  test('end in time beside a Redis that stands still, and tell what they leave behind', () =>
    withRedis([], async (scene) => {
      const { send, owns, stage, redis, endsClean } = scene;
      const watched = await scene.engine({ SHUTDOWN_TIMEOUT_MS: '35000' });
      await owns(watched.engine);
      await send(10);
      await accounted(scene, watched);
      redis.signal('SIGSTOP');
      await send(10);
      await stage.settled();
      await endsClean(watched.engine);
      assert.equal(watched.lines('shutdown_deadline').length, 0);
      assert.ok(watched.lines('redis_dropping').length > 0);
      redis.signal('SIGCONT');
    }));

  test('publish over TLS where they are told whom to trust', async () => {
    const authority = makeCertificate({ name: 'redis-ca' });
    const redis = await RedisServer.start([], makeCertificate({ name: 'localhost', issuer: authority }));
    const file = join(tmpdir(), `redis-ca-${process.pid}.pem`);
    writeFileSync(file, authority.certificate);
    try {
      await onScene(CLUSTER, async (scene) => {
        const engine = scene.stage.engine({ REDIS_URL: `rediss://localhost:${redis.port}`, NODE_EXTRA_CA_CERTS: file });
        const watched = await WatchedEngine.of(engine);
        await scene.owns(engine);
        await scene.send(10);
        const { published, dropped } = await accounted(scene, watched);
        assert.ok(published > 0);
        assert.equal(dropped, 0);
        await scene.endsClean(engine);
      });
    } finally {
      await redis.close();
    }
  });
});
