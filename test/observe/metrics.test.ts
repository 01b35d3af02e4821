import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryLimitBytes } from '../../src/observe/memory-limit.js';
import { METRIC_DEFINITIONS, type MetricDefinition } from '../../src/observe/metric-definitions.js';
import { createMetrics } from '../../src/observe/metrics.js';
import { mirrorStatus } from '../../src/observe/mirror-status.js';
import type { EngineStatus } from '../../src/observe/status.js';
import { engineStatus, NOW_MS, partitionStatus } from './fixtures.js';

const LABELS = 'group="group",topic="solana.dextrades.proto"';
const definitions: readonly MetricDefinition[] = Object.values(METRIC_DEFINITIONS);

/** Lines of the exposition that begin with `name`. */
async function lines(metrics: ReturnType<typeof createMetrics>, name: string): Promise<string[]> {
  return (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(name));
}

describe('the metrics', () => {
  it('carry every name of the table, and node’s own process metrics', async () => {
    const text = await createMetrics({ version: '1.2.3' }).registry.metrics();
    for (const { name, kind } of definitions) assert.match(text, new RegExp(`^# TYPE ${name} ${kind}$`, 'm'));
    assert.match(text, /^process_resident_memory_bytes \d+$/m);
    assert.match(
      text,
      /^engine_build_info\{version="1\.2\.3",node_version="v[\d.]+",http_transport="none",colour="none"\} 1$/m,
    );
  });

  it('keep the names, labels and buckets that dashboards and rules rely on', () => {
    const kept: [name: string, labels: string][] = [
      ['kafka_consumer_lag', 'group,topic,partition'],
      ['kafka_connection_active', ''],
      ['messages_processed_total', 'topic'],
      ['processing_errors_total', 'stage,error_type'],
      ['message_processing_duration_seconds', 'topic,stage'],
      ['dead_letters_total', 'reason'],
      ['circuit_breaker_state', 'name'],
      ['engine_state', 'state'],
      ['engine_stall_seconds_total', 'stage'],
    ];
    for (const [name, labels] of kept) {
      assert.equal(definitions.find((definition) => definition.name === name)?.labels.join(','), labels, name);
    }
    assert.ok((METRIC_DEFINITIONS.processingDuration.buckets as readonly number[]).includes(0.5));
  });

  it('are named by Prometheus’ rules, each once and with a help text', () => {
    assert.equal(new Set(definitions.map(({ name }) => name)).size, definitions.length);
    for (const { name, kind, help, buckets } of definitions) {
      assert.match(name, /^[a-z][a-z_]*$/);
      assert.equal(name.endsWith('_total'), kind === 'counter', name);
      assert.equal(name.endsWith('_seconds') && kind !== 'gauge', kind === 'histogram', name);
      assert.match(help, /\.$/, name);
      if (buckets)
        assert.deepEqual(
          [...buckets],
          [...new Set(buckets)].sort((a, b) => a - b),
        );
    }
  });

  it('count and observe under their typed names', async () => {
    const metrics = createMetrics({ version: '1.2.3' });
    metrics.messagesProcessed.inc({ topic: 'a' }, 40);
    metrics.processingErrors.inc({ stage: 'postgres', error_type: 'DATABASE_UNREACHABLE' });
    metrics.processingDuration.observe({ topic: 'a', stage: 'decode' }, 0.3);
    assert.deepEqual(await lines(metrics, 'messages_processed_total'), ['messages_processed_total{topic="a"} 40']);
    assert.equal((await lines(metrics, 'processing_errors_total')).length, 1);
    const buckets = await lines(metrics, 'message_processing_duration_seconds_bucket{le="0.');
    assert.ok(buckets.some((line) => line.includes('le="0.25"') && line.endsWith(' 0')));
    assert.ok(buckets.some((line) => line.includes('le="0.5"') && line.endsWith(' 1')));
  });

  it('of two engines in one process do not meet', async () => {
    const first = createMetrics({ version: '1' });
    const second = createMetrics({ version: '2' });
    first.tradesWritten.inc(7);
    assert.deepEqual(await lines(second, 'trades_written_total'), ['trades_written_total 0']);
  });
});

describe('the gauges of the status', () => {
  it('tell of Redis where there is one, and nothing where there is none', async () => {
    const metrics = createMetrics({ version: '1' });
    mirrorStatus(metrics, engineStatus());
    for (const name of ['redis_connection_active ', 'redis_buffer_bytes ', 'circuit_breaker_state{name="redis"}'])
      assert.deepEqual(await lines(metrics, name), [], name);
    const redis = { breaker: 'open', breakerOpenSince: NOW_MS, bufferBytes: 5, published: 0, dropped: 0 } as const;
    mirrorStatus(metrics, engineStatus({ redis: { ...redis, connected: false } }));
    const text = await metrics.registry.metrics();
    for (const line of ['redis_connection_active 0', 'redis_buffer_bytes 5', 'circuit_breaker_state{name="redis"} 2'])
      assert.ok(text.split('\n').includes(line), line);
  });

  it('show state, breaker, workers, budget and partitions', async () => {
    const metrics = createMetrics({ version: '1' });
    const partitions = [partitionStatus(), partitionStatus({ partition: 3, nextOffset: 7, lag: 0 })];
    const database = { reachable: false, unreachableSince: 0, breaker: 'open', breakerOpenSince: NOW_MS } as const;
    const workers = { threads: 4, busy: 1, queued: 2, restarts: 5 };
    mirrorStatus(metrics, engineStatus({ state: 'draining', partitions, database, workers }));
    const text = await metrics.registry.metrics();
    for (const line of [
      'engine_state{state="draining"} 1',
      'engine_state{state="active"} 0',
      'kafka_connection_active 1',
      'circuit_breaker_state{name="postgres"} 2',
      'worker_busy_ratio 0.25',
      'worker_queue_depth 2',
      'worker_restarts_total 5',
      'engine_inflight_bytes 1000',
      'engine_budget_bytes 10000',
      `kafka_consumer_assigned_partitions{${LABELS}} 2`,
      `kafka_consumer_lag{${LABELS},partition="0"} 10`,
      `kafka_consumer_lag{${LABELS},partition="3"} 0`,
      `kafka_consumer_lag_seconds{${LABELS},partition="0"} 0.5`,
      `kafka_consumer_useful_lag{${LABELS},partition="0"} 0`,
      `kafka_consumer_committed_offset{${LABELS},partition="3"} 7`,
      'kafka_partition_high_watermark_offset{topic="solana.dextrades.proto",partition="3"} 110',
    ]) {
      assert.ok(text.split('\n').includes(line), line);
    }
  });

  it('follow the next status: a partition given up disappears, a counter does not double', async () => {
    const metrics = createMetrics({ version: '1' });
    const workers = { threads: 0, busy: 0, queued: 0, restarts: 5 };
    mirrorStatus(metrics, engineStatus({ workers }));
    const kafka = { connected: false, groupSteady: false };
    mirrorStatus(metrics, engineStatus({ workers, busyRatio: 0, partitions: [], kafka }));
    assert.deepEqual(await lines(metrics, 'kafka_consumer_lag{'), []);
    assert.deepEqual(await lines(metrics, 'kafka_consumer_assigned_partitions{'), [
      `kafka_consumer_assigned_partitions{${LABELS}} 0`,
    ]);
    assert.deepEqual(await lines(metrics, 'worker_restarts_total'), ['worker_restarts_total 5']);
    assert.deepEqual(await lines(metrics, 'worker_busy_ratio'), ['worker_busy_ratio 0']);
    assert.deepEqual(await lines(metrics, 'kafka_connection_active'), ['kafka_connection_active 0']);
  });

  it('call a lag useful unless PostgreSQL is away or saturated', async () => {
    const metrics = createMetrics({ version: '1' });
    const useful = async (changes: Partial<EngineStatus>): Promise<string[]> => {
      mirrorStatus(metrics, engineStatus(changes));
      return lines(metrics, 'kafka_consumer_useful_lag{');
    };
    const told = (lag: number): string[] => [`kafka_consumer_useful_lag{${LABELS},partition="0"} ${lag}`];
    assert.deepEqual(await useful({}), told(10));
    assert.deepEqual(await useful({ saturated: true }), told(0));
    for (const breaker of ['open', 'half-open'] as const)
      assert.deepEqual(
        await useful({ database: { reachable: true, unreachableSince: null, breaker, breakerOpenSince: NOW_MS } }),
        told(0),
      );
  });

  it('leave out what nobody has asked the broker for yet', async () => {
    const metrics = createMetrics({ version: '1' });
    const partitions = [partitionStatus({ lowWatermark: -1, highWatermark: -1, lag: null, lagSeconds: null })];
    mirrorStatus(metrics, engineStatus({ partitions }));
    for (const name of ['kafka_consumer_lag', 'kafka_consumer_useful_lag', 'kafka_partition_'])
      assert.deepEqual(await lines(metrics, name), []);
  });
});

describe('the memory limit', () => {
  it('is the container’s, and none where the cgroup says none or more than the machine has', () => {
    assert.equal(memoryLimitBytes(4_294_967_296, 16_000_000_000), 4_294_967_296);
    assert.equal(memoryLimitBytes(undefined, 16_000_000_000), null);
    assert.equal(memoryLimitBytes(0, 16_000_000_000), null);
    assert.equal(memoryLimitBytes(2 ** 64, 16_000_000_000), null);
    assert.equal(memoryLimitBytes(16_000_000_000, 16_000_000_000), null);
  });
});
