import { type FlowLine, type FlowReading, FlowWatch } from './flow-watch.js';
import { type HealthLimits, live, ready } from './health.js';
import { HealthWatch } from './health-watch.js';
import { LatencyTally } from './latency-tally.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';
import { PartitionProgress } from './partition-progress.js';
import { RecordAges } from './record-age.js';
import { type Flow, NO_SECONDS, STAGES, type Stage, StallWindow, stalledBy } from './stall.js';
import { type EngineStatus, longestLag, ownershipOf, totalLag } from './status.js';

export interface MonitorOptions {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly topic: string;
  readonly status: () => EngineStatus;
  readonly flow: () => Flow;
  readonly limits: MonitorLimits;
}

export interface MonitorLimits extends HealthLimits {
  /** A line about the pace this often, ms; 0 never. */
  readonly flowLogIntervalMs: number;
  readonly messagesPerSecondMin: number;
  readonly p99MsMax: number;
  /** A partition that stands still for this long is stuck. */
  readonly stuckAfterMs: number;
}

/** What the monitor is told of a received message. */
interface Received {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly value: { readonly byteLength: number } | null;
}

/** ... of a stretch that landed. */
interface Landed {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly messages: number;
  readonly oldestTimestampMs: number;
}

const SAMPLE_MS = 100;
/** A main thread that was away for longer saw nothing of what the flow stood still for. */
const SAMPLE_MS_MAX = 1_000;
const LOOK_SAMPLES = 10;
/** Samples that the share of busy threads is taken over: ten seconds. */
const BUSY_SAMPLES = 100;
/** With this share of the last minute lost to PostgreSQL, another engine would only lose more there. */
const SATURATED_SHARE = 0.5;

/**
 * Looks at the running engine ten times a second: what the flow stands still for, how old the records are that have not
 * landed, which partitions are stuck. It fills the metrics that only time can fill and tells the log how the flow goes.
 */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #ages = new RecordAges();
  readonly #tally: LatencyTally;
  readonly #stalls = new StallWindow();
  readonly #progress: PartitionProgress;
  readonly #flowWatch: FlowWatch;
  readonly #healthWatch = new HealthWatch();
  readonly #counted: Record<Stage, number> = { ...NO_SECONDS };
  readonly #busy: number[] = [];
  #timers: NodeJS.Timeout[] = [];
  #sampledMs = 0;
  #samples = 0;
  #stuck: readonly string[] = [];
  #messages = 0;
  #trades = 0;
  #bytes = 0;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#tally = new LatencyTally(options.limits.p99MsMax);
    this.#progress = new PartitionProgress(options.limits.stuckAfterMs);
    this.#flowWatch = new FlowWatch(options.limits);
    for (const stage of STAGES) options.metrics.stallSeconds.inc({ stage }, 0);
  }

  get ages(): RecordAges {
    return this.#ages;
  }

  /** Partitions that stand still though all around them is well, as `topic/partition`. */
  get stuck(): readonly string[] {
    return this.#stuck;
  }

  /** PostgreSQL takes no more than it is given already. */
  get saturated(): boolean {
    return this.#stalls.stall().shares.postgres >= SATURATED_SHARE;
  }

  /** Share of the decode threads that had a slab, over the last ten seconds. */
  get busyRatio(): number {
    return this.#busy.length === 0 ? 0 : this.#busy.reduce((sum, share) => sum + share, 0) / this.#busy.length;
  }

  start(): void {
    const { flowLogIntervalMs } = this.#options.limits;
    this.#sampledMs = performance.now();
    this.#timers = [setInterval(() => this.#sample(), SAMPLE_MS).unref()];
    if (flowLogIntervalMs === 0) return;
    this.#tell(this.#flowWatch.apply(this.#reading()));
    const watch = setInterval(() => this.#tell(this.#flowWatch.apply(this.#reading())), flowLogIntervalMs);
    this.#timers.push(watch.unref());
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  received(messages: readonly Received[]): number {
    const nowMs = Date.now();
    let bytes = 0;
    for (const { partition, offset, timestampMs, value } of messages) {
      bytes += value?.byteLength ?? 0;
      this.#ages.received(partition, offset, timestampMs, nowMs);
    }
    this.#bytes += bytes;
    return bytes;
  }

  /** A slab was decoded, `seconds` after a worker was given it. */
  decoded(partition: number, from: number, seconds: number): void {
    const queuedMs = this.#ages.decoded(partition, from, seconds * 1_000, Date.now());
    if (queuedMs !== null) this.#observe('queue', queuedMs);
  }

  /** A stretch landed; `seconds` since its batch began to be written. */
  landed(part: Landed, rows: number, seconds: number): void {
    const nowMs = Date.now();
    const passage = this.#ages.landed(part, seconds * 1_000, nowMs);
    this.#messages += part.messages;
    this.#trades += rows;
    if (passage !== null) this.#observe('order', passage.reassembler);
    if (part.messages > 0 && part.oldestTimestampMs >= 0)
      this.#tally.landed(part.messages, nowMs - part.oldestTimestampMs, passage);
  }

  #observe(stage: 'queue' | 'order', ms: number): void {
    const { metrics, topic } = this.#options;
    metrics.processingDuration.observe({ topic, stage }, ms / 1_000);
  }

  #sample(): void {
    const { metrics, status: ask, flow } = this.#options;
    const now = performance.now();
    const seconds = Math.min(now - this.#sampledMs, SAMPLE_MS_MAX) / 1_000;
    this.#sampledMs = now;
    const status = ask();
    const stage = stalledBy(status, flow());
    if (stage !== null) {
      this.#counted[stage] += seconds;
      metrics.stallSeconds.inc({ stage }, seconds);
    }
    const { threads, busy } = status.workers;
    this.#busy.push(threads === 0 ? 0 : busy / threads);
    if (this.#busy.length > BUSY_SAMPLES) this.#busy.shift();
    if (this.#samples++ % LOOK_SAMPLES === 0) this.#look(status);
  }

  #look(status: EngineStatus): void {
    const { limits } = this.#options;
    const nowMs = Date.now();
    this.#ages.look(status.partitions);
    this.#stalls.apply({ ...this.#counted }, nowMs);
    this.#stuck = this.#progress.apply(status, nowMs);
    if (status.state === 'failed') return; // why is told by whoever ends it
    const ending = status.state !== 'active' && status.state !== 'standby';
    const answers = [live(status, nowMs, this.#stuck, limits), ready(status, nowMs, limits)] as const;
    this.#tell(this.#healthWatch.apply(...answers, ending, nowMs));
  }

  #reading(): FlowReading {
    const status = this.#options.status();
    return {
      atMs: Date.now(),
      messages: this.#messages,
      trades: this.#trades,
      bytes: this.#bytes,
      lag: totalLag(status),
      lagSeconds: longestLag(status),
      ownership: ownershipOf(status),
      stalls: { ...this.#counted },
      latencies: this.#tally.take(),
    };
  }

  #tell(lines: readonly FlowLine[]): void {
    for (const { level, code, message, fields } of lines) this.#options.logger[level](code, message, fields);
  }
}
