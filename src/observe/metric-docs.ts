import { LAG_METRICS } from './lag-metric-definitions.js';
import { METRIC_DEFINITIONS, type MetricDefinition } from './metric-definitions.js';

type LabelName =
  | (typeof METRIC_DEFINITIONS)[keyof typeof METRIC_DEFINITIONS]['labels'][number]
  | (typeof LAG_METRICS)[keyof typeof LAG_METRICS]['labels'][number];

/** What each label is, and what bounds its values. */
const LABELS: Readonly<Record<LabelName, string>> = {
  group: 'KAFKA_GROUP_ID; one per process.',
  topic: 'KAFKA_TOPIC; one per process.',
  partition: 'Number of a partition of the topic.',
  stage:
    'Of durations `queue` (received, until a worker has it), `decode`, `order` (decoded, until its batch is begun), `write`; of stalls `kafka`, `workers`, `reassembler`, `postgres`; of errors `kafka`, `workers`, `postgres`.',
  error_type: 'Code of an error: an SQLSTATE, a code of the engine, an `event.code`; at most fifty, then `other`.',
  reason:
    'Of dead letters their class, as in ingest_dead_letters; at most fifty, then `other`. Of trades not published in Redis `buffer_full` (newer ones took their place), `refused` (Redis answered with an error), `unanswered` (connection lost or too slow; it may be there), `unreadable`, `shutdown`.',
  name: '`postgres`; `redis` where REDIS_URL is set.',
  state: 'States of the engine: `starting`, `standby`, `active`, `draining`, `drained`, `stopped`, `failed`.',
  version: 'Of the engine.',
  node_version: 'Of Node.',
  http_transport: '`native` or `node:http`.',
  colour: '`blue`, `green`, or `none`.',
  certificate: '`ca` and `client`, our files; `broker`, what the brokers show.',
  source: '`kafka` or `postgres`.',
  measure:
    'What was compared: `trades` and `volume_usd` with a reference; `blocks`, `offsets` and `duplicates` with itself.',
};

/** METRICS.md: every metric of the table. */
export function metricsDocument(): string {
  const definitions = Object.values(METRIC_DEFINITIONS) as readonly MetricDefinition[];
  return `# Metrics

Served at \`/metrics\` on PROMETHEUS_PORT and HEALTH_CHECK_PORT. Made from \`src/observe/metric-definitions.ts\` by \`npm run docs\`.
Partitions that a process gives up disappear from what it exports. Node's own \`process_*\` and \`nodejs_*\` metrics stand beside these.

| metric | type | labels | what it is |
|---|---|---|---|
${definitions.map(row).join('\n')}

## Of \`lag-exporter\`

These and no others, made from \`src/observe/lag-metric-definitions.ts\`. It tells of every partition, whoever owns it, and where both tell the
same metric it is the one that lives on when engines do not: take the \`max by (group, topic, partition)\`.

| metric | type | labels | what it is |
|---|---|---|---|
${(Object.values(LAG_METRICS) as readonly MetricDefinition[]).map(row).join('\n')}

## Labels

Every label has few values, whatever the stream brings.

| label | values |
|---|---|
${Object.entries(LABELS)
  .map(([name, values]) => `| \`${name}\` | ${values} |`)
  .join('\n')}

## Buckets

${definitions
  .filter(({ buckets }) => buckets !== undefined)
  .map(({ name, buckets = [] }) => `* \`${name}\`: ${buckets.join(', ')}`)
  .join('\n')}
`;
}

function row({ name, kind, labels, help }: MetricDefinition): string {
  return `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;
}
