import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { until } from '../kafka/until.js';
import { onScene } from '../scenario/scene.js';
import { filledIn, type GrafanaQuery, grafanaQueries } from '../support/grafana-dashboard.js';
import { metricsPort, Prometheus, withoutPrometheus } from './prometheus.js';

const DASHBOARD = new URL('../../../deployment/configs/grafana/dashboards/engine.json', import.meta.url);
const WINDOW = '10s';

/** Panels that have nothing to show of an engine on plain text, without a limit, with nothing gone wrong and nothing in the way. */
const EMPTY = [
  'Alerts that fire',
  'Certificates end in',
  'Checked',
  'Dead letters',
  'Differs from the reference',
  'Errors',
  'Memory of its limit',
  'Redis',
  'Time to the head',
];

describe('Grafana’s dashboard on a real Prometheus', { skip: withoutPrometheus() }, () => {
  test('has an answer to every query while an engine runs, but for what is not there', () =>
    onScene({ sessionTimeoutMs: 3_000 }, async ({ stage, send, owns }) => {
      const prometheus = await Prometheus.start({ forDivisor: 30, rangeDivisor: 60 });
      try {
        const engine = stage.engine();
        const exporter = stage.engine({ DATABASE_URL: stage.database.urls.monitor, LAG_EXPORT_INTERVAL_MS: '500' }, [
          'lag-exporter',
        ]);
        prometheus.scrape({ engine: [await metricsPort(engine)], 'lag-exporter': [await metricsPort(exporter)] });
        await owns(engine);
        const queries = grafanaQueries(readFileSync(DASHBOARD, 'utf8'));
        let empty: readonly GrafanaQuery[] = queries;
        await until(
          'every panel has something to show',
          async () => {
            await send(5);
            const answers = await Promise.all(empty.map(({ expr }) => prometheus.query(filledIn(expr, WINDOW))));
            // One that has had something is not asked again: rates come and go with what is sent.
            empty = empty.filter((_, i) => answers[i]!.every(({ value }) => Number.isNaN(value)));
            return empty.every(({ title }) => EMPTY.includes(title));
          },
          { explain: () => JSON.stringify(empty, null, 1) },
        );
        await prometheus.sees('count(engine_state{state="active"} == 1)', 1);
      } finally {
        await prometheus.stop();
      }
    }));
});
