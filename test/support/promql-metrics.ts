import { LAG_METRICS } from '../../src/observe/lag-metric-definitions.js';
import { METRIC_DEFINITIONS, type MetricDefinition } from '../../src/observe/metric-definitions.js';
import { createMetrics } from '../../src/observe/metrics.js';

/** The labels of each metric, by the names that a query may use: of a histogram `_bucket`, `_sum` and `_count`. */
export type KnownMetrics = ReadonlyMap<string, ReadonlySet<string>>;

/** What a PromQL expression asks for. */
export interface PromqlUse {
  /** Each metric, with the labels that its matchers name. */
  readonly selectors: readonly { readonly metric: string; readonly labels: readonly string[] }[];
  /** Each list of labels, of `by`, `without`, `on`, `ignoring` or `group_…`, with the metrics that it stands over. */
  readonly groupings: readonly { readonly labels: readonly string[]; readonly metrics: readonly string[] }[];
}

/** Given by whatever scrapes, to every series. */
const TARGET_LABELS = ['job', 'instance', 'namespace', 'pod', 'container'];

/** Metrics of others that we ask for: Prometheus itself, cAdvisor, kube-state-metrics. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  up: [],
  ALERTS: ['alertname', 'alertstate', 'severity'],
  container_memory_working_set_bytes: [],
  container_spec_memory_limit_bytes: [],
  kube_horizontalpodautoscaler_status_current_replicas: ['horizontalpodautoscaler'],
  kube_horizontalpodautoscaler_spec_max_replicas: ['horizontalpodautoscaler'],
};

const TOKEN =
  /#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|<<.*?>>|\$\{?\w+(?::\w+)?\}?|\[[^\]]*\]|[a-zA-Z_:][\w:]*|[\d.]+\w*|=~|!~|!=|==|>=|<=|\S/g;
const NAME = /^[a-zA-Z_:][\w:]*$/;
const OVER_OPERAND = ['by', 'without'];
const OVER_BOTH = ['on', 'ignoring', 'group_left', 'group_right'];
const WORDS = ['and', 'or', 'unless', 'offset', 'bool', 'atan2', 'inf', 'nan'];

/**
 * The metrics and labels that an expression uses. Takes what stands in for a part of one: `<<.LabelMatchers>>` of
 * prometheus-adapter, `$__rate_interval` of Grafana. Whether it is PromQL at all is for promtool to say.
 */
export function promqlUse(expression: string): PromqlUse {
  const tokens = expression.match(TOKEN)?.filter((token) => !token.startsWith('#')) ?? [];
  const selectors: { metric: string; labels: string[] }[] = [];
  const groupings: { labels: string[]; metrics: string[] }[] = [];
  const open: string[][] = [[]];
  let closed: string[] = [];
  let waiting: string[] | null = null;

  /** The words in a pair of brackets that opens at `at`; where it closes. */
  const listAt = (at: number, until: string): { names: string[]; end: number } => {
    const end = tokens.indexOf(until, at);
    return { names: tokens.slice(at + 1, end).filter((token) => NAME.test(token)), end };
  };

  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]!;
    const next = tokens[at + 1];
    if (token === '(') {
      const metrics: string[] = [];
      if (waiting !== null) groupings.push({ labels: waiting, metrics });
      waiting = null;
      open.push(metrics);
    } else if (token === ')') {
      closed = open.pop() ?? [];
    } else if (next === '(' && (OVER_OPERAND.includes(token) || OVER_BOTH.includes(token))) {
      const { names, end } = listAt(at + 1, ')');
      if (OVER_BOTH.includes(token)) groupings.push({ labels: names, metrics: open.at(-1) ?? [] });
      else if (tokens[at - 1] === ')') groupings.push({ labels: names, metrics: closed });
      else waiting = names;
      at = end;
    } else if (isMetric(token, next)) {
      const { names, end } = next === '{' ? listAt(at + 1, '}') : { names: [], end: at };
      selectors.push({ metric: token, labels: names });
      for (const metrics of open) metrics.push(token);
      at = end;
    } else if (token === '{') {
      throw new Error(`a selector without a name of a metric: ${expression}`);
    }
  }
  return { selectors, groupings };
}

/** And no function, aggregation or keyword. */
function isMetric(token: string, next: string | undefined): boolean {
  if (!NAME.test(token) || next === '(' || OVER_OPERAND.includes(next ?? '')) return false;
  return ![...WORDS, ...OVER_OPERAND, ...OVER_BOTH].includes(token.toLowerCase());
}

/** All that our processes export, and the few metrics of others. */
export function knownMetrics(): KnownMetrics {
  const known = new Map<string, Set<string>>();
  const add = (name: string, kind: string, labels: readonly string[]): void => {
    const parts = kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    for (const part of parts) {
      const own = known.get(part) ?? known.set(part, new Set(TARGET_LABELS)).get(part)!;
      for (const label of part.endsWith('_bucket') ? [...labels, 'le'] : labels) own.add(label);
    }
  };
  const own: readonly MetricDefinition[] = [...Object.values(METRIC_DEFINITIONS), ...Object.values(LAG_METRICS)];
  for (const { name, kind, labels } of own) add(name, kind, labels);
  const names = new Set(own.map(({ name }) => name));
  const nodes = createMetrics({ version: 'none' }).registry.getMetricsAsArray() as unknown as {
    name: string;
    type: string;
    labelNames?: readonly string[];
  }[];
  for (const { name, type, labelNames = [] } of nodes) if (!names.has(name)) add(name, type, labelNames);
  for (const [name, labels] of Object.entries(FOREIGN)) add(name, 'gauge', labels);
  return known;
}

/** A sentence for each metric and label of the expression that nobody exports. */
export function unknownInPromql(expression: string, known: KnownMetrics): string[] {
  const { selectors, groupings } = promqlUse(expression);
  const carries = (metric: string, label: string): boolean => known.get(metric)?.has(label) ?? false;
  return [
    ...selectors.filter(({ metric }) => !known.has(metric)).map(({ metric }) => `nobody exports ${metric}`),
    ...selectors.flatMap(({ metric, labels }) =>
      labels
        .filter((label) => known.has(metric) && !carries(metric, label))
        .map((label) => `${metric} has no label ${label}`),
    ),
    ...groupings.flatMap(({ labels, metrics }) =>
      labels
        .filter((label) => !metrics.some((metric) => carries(metric, label)))
        .map((label) => `no metric that ${label} stands over has it: ${metrics.join(', ')}`),
    ),
  ];
}
