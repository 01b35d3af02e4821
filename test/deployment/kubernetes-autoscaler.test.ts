import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { KUBERNETES, manifestsIn, named, rendered, WITHOUT_KUSTOMIZE } from '../support/kubernetes/manifests.js';
import { knownMetrics, unknownInPromql } from '../support/promql-metrics.js';
import { promtool, WITHOUT_PROMTOOL } from '../support/promtool.js';

const plain = manifestsIn(KUBERNETES);
const config = () => named(plain, 'ConfigMap', 'bitquery-kafka-config').data ?? {};

interface External {
  readonly metric: { readonly name: string; readonly selector: { readonly matchLabels: Record<string, string> } };
  readonly target: { readonly type: string; readonly averageValue: string };
}

describe('the autoscaler', () => {
  const { spec } = named(plain, 'HorizontalPodAutoscaler', 'bitquery-kafka-hpa') as unknown as {
    spec: { minReplicas: number; maxReplicas: number; metrics: { external: External }[]; behavior: unknown };
  };
  const adapter = parse(readFileSync(join(KUBERNETES, 'prometheus-adapter/values.yaml'), 'utf8')).rules.external as {
    seriesQuery: string;
    name: { as: string };
    metricsQuery: string;
    resources: unknown;
  }[];
  const known = knownMetrics();

  it('asks for a metric that the adapter serves, of the group and topic that the engines read', () => {
    assert.equal(spec.metrics.length, 1);
    const { metric, target } = spec.metrics[0]!.external;
    assert.equal(metric.name, 'kafka_consumer_lag');
    assert.equal(adapter.filter(({ name }) => name.as === metric.name).length, 1);
    assert.deepEqual(metric.selector.matchLabels, { group: config().KAFKA_GROUP_ID, topic: config().KAFKA_TOPIC });
    assert.equal(target.type, 'AverageValue');
    assert.deepEqual([spec.minReplicas, spec.maxReplicas], [2, 10]);
  });

  it('is answered from metrics that are exported, with the labels that it selects by', () => {
    for (const { metricsQuery, seriesQuery } of adapter) {
      const query = metricsQuery.replace('<<.LabelMatchers>>', 'group="g",topic="t"');
      assert.deepEqual(unknownInPromql(query, known), []);
      const [, series] = /__name__="(\w+)"/.exec(seriesQuery) ?? [];
      assert.ok(series !== undefined && metricsQuery.includes(series), seriesQuery);
    }
  });

  it('gets one row, in which a partition that two pods tell of counts once', {
    skip: WITHOUT_PROMTOOL,
  }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'adapter-'));
    const series = (pod: string, partition: number, value: number): object[] =>
      ['kafka_consumer_useful_lag', 'kafka_consumer_lag_seconds'].map((metric) => ({
        series: `${metric}{group="g",topic="t",partition="${partition}",pod="${pod}"}`,
        values: `${value}x10`,
      }));
    const case_ = {
      interval: '15s',
      // Partition 1 moves from a to b; the exporter lags behind both; another group reads the topic, too.
      input_series: [
        ...series('a', 0, 100),
        ...series('a', 1, 7_000),
        ...series('b', 1, 6_000),
        ...[0, 1, 2].flatMap((partition) => series('exporter', partition, 50)),
        { series: 'kafka_consumer_useful_lag{group="other",topic="t",partition="0",pod="c"}', values: '9000x10' },
      ],
      promql_expr_test: adapter.flatMap(({ metricsQuery, name }) => [
        {
          expr: metricsQuery.replace('<<.LabelMatchers>>', 'group="g",topic="t"'),
          eval_time: '1m',
          exp_samples: [{ labels: '{}', value: name.as === 'kafka_consumer_lag' ? 7_150 : 7_000 }],
        },
        // No answer is an answer: the autoscaler leaves everything as it is, which a 0 would not.
        {
          expr: metricsQuery.replace('<<.LabelMatchers>>', 'group="none",topic="t"'),
          eval_time: '1m',
          exp_samples: [],
        },
      ]),
    };
    try {
      writeFileSync(
        join(folder, 'cases.yml'),
        stringify({ rule_files: [], evaluation_interval: '15s', tests: [case_] }),
      );
      promtool(['test', 'rules', join(folder, 'cases.yml')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is fed with the lag that more engines could work off', () => {
    const rule = adapter.find(({ name }) => name.as === spec.metrics[0]!.external.metric.name)!;
    assert.match(rule.metricsQuery, /kafka_consumer_useful_lag/);
  });

  it('asks KEDA for the same, in its overlay', { skip: WITHOUT_KUSTOMIZE }, () => {
    const all = rendered('keda');
    const scaled = named(all, 'ScaledObject', 'bitquery-kafka-consumer').spec as unknown as {
      minReplicaCount: number;
      maxReplicaCount: number;
      triggers: { metricType: string; metadata: Record<string, string> }[];
      advanced: { horizontalPodAutoscalerConfig: { behavior: unknown } };
    };
    assert.deepEqual(
      all.filter(({ kind }) => kind === 'HorizontalPodAutoscaler'),
      [],
    );
    assert.deepEqual([scaled.minReplicaCount, scaled.maxReplicaCount], [spec.minReplicas, spec.maxReplicas]);
    assert.deepEqual(scaled.advanced.horizontalPodAutoscalerConfig.behavior, spec.behavior);
    const [trigger] = scaled.triggers;
    assert.equal(trigger?.metadata.threshold, spec.metrics[0]!.external.target.averageValue);
    assert.equal(trigger?.metricType, 'AverageValue');
    const { group, topic } = spec.metrics[0]!.external.metric.selector.matchLabels;
    const query = adapter[0]!.metricsQuery.replace('<<.LabelMatchers>>', `group="${group}",topic="${topic}"`);
    assert.equal(trigger?.metadata.query, query);
  });
});
