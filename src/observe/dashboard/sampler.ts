import type { MetricObjectWithValues, MetricValue, MetricValueWithName } from 'prom-client';
import type { Metrics } from '../metrics.js';
import { STAGES, type StageSeconds } from '../stall.js';
import { type EngineStatus, ownershipOf, totalLag } from '../status.js';
import type { Sample } from './history.js';
import type { Buckets } from './latency-window.js';

export interface Reading {
  readonly sample: Sample;
  /** Latency histograms by name: `end_to_end` and the stages. */
  readonly histograms: ReadonlyMap<string, Buckets>;
  /** Of engine_stall_seconds_total. */
  readonly stalls: StageSeconds;
  readonly deadLetters: ReadonlyMap<string, number>;
}

/** Reads the counters the engine keeps anyway: the page and `/metrics` tell the same story. */
export async function readMetrics(metrics: Metrics, status: EngineStatus, nowMs: number): Promise<Reading> {
  const [messages, trades, bytes, stalls, letters, endToEnd, stages] = await Promise.all([
    metrics.messagesProcessed.get(),
    metrics.tradesWritten.get(),
    metrics.messagesBytes.get(),
    metrics.stallSeconds.get(),
    metrics.deadLetters.get(),
    metrics.endToEndLatency.get(),
    metrics.processingDuration.get(),
  ]);
  const histograms = bucketsBy(stages, 'stage');
  for (const buckets of bucketsBy(endToEnd, null).values()) histograms.set('end_to_end', buckets);
  return {
    sample: {
      atMs: nowMs,
      messages: sum(messages),
      trades: sum(trades),
      bytes: sum(bytes),
      lag: totalLag(status),
      ownership: ownershipOf(status),
    },
    histograms,
    stalls: stageSeconds(stalls),
    deadLetters: new Map(letters.values.map(({ labels, value }) => [String(labels.reason), value])),
  };
}

function sum<Label extends string>(metric: MetricObjectWithValues<MetricValue<Label>>): number {
  return metric.values.reduce((total, { value }) => total + value, 0);
}

function stageSeconds(metric: MetricObjectWithValues<MetricValue<'stage'>>): StageSeconds {
  const of = (stage: string): number => metric.values.find(({ labels }) => labels.stage === stage)?.value ?? 0;
  return Object.fromEntries(STAGES.map((stage) => [stage, of(stage)])) as StageSeconds;
}

/** Buckets of a histogram by one of its labels, added up over the others. */
function bucketsBy<Label extends string>(
  metric: MetricObjectWithValues<MetricValueWithName<Label>>,
  label: string | null,
): Map<string, Buckets> {
  const found = new Map<string, Map<number, number>>();
  for (const { metricName, labels, value } of metric.values) {
    if (!metricName?.endsWith('_bucket')) continue;
    const { le, ...rest } = labels as Record<string, string | number>;
    const name = label === null ? '' : String(rest[label]);
    const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
    const counts = found.get(name) ?? new Map<number, number>();
    counts.set(bound, (counts.get(bound) ?? 0) + value);
    found.set(name, counts);
  }
  return new Map(
    [...found].map(([name, counts]) => {
      const bounds = [...counts.keys()].sort((a, b) => a - b);
      return [
        name,
        { bounds: bounds.filter(Number.isFinite), cumulative: bounds.map((bound) => counts.get(bound) ?? 0) },
      ];
    }),
  );
}
