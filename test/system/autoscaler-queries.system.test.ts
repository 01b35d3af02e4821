import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import type { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { onScene } from '../scenario/scene.js';
import { TOPIC } from '../scenario/stage.js';
import { metricsPort, Prometheus, withoutPrometheus } from './prometheus.js';

const KUBERNETES = new URL('../../../deployment/kubernetes/', import.meta.url);
const CLUSTER = { sessionTimeoutMs: 3_000 };
const SHORTENING = { forDivisor: 30, rangeDivisor: 60 };
const OURS = `group="scenario",topic="${TOPIC}"`;
const LAG = `sum(max by (group, topic, partition) (kafka_consumer_lag{${OURS}}))`;
const NAIVE = `sum(kafka_consumer_lag{${OURS}})`;
/** Nothing lands while the tables are locked: what is in flight is soon given up when a partition is taken. */
const ENGINE = { DATABASE_FLUSH_TIMEOUT_MS: '1000', BREAKER_FAILURE_THRESHOLD: '2', BREAKER_OPEN_MS: '3000' };

interface AdapterRule {
  readonly name: { readonly as: string };
  readonly metricsQuery: string;
}

/** What prometheus-adapter asks for an HPA that selects our group and topic, by the shipped rule. */
function adapterQuery(): string {
  const text = readFileSync(new URL('prometheus-adapter/values.yaml', KUBERNETES), 'utf8');
  const { rules } = parse(text) as { rules: { external: AdapterRule[] } };
  const query = rules.external.find(({ name }) => name.as === 'kafka_consumer_lag')?.metricsQuery ?? '';
  assert.ok(query.includes('<<.LabelMatchers>>'), query);
  return query.replace('<<.LabelMatchers>>', OURS);
}

/** What KEDA asks, by the shipped ScaledObject, of our group. */
function kedaQuery(): string {
  const text = readFileSync(new URL('overlays/keda/scaledobject.yaml', KUBERNETES), 'utf8');
  const { spec } = parse(text) as { spec: { triggers: { type: string; metadata: { query: string } }[] } };
  const query = spec.triggers.find(({ type }) => type === 'prometheus')?.metadata.query ?? '';
  assert.match(query, /\{group="[^"]+",topic="[^"]+"\}/);
  return query.replace(/\{group="[^"]+",topic="[^"]+"\}/, `{${OURS}}`);
}

const seconds = (): number => Date.now() / 1_000;

describe('the autoscaler’s queries on a real Prometheus', { skip: withoutPrometheus() }, () => {
  test('are one for the adapter and for KEDA', () => {
    assert.equal(adapterQuery(), kedaQuery());
    assert.equal(adapterQuery(), LAG.replace('kafka_consumer_lag', 'kafka_consumer_useful_lag'));
  });

  test('tell the lag of each partition once: during a rebalance, after a kill, with all engines down, and nothing at all without the exporter', () =>
    onScene(CLUSTER, async ({ stage, send, sendTrades, owns }) => {
      const useful = adapterQuery();
      const prometheus = await Prometheus.start(SHORTENING);
      const ports = new Map<EngineProcess, number>();
      const exporter = stage.engine({ DATABASE_URL: stage.database.urls.monitor, LAG_EXPORT_INTERVAL_MS: '500' }, [
        'lag-exporter',
      ]);
      const scrape = (): void =>
        prometheus.scrape({
          engine: [...ports].filter(([one]) => one !== exporter).map(([, port]) => port),
          'lag-exporter': exporter.running ? [ports.get(exporter)!] : [],
        });
      const start = async (): Promise<EngineProcess> => {
        const engine = stage.engine(ENGINE);
        ports.set(engine, await metricsPort(engine));
        scrape();
        return engine;
      };
      /** Every second since then the lag was this and nothing else, whenever the exporter had been asked in time. */
      const wasAlways = async (lag: number, from: number): Promise<void> => {
        const to = seconds() - 1;
        const up = await prometheus.history('min(up{job="lag-exporter"})', from, to);
        for (const query of [LAG, useful]) {
          const values = await prometheus.history(query, from, to);
          const told = values.filter((_, i) => up[i] === 1);
          assert.ok(told.length > 0);
          assert.deepEqual(told, Array(told.length).fill(lag), query);
        }
      };
      const owned = async (count: number): Promise<void> => {
        const assigned = 'sum(kafka_consumer_assigned_partitions)';
        await until(`engines tell of ${count} partitions`, async () => {
          const [sample] = await prometheus.query(assigned);
          return (sample?.value ?? 0) >= count;
        });
      };

      try {
        ports.set(exporter, await metricsPort(exporter));
        const first = await start();
        await owns(first);
        const lock = await stage.lockTrades();
        await sendTrades(30);
        await prometheus.sees(LAG, 30);
        await prometheus.sees(useful, 30);
        // Engine and exporter tell of every partition.
        await prometheus.sees(NAIVE, 60);

        const beforeRebalance = seconds();
        const second = await start();
        await owns(second, 2);
        await owned(4);
        await wasAlways(30, beforeRebalance);

        const beforeKill = seconds();
        await second.kill();
        await prometheus.sees(`up{instance="127.0.0.1:${ports.get(second)}"}`, 0);
        await owns(first);
        await owned(4);
        await wasAlways(30, beforeKill);

        await first.kill();
        await prometheus.sees('sum(up{job="engine"})', 0);
        await send(12);
        await prometheus.sees(LAG, 42);
        await prometheus.sees(useful, 42);
        await prometheus.sees(NAIVE, 42);

        // Not 0, which would scale down: no row, and the autoscaler leaves all as it is.
        await exporter.kill();
        await prometheus.sees(LAG, undefined);
        await prometheus.sees(useful, undefined);
        await lock.release();

        const third = await start();
        await owns(third);
        await stage.settled();
        await prometheus.sees(LAG, 0);
        await prometheus.sees(useful, 0);
      } finally {
        await prometheus.stop();
      }
    }));

  test('ask for no more engines while the database is away, though the lag grows', () =>
    onScene(CLUSTER, async ({ stage, proxy, proxied, send, owns }) => {
      const useful = adapterQuery();
      const prometheus = await Prometheus.start(SHORTENING);
      try {
        const engine = stage.engine({ ...ENGINE, DATABASE_URL: proxied });
        const exporter = stage.engine(
          { DATABASE_URL: proxy.url(stage.database.urls.monitor), LAG_EXPORT_INTERVAL_MS: '500' },
          ['lag-exporter'],
        );
        prometheus.scrape({ engine: [await metricsPort(engine)], 'lag-exporter': [await metricsPort(exporter)] });
        await owns(engine);
        await prometheus.sees(useful, 0);
        proxy.use(() => {
          proxy.cut();
          return 'drop';
        });
        proxy.cut();
        await send(20);
        await prometheus.sees(LAG, 20);
        await prometheus.sees(useful, 0);
        await prometheus.sees('max(circuit_breaker_state)', 2);
        proxy.clear();
        await stage.settled();
        await prometheus.sees(LAG, 0);
      } finally {
        await prometheus.stop();
      }
    }));
});
