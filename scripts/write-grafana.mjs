// Writes Grafana's dashboard from scripts/grafana; with --check it only says whether it is current. Needs nothing but Node.
import { readFileSync, writeFileSync } from 'node:fs';
import { FLOW_ROWS } from './grafana/flow-rows.mjs';
import { PROCESS_ROWS } from './grafana/process-rows.mjs';

const target = new URL('../deployment/configs/grafana/dashboards/engine.json', import.meta.url);
const GRID_WIDTH = 24;
const ROW_HEIGHT = 1;

/** Panels one beside the other, from left to right, in as many lines as they need. */
function laidOut(rows) {
  const panels = [];
  let y = 0;
  const add = (panel, gridPos) => panels.push({ id: panels.length + 1, ...panel, gridPos });
  for (const { title, panels: own } of rows) {
    add({ type: 'row', title, collapsed: false, panels: [] }, { x: 0, y, w: GRID_WIDTH, h: ROW_HEIGHT });
    y += ROW_HEIGHT;
    let x = 0;
    let height = 0;
    for (const { size, ...panel } of own) {
      if (x + size.w > GRID_WIDTH) {
        y += height;
        x = 0;
        height = 0;
      }
      add(panel, { x, y, ...size });
      x += size.w;
      height = Math.max(height, size.h);
    }
    y += height;
  }
  return panels;
}

function variable(name, label, metric) {
  const query = `label_values(${metric}, ${name})`;
  return {
    name,
    label,
    type: 'query',
    datasource: { type: 'prometheus', uid: '$datasource' },
    definition: query,
    query: { query, refId: name },
    refresh: 2,
    includeAll: true,
    multi: true,
    // Also what has no such label, as in compose.
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  };
}

const dashboard = {
  uid: 'bitquery-kafka-engine',
  title: 'Solana trades: engine',
  description: 'From Kafka to PostgreSQL, in the order in which one asks. Made by scripts/write-grafana.mjs.',
  tags: ['bitquery-kafka'],
  schemaVersion: 39,
  editable: true,
  graphTooltip: 1,
  refresh: '10s',
  time: { from: 'now-1h', to: 'now' },
  timezone: 'browser',
  annotations: {
    list: [
      {
        name: 'Alerts that fire',
        datasource: { type: 'prometheus', uid: '$datasource' },
        enable: true,
        iconColor: 'red',
        expr: 'ALERTS{alertstate="firing",alertname!="Watchdog"}',
        titleFormat: '{{alertname}}',
        step: '30s',
      },
    ],
  },
  templating: {
    list: [
      { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', current: {} },
      variable('namespace', 'Namespace', 'kafka_topic_partitions'),
      variable('group', 'Group', 'kafka_consumer_committed_offset'),
    ],
  },
  panels: laidOut([...FLOW_ROWS, ...PROCESS_ROWS]),
};

/** As Biome would format it: lists of words on one line. */
function formatted(value) {
  return JSON.stringify(value, null, 2).replaceAll(
    /\[\n\s+([^[\]{}]+?)\n\s+\]/g,
    (_, items) => `[${items.replaceAll(/,\n\s+/g, ', ')}]`,
  );
}

const text = `${formatted(dashboard)}\n`;
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error(`${target.pathname} is not what scripts/grafana makes: run node scripts/write-grafana.mjs`);
  process.exitCode = 1;
}
