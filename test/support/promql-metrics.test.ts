import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { knownMetrics, promqlUse, unknownInPromql } from './promql-metrics.js';

describe('what a PromQL expression uses', () => {
  it('is its metrics, and the labels of their matchers', () => {
    const { selectors } = promqlUse(
      `histogram_quantile(0.99, sum by (le) (rate(a_bucket{topic="a,b}(c", stage=~'x|y'}[5m]))) > 0.5 # not c_total
       or b:c:d offset 15m unless bool_total`,
    );
    assert.deepEqual(selectors, [
      { metric: 'a_bucket', labels: ['topic', 'stage'] },
      { metric: 'b:c:d', labels: [] },
      { metric: 'bool_total', labels: [] },
    ]);
  });

  it('is the labels that it groups and joins by, over the metrics they stand over', () => {
    const { groupings } = promqlUse(
      'max by (a, b) (x) / on (c) group_left (d) sum(y + z) without (e) and (p unless on () q)',
    );
    assert.deepEqual(groupings, [
      { labels: ['a', 'b'], metrics: ['x'] },
      { labels: ['c'], metrics: ['x', 'y', 'z', 'p', 'q'] },
      { labels: ['d'], metrics: ['x', 'y', 'z', 'p', 'q'] },
      { labels: ['e'], metrics: ['y', 'z'] },
      { labels: [], metrics: ['p', 'q'] },
    ]);
  });

  it('is found where the adapter and Grafana fill in the rest', () => {
    const { selectors } = promqlUse(
      'sum(max by (group) (lag{<<.LabelMatchers>>})) + rate(done_total{namespace=~"$namespace"}[$__rate_interval]) * $factor',
    );
    assert.deepEqual(selectors, [
      { metric: 'lag', labels: [] },
      { metric: 'done_total', labels: ['namespace'] },
    ]);
  });
});

describe('what nobody exports', () => {
  const known = knownMetrics();

  it('is nothing in a good expression, of the engine, of the exporter, of Node or of the few others', () => {
    for (const good of [
      'sum(max by (group, topic, partition) (kafka_consumer_lag{group="g",topic="t"}))',
      'max by (namespace, measure) (data_completeness_diff_ratio) > 0.05',
      'sum by (le, stage) (rate(message_processing_duration_seconds_bucket[5m]))',
      'time() - process_start_time_seconds < 900 and on (job, instance) up == 1',
      'nodejs_heap_size_used_bytes + container_memory_working_set_bytes{container!=""}',
    ])
      assert.deepEqual(unknownInPromql(good, known), [], good);
  });

  it('is told by name: metrics, labels of matchers, labels of groupings', () => {
    assert.deepEqual(unknownInPromql('max by (namespace, group) (kafka_connection_active) == 0', known), [
      'no metric that group stands over has it: kafka_connection_active',
    ]);
    assert.deepEqual(unknownInPromql('kafka_lag{a="b"} + kafka_connection_active{group="g"}', known), [
      'nobody exports kafka_lag',
      'kafka_connection_active has no label group',
    ]);
    assert.deepEqual(unknownInPromql('end_to_end_latency_seconds', known), [
      'nobody exports end_to_end_latency_seconds',
    ]);
  });
});
