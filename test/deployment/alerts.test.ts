import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type KnownMetrics, knownMetrics, promqlUse, unknownInPromql } from '../support/promql-metrics.js';
import { promtool, WITHOUT_PROMTOOL } from '../support/promtool.js';

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RuleTest {
  readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
}

const ROOT = new URL('../../../', import.meta.url);
const CONFIGS = fileURLToPath(new URL('deployment/configs/', ROOT));
const RUNBOOK = 'https://runbook.invalid/RUNBOOK.md';

const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const yaml = (path: string) => parse(read(path), { merge: true });

const { groups } = yaml('deployment/configs/prometheus_rules.yml') as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert !== undefined);
const cases = (yaml('deployment/configs/prometheus_rules_test.yml') as { tests: RuleTest[] }).tests.flatMap(
  (test) => test.alert_rule_test ?? [],
);

/** With what the recording rules make, whose names tell their labels: `group_topic:…` has group and topic, and the namespace. */
function withRecorded(): KnownMetrics {
  const known = new Map(knownMetrics());
  for (const { record } of rules)
    if (record !== undefined) known.set(record, new Set(['namespace', ...record.split(':')[0]!.split('_')]));
  return known;
}

describe('promtool', { skip: WITHOUT_PROMTOOL }, () => {
  it('takes the configuration and its rules', () => {
    promtool(['check', 'config', 'prometheus.yml'], CONFIGS);
    promtool(['check', 'rules', '--lint=all', '--lint-fatal', 'prometheus_rules.yml'], CONFIGS);
  });

  it('sees every alert fire when it should, and only then', () =>
    promtool(['test', 'rules', 'prometheus_rules_test.yml'], CONFIGS));
});

describe('the alerts', () => {
  it('have each a section in the runbook, and no name is there twice', () => {
    const sections = [...read('RUNBOOK.md').matchAll(/^##+ (\w+)$/gm)].map(([, title]) => title);
    const names = alerts.map(({ alert = '' }) => alert);
    assert.deepEqual(
      names.filter((name) => !sections.includes(name)),
      [],
    );
    assert.equal(names.length, new Set(names).size);
  });

  for (const { alert = '', labels, annotations } of alerts) {
    it(`${alert} says how grave it is, what it is and where to read on`, () => {
      assert.match(labels?.severity ?? '', /^(critical|warning|none)$/);
      assert.match(annotations?.summary ?? '', /^\S.*[^.]$/);
      assert.equal(annotations?.runbook_url, `${RUNBOOK}#${alert.toLowerCase()}`);
    });

    it(`${alert} has a case in which it fires and one in which it does not`, () => {
      const own = cases.filter(({ alertname }) => alertname === alert);
      assert.ok(
        own.some(({ exp_alerts }) => exp_alerts.length > 0),
        'none fires',
      );
      // The watchdog has no silence: that it does not fire is the alarm.
      if (alert === 'Watchdog') return;
      assert.ok(
        own.some(({ exp_alerts }) => exp_alerts.length === 0),
        'none is silent',
      );
    });
  }

  it('ask for nothing that nobody exports', () => {
    const known = withRecorded();
    for (const { alert, record, expr } of rules) assert.deepEqual(unknownInPromql(expr, known), [], alert ?? record);
  });

  it('record nothing that no alert asks for', () => {
    const asked = new Set(rules.flatMap(({ expr }) => promqlUse(expr).selectors.map(({ metric }) => metric)));
    for (const { record } of rules) if (record !== undefined) assert.ok(asked.has(record), record);
  });

  it('are the same for the operator; node scripts/write-prometheus-rule.mjs renews its file', () => {
    const path = 'deployment/kubernetes/overlays/prometheus-operator/prometheus-rule.yaml';
    const { apiVersion, kind, spec } = yaml(path) as { apiVersion: string; kind: string; spec: unknown };
    assert.deepEqual(
      { apiVersion, kind, spec },
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PrometheusRule',
        spec: { groups },
      },
    );
    const script = fileURLToPath(new URL('scripts/write-prometheus-rule.mjs', ROOT));
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
  });
});
