import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { onScene } from '../scenario/scene.js';
import { metricsPort, Prometheus, withoutPrometheus } from './prometheus.js';

const CLUSTER = { sessionTimeoutMs: 3_000 };
/** What waits for five minutes waits for ten seconds, and looks back for five. */
const SHORTENING = { forDivisor: 30, rangeDivisor: 60 };
/** Longer than any of the shortened waits that are for what is wrong at the start. */
const WELL_SAMPLES = 20;

const ENGINE = {
  BREAKER_FAILURE_THRESHOLD: '2',
  BREAKER_SUCCESS_THRESHOLD: '1',
  BREAKER_OPEN_MS: '3000',
  DEAD_LETTERS_PERCENT_MAX: '100',
};

const completeness = (ratio: number, hoursAgo: number): string =>
  `INSERT INTO completeness_results (checked_at, measure, diff_ratio, flagged, since, until, compared_to)
   VALUES (now() - interval '${hoursAgo} hours', 'trades', ${ratio}, ${ratio > 0.05}, now() - interval '1 day', now(), 'itself')`;

describe('a real Prometheus with the shipped alerts', { skip: withoutPrometheus() }, () => {
  test('is silent while all is well, says what breaks, and takes it back when it is mended', () =>
    onScene(CLUSTER, async ({ cluster, stage, proxy, proxied, send, owns }) => {
      const startEngine = (): EngineProcess => stage.engine({ ...ENGINE, DATABASE_URL: proxied });
      const startExporter = (): EngineProcess =>
        stage.engine({ DATABASE_URL: proxy.url(stage.database.urls.monitor), LAG_EXPORT_INTERVAL_MS: '500' }, [
          'lag-exporter',
        ]);
      const prometheus = await Prometheus.start(SHORTENING);
      const watch = async (engine: EngineProcess, exporter: EngineProcess): Promise<void> =>
        prometheus.scrape({
          engine: [await metricsPort(engine)],
          'lag-exporter': [await metricsPort(exporter)],
        });
      const isSilent = (): Promise<void> => {
        let last: readonly string[] = [];
        return until(
          'nothing but the watchdog is to be heard',
          async () => {
            last = await prometheus.firing();
            return last.join() === 'Watchdog';
          },
          { timeoutMs: 240_000, explain: () => last.join(', ') },
        );
      };

      try {
        const engine = startEngine();
        const exporter = startExporter();
        await Promise.all([owns(engine), watch(engine, exporter)]);
        await send(40);
        await stage.settled();
        await until('all has been looked at for a while', async () => {
          const [seen] = await prometheus.query(
            'min(count_over_time(kafka_consumer_lag_seconds{job=~"engine|lag-exporter"}[2m]))',
          );
          return (seen?.value ?? 0) >= WELL_SAMPLES;
        });
        await isSilent(); // a machine that is busy may have landed the first messages late

        await stage.database.query(completeness(0.08, 3));
        await stage.send([{ partition: 0, value: Uint8Array.of(0x0f, 1, 2, 3), trades: [], poison: 'random' }]);
        assert.match(await prometheus.fires('DeadLetters'), /^1 dead letters within 15 minutes: /);
        assert.match(await prometheus.fires('DataCompletenessMismatch', { measure: 'trades' }), /8%/);
        assert.match(await prometheus.fires('DataCompletenessStale'), /3h [0-5]m/);
        await stage.database.query(completeness(0, 0));

        proxy.use(() => {
          proxy.cut();
          return 'drop';
        });
        proxy.cut();
        await send(20);
        assert.match(await prometheus.fires('CircuitBreakerOpen', { name: 'postgres' }), /^1 engines have given up/);
        await prometheus.fires('LagExporterDown', { source: 'postgres' });
        proxy.clear();
        await stage.settled();
        await prometheus.resolves(
          'CircuitBreakerOpen',
          'LagExporterDown',
          'DeadLetters',
          'DataCompletenessMismatch',
          'DataCompletenessStale',
        );

        await cluster.down(1);
        await prometheus.fires('ConnectionFailure');
        await cluster.up(1);
        await prometheus.resolves('ConnectionFailure');
        await owns(engine);
        await prometheus.sees('sum(kafka_consumer_assigned_partitions)', 4);
        await prometheus.resolves('UnownedPartitions');

        await engine.kill();
        assert.match(await prometheus.fires('UnownedPartitions'), /^No engine reads 4 of the partitions of /);
        assert.ok(!(await prometheus.firing()).includes('LagMetricAbsent'), 'the exporter tells');
        await exporter.kill();
        assert.match(await prometheus.fires('LagMetricAbsent'), /^Nobody tells any lag/);
        assert.equal(await prometheus.fires('LagExporterDown'), 'There is no lag exporter');

        await watch(startEngine(), startExporter());
        await send(20);
        await stage.settled();
        await isSilent();
      } finally {
        await prometheus.stop();
      }
    }));
});
