import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { filledIn, grafanaPanels, grafanaQueries } from '../support/grafana-dashboard.js';
import { knownMetrics, unknownInPromql } from '../support/promql-metrics.js';
import { promtool, WITHOUT_PROMTOOL } from '../support/promtool.js';

const ROOT = new URL('../../../', import.meta.url);
const text = readFileSync(new URL('deployment/configs/grafana/dashboards/engine.json', ROOT), 'utf8');
const yaml = (path: string) =>
  parse(readFileSync(new URL(`deployment/configs/grafana/provisioning/${path}`, ROOT), 'utf8'));
const panels = grafanaPanels(text);
const queries = grafanaQueries(text);

/** Recorded by prometheus_rules.yml. */
const RECORDED = 'namespace:processing_errors:ratio_rate5m';

describe('Grafana’s dashboard', () => {
  it('is what scripts/grafana makes; node scripts/write-grafana.mjs renews it', () => {
    const script = fileURLToPath(new URL('scripts/write-grafana.mjs', ROOT));
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
  });

  it('answers in the order in which one asks', () => {
    assert.deepEqual(
      panels.filter(({ type }) => type === 'row').map(({ title }) => title),
      [
        'Is it well?',
        'Is it keeping up?',
        'How far behind, in time?',
        'Where is time lost?',
        'What landed?',
        'What fails?',
        'PostgreSQL',
        'Decode threads',
        'Memory and CPU',
        'Who reads?',
        'Is it complete?',
        'Certificates, lag exporter, Redis',
      ],
    );
  });

  it('says of every panel what it shows, in which unit, and asks the data source that is chosen', () => {
    for (const { type, title, description, datasource, fieldConfig, targets } of panels) {
      if (type === 'row') continue;
      assert.match(description ?? '', /^[A-Z\d].*\.$/, title);
      assert.ok(fieldConfig?.defaults.unit, title);
      assert.ok((fieldConfig?.defaults.thresholds.steps.length ?? 0) > 0, title);
      for (const one of [datasource, ...(targets ?? []).map((target) => target.datasource)])
        assert.deepEqual(one, { type: 'prometheus', uid: '$datasource' }, title);
    }
    for (const { title, type, fieldConfig } of panels)
      if (type === 'stat' && title !== 'Landing')
        assert.ok(fieldConfig!.defaults.thresholds.steps.length > 1, `${title} is never anything but green`);
  });

  it('has no two panels in one place, and none beside the page', () => {
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    const taken = new Map<string, string>();
    for (const { title, gridPos } of panels) {
      assert.ok(gridPos.x + gridPos.w <= 24, title);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          assert.equal(taken.get(`${x} ${y}`), undefined, `${title} lies on another`);
          taken.set(`${x} ${y}`, title);
        }
    }
  });

  it('counts our own alerts, each of them, and tells the breaker of PostgreSQL from that of Redis', () => {
    const rules = readFileSync(new URL('deployment/configs/prometheus_rules.yml', ROOT), 'utf8');
    const { groups } = parse(rules) as { groups: { rules: { alert?: string }[] }[] };
    const ours = groups.flatMap((group) => group.rules.flatMap(({ alert }) => alert ?? []));
    const asked = queries.flatMap(({ expr }) => /ALERTS\{[^}]*alertname=~"([^"]*)"/.exec(expr)?.[1] ?? []);
    assert.deepEqual(
      asked.map((names) => names.split('|').sort()),
      [ours.filter((name) => name !== 'Watchdog').sort()],
    );
    const breakers = queries.filter(({ expr }) => expr.includes('circuit_breaker_state'));
    assert.ok(breakers.length > 1);
    for (const { expr } of breakers) assert.match(expr, /name="postgres"/);
  });

  it('asks for nothing that nobody exports', () => {
    const known = new Map(knownMetrics()).set(RECORDED, new Set(['namespace']));
    assert.ok(queries.length > 50, `${queries.length}`);
    for (const { title, expr } of queries) assert.deepEqual(unknownInPromql(expr, known), [], `${title}: ${expr}`);
  });

  it('shows every metric of the engine and the exporter but a few', () => {
    const shown = queries.map(({ expr }) => expr).join('\n');
    const left = ['lag_exporter_source_seen_timestamp_seconds', 'redis_connection_active', 'redis_buffer_bytes'];
    const own =
      /^(kafka|messages|processing|message|end_to_end|trades|duplicates|dead_letters|pg_copy|worker|circuit|engine|tls|data|lag|redis)_/;
    for (const name of knownMetrics().keys()) {
      if (!own.test(name) || left.includes(name) || /_(sum|count)$/.test(name)) continue;
      assert.ok(shown.includes(name), `no panel shows ${name}: give it one in scripts/grafana`);
    }
  });

  it('asks in PromQL', { skip: WITHOUT_PROMTOOL }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'grafana-'));
    try {
      const rules = queries.map(({ expr }, at) => ({ record: `query_${at}`, expr: filledIn(expr) }));
      writeFileSync(join(folder, 'rules.yml'), stringify({ groups: [{ name: 'dashboard', rules }] }));
      promtool(['check', 'rules', join(folder, 'rules.yml')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is found by Grafana, with its data source, where compose mounts them', () => {
    const { datasources } = yaml('datasources/prometheus.yaml');
    assert.deepEqual(
      datasources.map((one: Record<string, unknown>) => [one.type, one.url, one.isDefault]),
      [['prometheus', '$PROMETHEUS_URL', true]],
    );
    const compose = parse(readFileSync(new URL('deployment/compose/docker-compose.yml', ROOT), 'utf8'), {
      merge: true,
    });
    const { volumes, environment } = compose.services.grafana as {
      volumes: string[];
      environment: Record<string, string>;
    };
    assert.ok(environment.PROMETHEUS_URL?.startsWith('http://prometheus:'));
    const { providers } = yaml('dashboards/dashboards.yaml');
    assert.deepEqual(
      providers.map((one: { options: { path: string } }) => `../configs/grafana/dashboards:${one.options.path}:ro`),
      volumes.filter((volume) => volume.startsWith('../configs/grafana/dashboards:')),
    );
    assert.ok(volumes.includes('../configs/grafana/provisioning:/etc/grafana/provisioning:ro'));
  });
});
