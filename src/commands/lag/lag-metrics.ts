import { Gauge, Registry } from 'prom-client';
import { LAG_METRICS } from '../../observe/lag-metric-definitions.js';
import type { Measurement } from './lag-watch.js';

type Name = keyof typeof LAG_METRICS;

/** The exporter’s gauges, made anew from each measurement: whatever is not known is absent and not what it was before. */
export class LagMetrics {
  readonly #registry = new Registry();
  readonly #gauges: Readonly<Record<Name, Gauge>>;

  constructor() {
    const made = Object.entries(LAG_METRICS).map(([key, { name, help, labels }]) => [
      key,
      new Gauge({ name, help, labelNames: [...labels], registers: [this.#registry] }),
    ]);
    this.#gauges = Object.fromEntries(made) as Record<Name, Gauge>;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(measurement: Measurement): Promise<string> {
    const gauges = this.#gauges;
    for (const gauge of Object.values(gauges)) gauge.reset();
    const { group, topic, topicPartitions, partitions, useful } = measurement;
    if (topicPartitions !== null) gauges.topicPartitions.set({ topic }, topicPartitions);
    for (const { partition: number, stored, held, lag, lagSeconds } of partitions) {
      const partition = String(number);
      const of = { group, topic, partition };
      if (stored !== null) gauges.committedOffset.set(of, stored.nextOffset);
      if (stored?.committedAtMs) gauges.committedAt.set(of, stored.committedAtMs / 1_000);
      if (held !== null) gauges.highWatermark.set({ topic, partition }, held.high);
      if (held !== null) gauges.lowWatermark.set({ topic, partition }, held.low);
      if (lag !== null) gauges.lag.set(of, lag);
      if (lag !== null) gauges.usefulLag.set(of, useful ? lag : 0);
      if (lagSeconds !== null) gauges.lagSeconds.set(of, lagSeconds);
    }
    for (const { measure, ratio, checkedAtMs } of measurement.completeness) {
      gauges.dataCompleteness.set({ measure }, ratio);
      gauges.dataCompletenessAt.set({ measure }, checkedAtMs / 1_000);
    }
    for (const [source, { up, seenAtMs }] of Object.entries(measurement.sources)) {
      gauges.sourceUp.set({ source }, up ? 1 : 0);
      if (seenAtMs !== null) gauges.sourceSeen.set({ source }, seenAtMs / 1_000);
    }
    return this.#registry.metrics();
  }
}
