import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { LOG_EVENTS, type LogCode } from '../../src/observe/log-events.js';
import type { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { onScene } from './scene.js';
import { WatchedEngine } from './watched-engine.js';

/** No engine dies: none is to be taken for dead on a machine that is busy. */
const CLUSTER = { sessionTimeoutMs: 30_000 };
const REQUIRED = ['@timestamp', 'log.level', 'message', 'ecs.version', 'service.name', 'process.pid', 'event.code'];
/** Fields of ECS that we use, and what is ours. All else might mean something else there, or be of another type. */
const NAMES = [
  ...REQUIRED,
  'event.suppressed',
  'http.ports',
  'error.code',
  'error.type',
  'error.message',
  'error.stack_trace',
];
const OURS = /^(kafka\.(topic|partition|offset)|engine\.[a-z][a-z0-9_]*)$/;

/** Every line of a log is one event of the table, in the fields of ECS. Answers how often each code came. */
function assertContract(engine: EngineProcess, lines: readonly Record<string, unknown>[]): Map<string, number> {
  const codes = new Map<string, number>();
  for (const line of lines) {
    const shown = JSON.stringify(line);
    for (const name of REQUIRED) assert.ok(line[name] !== undefined, `${name}: ${shown}`);
    for (const name of Object.keys(line)) assert.ok(NAMES.includes(name) || OURS.test(name), `${name}: ${shown}`);
    assert.equal(new Date(String(line['@timestamp'])).toISOString(), line['@timestamp']);
    assert.equal(line['process.pid'], engine.pid);
    assert.ok(String(line.message).trim().length > 0, shown);
    const code = line['event.code'] as LogCode;
    assert.ok(code in LOG_EVENTS, shown);
    assert.equal(line['log.level'], LOG_EVENTS[code].level, shown);
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  return codes;
}

const bad = (value: string, partition: number) =>
  ({ partition, value: Uint8Array.from(Buffer.from(value)), trades: [], poison: 'random' }) as const;

describe('the log of a running engine', { concurrency: 2 }, () => {
  test('tells of pace and latency, warns of either with the stage to blame, and says when it is over', () =>
    onScene(CLUSTER, async ({ stage, send, owns, endsClean }) => {
      const engine = stage.engine({
        FLOW_LOG_INTERVAL_MS: '1000',
        THROUGHPUT_WARN_BELOW: '1000000',
        LATENCY_WARN_ABOVE_MS: '1000',
      });
      const watched = await WatchedEngine.of(engine);
      await owns(engine);
      const told = (code: LogCode): Promise<void> =>
        until(code, () => watched.lines(code).length > 0, { explain: () => engine.output.slice(-3_000) });
      await told('flow');
      const lock = await stage.lockOffsets();
      // One partition, whose work waits as a whole for the one write.
      const late = takeMessages(60, { seed: 3, transactionsPerSlot: 20, startSlot: 430_000_000, poisonShare: 0 });
      await stage.send(late.map((message) => ({ ...message, partition: 0 })));
      await told('throughput_low');
      // Whether decoding or writing took more of that one second is anybody's guess.
      assert.match(
        String(watched.lines('throughput_low')[0]?.message),
        /fewer than 1000000, and there are more to be had/,
      );
      const before = watched.lines('latency_high').length;
      await watched.sees('all of it is late', 'kafka_consumer_lag_seconds', {}, (sum) => sum > 8);
      await lock.release();
      await until('the latency is told', () => watched.lines('latency_high').length > before);
      assert.equal(watched.lines('latency_high').at(-1)?.['engine.stage'], 'postgres');
      await stage.settled();
      await told('throughput_recovered');
      await until('messages land fast again', async () => {
        await send(5);
        return watched.lines('latency_recovered').length > 0;
      });
      await stage.settled();
      const flow = watched.lines('flow').map((line) => Number(line['engine.messages_per_second']));
      assert.ok(Math.max(...flow) > 0, 'and the messages are in the lines about the pace');
      await endsClean(engine);
      assertContract(engine, watched.lines());
    }));

  test('is one event of the table a line, in the fields of ECS, whatever happens', () =>
    onScene(CLUSTER, async ({ cluster, stage, send, owns, proxy, proxied, endsClean }) => {
      const engine = stage.engine({
        NODE_OPTIONS: `--import=${new URL('./fixtures/unruly-workers.js', import.meta.url).href}`,
        DATABASE_URL: proxied,
        LOG_LEVEL: 'trace',
        WORKER_TASK_ATTEMPTS: '2', // so that a failure comes before the verdict, whatever shares the slab
        BREAKER_FAILURE_THRESHOLD: '2',
        BREAKER_SUCCESS_THRESHOLD: '1',
        BREAKER_OPEN_MS: '1000',
      });
      const watched = await WatchedEngine.of(engine);
      await owns(engine);
      await until('ready', () => watched.lines('ready').length > 0);
      await send(20);
      await stage.send([bad('THROWS', 1)]);
      await until('the message is known for poison', () => watched.lines('message_poisonous').length > 0);
      proxy.use(() => {
        proxy.cut();
        return 'drop';
      });
      proxy.cut();
      await send(20);
      await until('the breaker opens', () => watched.lines('breaker_open').length > 0);
      proxy.clear();
      await stage.settled();
      await cluster.down(1);
      await until('the broker is away', () =>
        watched.lines('not_ready').some(({ message }) => /broker/.test(String(message))),
      );
      await cluster.up(1);
      await watched.answers('/ready', 200);
      await send(5);
      await stage.settled();
      await endsClean(engine);

      const codes = assertContract(engine, watched.lines());
      for (const code of [
        ...['starting', 'engine_started', 'state_changed', 'rebalance', 'ready', 'not_ready', 'worker_failed'],
        ...[
          'message_poisonous',
          'database_retry',
          'breaker_open',
          'breaker_closed',
          'kafka_client',
          'shutdown',
          'stopped',
        ],
      ])
        assert.ok(codes.has(code), `${code} is not among ${[...codes.keys()].join(', ')}`);
      for (const [code, count] of codes) assert.ok(count < 60, `${code} came ${count} times`);
      assert.equal(codes.get('breaker_open'), 1, 'an outage is told once, not with every attempt');
    }));
});
