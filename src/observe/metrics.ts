import { totalmem } from 'node:os';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { memoryLimitBytes } from './memory-limit.js';
import { METRIC_DEFINITIONS, type MetricDefinition } from './metric-definitions.js';

/** Node's own, gauges in spite of their names; each has one beside it that tells the same by type. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

type Label<D extends MetricDefinition> = D['labels'][number];
type MetricOf<D extends MetricDefinition> = D['kind'] extends 'counter'
  ? Counter<Label<D>>
  : D['kind'] extends 'gauge'
    ? Gauge<Label<D>>
    : Histogram<Label<D>>;

/** One metric per row of the table, under the row's key: `metrics.messagesProcessed.inc({ topic }, 40)`. */
export type Metrics = { readonly [K in keyof typeof METRIC_DEFINITIONS]: MetricOf<(typeof METRIC_DEFINITIONS)[K]> } & {
  /** The engine's own; prom-client's global one is not used. */
  readonly registry: Registry;
};

export interface BuildInfo {
  readonly version: string;
  /** What the HTTP server runs on, see httpTransport in http.ts. */
  readonly httpTransport?: string;
  /** DEPLOYMENT_COLOUR. */
  readonly colour?: string | undefined;
}

/**
 * Makes every metric of the table, and node's own process metrics, in a registry of its own. Values the engine's status
 * carries are set by `mirrorStatus` when somebody asks; counters and histograms are fed by whoever sees the event.
 */
export function createMetrics(build: BuildInfo): Metrics {
  const registry = new Registry();
  const made = Object.fromEntries(
    Object.entries(METRIC_DEFINITIONS).map(([key, definition]) => [key, create(definition, registry)]),
  );
  const metrics = { ...made, registry } as Metrics;
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  metrics.buildInfo.set(
    {
      version: build.version,
      node_version: process.version,
      http_transport: build.httpTransport ?? 'none',
      colour: build.colour ?? 'none',
    },
    1,
  );
  measureMemoryLimit(metrics);
  return metrics;
}

/** Asks the container anew: its limit may be changed while we run. */
export function measureMemoryLimit({ memoryLimitBytes: gauge }: Metrics): void {
  const limit = memoryLimitBytes(process.constrainedMemory(), totalmem());
  // A limit of 0 would read as a container that is always over it.
  if (limit === null) gauge.remove();
  else gauge.set(limit);
}

function create(definition: MetricDefinition, registry: Registry): Counter | Gauge | Histogram {
  const { name, help } = definition;
  const options = { name, help, labelNames: [...definition.labels], registers: [registry] };
  switch (definition.kind) {
    case 'counter':
      return new Counter(options);
    case 'gauge':
      return new Gauge(options);
    case 'histogram':
      return new Histogram({ ...options, buckets: [...(definition.buckets ?? [])] });
  }
}
