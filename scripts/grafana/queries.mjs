// Parts of queries that several panels share.

import { readFileSync } from 'node:fs';
import { words } from './panels.mjs';

const rules = readFileSync(new URL('../../deployment/configs/prometheus_rules.yml', import.meta.url), 'utf8');
const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name);
/** Names of our own alerts that mean something when they fire. A Prometheus of several teams has others. */
export const ALERTS = alerts.filter((name) => name !== 'Watchdog').join('|');

/** Whatever the variable says; in compose there is no such label. */
export const NS = 'namespace=~"$namespace"';
export const OURS = `${NS},group=~"$group"`;
export const RATE = '[$__rate_interval]';
export const PER_SECOND = 'suffix: /s';
export const BREAKER = words([0, 'closed', 'green'], [1, 'half open', 'orange'], [2, 'open', 'red']);

export const rate = (metric, by = '', matchers = NS) =>
  `sum${by && ` by (${by})`} (rate(${metric}{${matchers}}${RATE}))`;
export const quantile = (q, metric, by = '', matchers = NS) =>
  `histogram_quantile(${q}, sum by (${by ? `${by}, ` : ''}le) (rate(${metric}_bucket{${matchers}}${RATE})))`;

export const LAG = `sum(max by (group, topic, partition) (kafka_consumer_lag{${OURS}}))`;
export const LAG_SECONDS = `max(kafka_consumer_lag_seconds{${OURS}})`;
export const LANDED = rate('messages_processed_total');
export const PRODUCED = `sum(max by (topic, partition) (rate(kafka_partition_high_watermark_offset{${NS}}${RATE})))`;
export const OWNED = `count(group by (topic, partition) (kafka_consumer_committed_offset{${OURS}} unless on (job, instance) lag_exporter_source_up))`;
