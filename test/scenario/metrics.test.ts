import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { encodeDexParsedBlockMessage } from '../../proto/full-codec.js';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import type { GeneratedMessage } from '../../src/commands/demo/generator/message.js';
import { METRIC_DEFINITIONS } from '../../src/observe/metric-definitions.js';
import type { Exposition, Labels } from '../support/exposition.js';
import { memoryCgroup } from '../support/memory-cgroup.js';
import { key, leg, messageOf, PARTIES, tradeOf, transactionOf } from '../support/messages.js';
import { ANSWER, REQUEST } from '../support/mock-cluster.js';
import { onScene } from './scene.js';
import { TOPIC } from './stage.js';
import { WatchedEngine } from './watched-engine.js';

/** No engine dies: none is to be taken for dead on a machine that is busy. */
const CLUSTER = { sessionTimeoutMs: 30_000 };
const BUDGET_BYTES = 16_777_216;
const LIMIT_BYTES = 1_073_741_824;
const topic = { topic: TOPIC };
const group = { ...topic, group: 'scenario' };

/** Metrics that were seen to move with what they measure. */
const shown = new Set<string>();

const good = (count: number, startSlot: number, more: object = {}): GeneratedMessage[] =>
  takeMessages(count, { seed: startSlot, transactionsPerSlot: 20, startSlot, poisonShare: 0, ...more });

const bad = (value: Uint8Array<ArrayBuffer>, partition: number) =>
  ({ partition, value, trades: [], poison: 'random' }) as const;

const text = (words: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(words));

const preloaded = (fixture: string): Record<string, string> => ({
  NODE_OPTIONS: `--import=${new URL(`./fixtures/${fixture}.js`, import.meta.url).href}`,
});

/** A message of one transaction, always the same but for an amount. */
const transactionFor = (amount: number): Uint8Array<ArrayBuffer> => {
  const trade = tradeOf({ Buy: leg(key(PARTIES.mint), amount) });
  return Uint8Array.from(encodeDexParsedBlockMessage(messageOf([transactionOf([trade])], { Slot: 469_000_000 })));
};

function assertAll(metrics: Exposition, wanted: readonly [name: string, labels: Labels, value: number][]): void {
  for (const [name, labels, value] of wanted) {
    assert.equal(metrics.sum(name, labels), value, `${name} ${JSON.stringify(labels)}`);
    shown.add(name);
  }
}

/** Waits until a metric is as it should be, and counts it as shown. */
async function sees(
  engine: WatchedEngine,
  name: string,
  labels: Labels,
  is: (sum: number) => boolean,
): Promise<number> {
  const sum = await engine.sees(is.toString(), name, labels, is);
  shown.add(name);
  return sum;
}

/** Waits until more was counted than now. */
async function grows(engine: WatchedEngine, name: string, labels: Labels, by: number): Promise<void> {
  const before = (await engine.metrics()).sum(name, labels) || 0;
  await sees(engine, name, labels, (sum) => sum >= before + by);
}

describe('the metrics of a running engine', { concurrency: 3 }, () => {
  test('count what landed, to the last message', () =>
    onScene(CLUSTER, async ({ stage, owns }) => {
      const engine = stage.engine({ MEMORY_BUDGET_BYTES: String(BUDGET_BYTES) });
      const watched = await WatchedEngine.of(engine);
      await owns(engine);
      const empty = await watched.metrics();
      for (const name of [
        'trades_written_total',
        'pg_copy_rows_total',
        'pg_copy_bytes_total',
        'duplicates_dropped_total',
      ])
        assert.equal(empty.sum(name), 0, name);
      const sent = [...good(80, 460_000_000), bad(Uint8Array.of(0x0f, 1, 2, 3), 2)];
      await stage.send(sent);
      await stage.settled();
      await sees(watched, 'kafka_partition_high_watermark_offset', topic, (sum) => sum === sent.length);
      // The rows are there before the engine hears of it, and before the group is told.
      await sees(watched, 'messages_processed_total', topic, (sum) => sum === sent.length);
      await sees(watched, 'kafka_consumer_committed_offset', group, (sum) => sum === sent.length);
      await sees(watched, 'kafka_consumer_lag', group, (sum) => sum === 0);
      await sees(watched, 'kafka_consumer_lag_seconds', group, (sum) => sum === 0);
      await sees(watched, 'engine_inflight_bytes', {}, (sum) => sum === 0);

      const [rows] = await stage.database.query<{ count: number }>('SELECT count(*)::int FROM solana_dex_trades');
      const metrics = await watched.metrics();
      assertAll(metrics, [
        ['messages_processed_total', topic, sent.length],
        ['messages_bytes_total', topic, sent.reduce((sum, { value }) => sum + value.byteLength, 0)],
        ['trades_written_total', {}, rows!.count],
        ['pg_copy_rows_total', {}, rows!.count],
        ['dead_letters_total', {}, 1],
        ['kafka_consumer_committed_offset', group, sent.length],
        ['kafka_consumer_lag', group, 0],
        ['kafka_consumer_lag_seconds', group, 0],
        ['kafka_consumer_assigned_partitions', group, 4],
        ['kafka_topic_partitions', topic, 4],
        ['engine_state', { state: 'active' }, 1],
        ['engine_state', {}, 1],
        ['engine_inflight_bytes', {}, 0],
        ['engine_budget_bytes', {}, BUDGET_BYTES],
        ['engine_build_info', { node_version: process.version, colour: 'none' }, 1],
      ]);
      for (const name of ['duplicates_dropped_total', 'pg_copy_bytes_total', 'worker_busy_seconds_total']) {
        assert.ok(metrics.sum(name) > 0, name);
        shown.add(name);
      }
      for (const stageName of ['queue', 'decode', 'order', 'write'])
        assert.ok(
          metrics.sum('message_processing_duration_seconds_count', { ...topic, stage: stageName }) > 0,
          stageName,
        );
      for (const name of [
        'end_to_end_latency_seconds',
        'pg_copy_duration_seconds',
        'message_processing_duration_seconds',
      ]) {
        assert.ok(metrics.sum(`${name}_sum`) > 0, name);
        shown.add(name);
      }
      if (spawnSync('promtool', ['--version']).status === 0) {
        const check = spawnSync('promtool', ['check', 'metrics'], { input: metrics.text, encoding: 'utf8' });
        assert.equal(check.stdout + check.stderr, '');
      }
      for (const amount of [1_000, 2_000]) {
        await stage.send([{ partition: 1, value: transactionFor(amount), trades: [], poison: null }]);
        await stage.settled();
      }
      await sees(watched, 'duplicates_conflicting_total', {}, (sum) => sum === 1);
    }));

  test('tell of a database that is locked, then away', () =>
    onScene(CLUSTER, async ({ stage, send, owns, proxy, proxied }) => {
      const breaker = { BREAKER_FAILURE_THRESHOLD: '2', BREAKER_SUCCESS_THRESHOLD: '1', BREAKER_OPEN_MS: '3000' };
      const engine = stage.engine({ DATABASE_URL: proxied, ...breaker });
      const watched = await WatchedEngine.of(engine);
      await owns(engine);
      const lock = await stage.lockOffsets();
      await send(20);
      await sees(watched, 'kafka_consumer_lag', group, (sum) => sum > 0);
      await sees(watched, 'engine_inflight_bytes', {}, (sum) => sum > 0);
      await grows(watched, 'engine_stall_seconds_total', { stage: 'postgres' }, 0.5);
      const age = await sees(watched, 'kafka_consumer_lag_seconds', group, (sum) => sum > 0);
      await sees(watched, 'kafka_consumer_lag_seconds', group, (sum) => sum > age + 1);
      assert.equal((await watched.metrics()).sum('circuit_breaker_state'), 0);

      proxy.use(() => {
        proxy.cut();
        return 'drop';
      });
      proxy.cut();
      await sees(watched, 'circuit_breaker_state', { name: 'postgres' }, (sum) => sum === 2);
      await sees(watched, 'processing_errors_total', { stage: 'postgres' }, (sum) => sum >= 2);
      await sees(watched, 'kafka_consumer_useful_lag', group, (sum) => sum === 0);
      assert.ok((await watched.metrics()).sum('kafka_consumer_lag') > 0, 'there is a lag, and no use in more engines');
      proxy.clear();
      await lock.release();
      await stage.settled();
      await sees(watched, 'kafka_consumer_lag', group, (sum) => sum === 0);
      await sees(watched, 'kafka_consumer_lag_seconds', group, (sum) => sum === 0);
      await sees(watched, 'circuit_breaker_state', { name: 'postgres' }, (sum) => sum === 0);

      const drained = await stage.lockOffsets();
      await send(20);
      await sees(watched, 'engine_inflight_bytes', {}, (sum) => sum > 0);
      engine.signal('SIGTERM');
      await sees(watched, 'engine_state', { state: 'draining' }, (sum) => sum === 1);
      await drained.release();
      assert.deepEqual(await engine.ended(), { code: 0, signal: null }, engine.output);
    }));

  test('tell of a broker that is away or refuses commits', () =>
    onScene(CLUSTER, async ({ cluster, stage, send, owns, endsClean }) => {
      const engine = stage.engine();
      const watched = await WatchedEngine.of(engine);
      await owns(engine);
      const failures = 'kafka_consumer_commit_failures_total';
      const before = (await watched.metrics()).sum(failures);
      await cluster.failNext(REQUEST.offsetCommit, 50, ANSWER.unknown);
      await send(20);
      await sees(watched, failures, {}, (sum) => sum > before);
      await cluster.heal(REQUEST.offsetCommit);
      assert.equal((await watched.metrics()).sum('kafka_connection_active'), 1);
      await cluster.down(1);
      await sees(watched, 'kafka_connection_active', {}, (sum) => sum === 0);
      await sees(watched, 'processing_errors_total', { stage: 'kafka' }, (sum) => sum > 0);
      await grows(watched, 'engine_stall_seconds_total', { stage: 'kafka' }, 0.5);
      await cluster.up(1);
      await sees(watched, 'kafka_connection_active', {}, (sum) => sum === 1);
      await stage.settled();
      await endsClean(engine);
    }));

  test('tell of workers that hang', () =>
    onScene(CLUSTER, async ({ stage, owns }) => {
      const engine = stage.engine({
        ...preloaded('unruly-workers'),
        WORKER_THREADS: '2',
        WORKER_TASK_TIMEOUT_MS: '20000',
        SLAB_MAX_BYTES: '20000',
      });
      const watched = await WatchedEngine.of(engine);
      await owns(engine);
      const hang = (partition: number): Promise<void> => stage.send([bad(text('HANGS THE WORKER'), partition)]);
      const fill = (partition: number, startSlot: number): Promise<void> =>
        stage.send(good(20, startSlot).map((message) => ({ ...message, partition })));
      await hang(0);
      await sees(watched, 'worker_busy_ratio', {}, (sum) => sum > 0);
      await fill(0, 461_000_000); // decoded by the other thread, and behind the first
      await grows(watched, 'engine_stall_seconds_total', { stage: 'reassembler' }, 0.5);
      await hang(1);
      await fill(2, 462_000_000);
      await sees(watched, 'worker_queue_depth', {}, (sum) => sum > 0);
      await grows(watched, 'engine_stall_seconds_total', { stage: 'workers' }, 0.5);
      await sees(watched, 'worker_busy_ratio', {}, (sum) => sum > 0.5); // more than one of the two
      await sees(watched, 'worker_restarts_total', {}, (sum) => sum > 0);
      await sees(
        watched,
        'processing_errors_total',
        { stage: 'workers', error_type: 'WORKER_TIMEOUT' },
        (sum) => sum > 0,
      );
    }));

  test('tell of a rebalance, and of messages that expired unread', () =>
    onScene(CLUSTER, async ({ stage, owns, send }) => {
      const first = stage.engine();
      const watched = await WatchedEngine.of(first);
      await owns(first);
      await send(20);
      await stage.settled();
      const rebalances = (await watched.metrics()).sum('kafka_consumer_rebalances_total');
      const second = stage.engine();
      await owns(second, 1);
      const left = await sees(watched, 'kafka_consumer_assigned_partitions', group, (sum) => sum < 4);
      await sees(watched, 'kafka_consumer_rebalances_total', {}, (sum) => sum > rebalances);
      assert.equal((await watched.metrics()).series('kafka_consumer_committed_offset').length, left, 'of ours alone');
      assert.deepEqual(await second.stop(), { code: 0, signal: null }, second.output);
      await sees(watched, 'kafka_consumer_assigned_partitions', group, (sum) => sum === 4);
      assert.equal((await watched.metrics()).sum('kafka_consumer_offset_resets_total', topic), 0);
      assert.deepEqual(await first.stop(), { code: 0, signal: null }, first.output);

      // The mock cluster keeps 5 MiB of a partition.
      for (let i = 0; i < 9; i += 1) await stage.send([bad(Uint8Array.from([0x0f, ...randomBytes(900_000)]), 0)]);
      const third = stage.engine({ KAFKA_GAP_POLICY: 'continue', DEAD_LETTERS_PERCENT_MAX: '100' });
      const after = await WatchedEngine.of(third);
      await sees(after, 'kafka_consumer_offset_resets_total', topic, (sum) => sum === 1);
      const low = await sees(
        after,
        'kafka_partition_low_watermark_offset',
        { ...topic, partition: '0' },
        (sum) => sum > 0,
      );
      await stage.settled();
      const gaps = await stage.database.query<{ to_offset: string }>('SELECT * FROM ingest_gaps');
      assert.equal(gaps.length, 1, JSON.stringify(gaps));
      assert.ok(Object.values(gaps[0]!).map(Number).includes(low), JSON.stringify(gaps));
    }));

  test('tell the memory limit of its container', async (context) => {
    const cgroup = memoryCgroup(LIMIT_BYTES);
    if (cgroup === null) {
      shown.add('process_memory_limit_bytes');
      return context.skip('no cgroup can be made here: it needs root and a memory controller');
    }
    await onScene(CLUSTER, async ({ stage }) => {
      const free = await WatchedEngine.of(stage.engine());
      const confined = await WatchedEngine.of(
        stage.engine({ ...preloaded('joined-cgroup'), CGROUP_PROCS: cgroup.procs }),
      );
      assert.notEqual((await free.metrics()).sum('process_memory_limit_bytes'), LIMIT_BYTES);
      await sees(confined, 'process_memory_limit_bytes', {}, (sum) => sum === LIMIT_BYTES);
      cgroup.limit(2 * LIMIT_BYTES);
      await sees(confined, 'process_memory_limit_bytes', {}, (sum) => sum === 2 * LIMIT_BYTES);
    });
    cgroup.remove();
  });
});

/** Metrics that a running engine on the mock cluster cannot show, and where they are. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  tls_certificate_not_after_timestamp_seconds:
    'ingest/certificate-watch.test.ts, and with a real broker in kafka/landing.kafka.test.ts',
  ...Object.fromEntries(
    ['redis_connection_active', 'redis_published_total', 'redis_dropped_total', 'redis_buffer_bytes'].map((name) => [
      name,
      'with a real Redis in system/redis.system.test.ts',
    ]),
  ),
};

test('every metric was seen to move with what it measures', () => {
  const names: string[] = Object.values(METRIC_DEFINITIONS).map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => !shown.has(name) && !(name in ELSEWHERE)),
    [],
  );
  assert.deepEqual(
    Object.keys(ELSEWHERE).filter((name) => !names.includes(name)),
    [],
  );
});
