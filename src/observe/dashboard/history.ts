/** What is read off the engine at one moment; counters since the start. */
export interface Sample {
  readonly atMs: number;
  /** Messages landed, trades inserted, bytes of message values received. */
  readonly messages: number;
  readonly trades: number;
  readonly bytes: number;
  /** Messages not landed, over all partitions owned; null while not known. */
  readonly lag: number | null;
  /** Which partitions the lag is of: another one's lag is not comparable. */
  readonly ownership: string;
}

export interface Rates {
  readonly messages: number;
  readonly trades: number;
  readonly bytes: number;
}

/** A point of the charts: ms since the epoch, rates per second, messages, seconds. */
export type Point = readonly [
  atMs: number,
  messages: number,
  trades: number,
  bytes: number,
  lag: number | null,
  p50: number | null,
  p99: number | null,
];

export const POINT_COLUMNS = [
  'at',
  'messages_per_second',
  'trades_per_second',
  'bytes_per_second',
  'lag',
  'latency_p50_seconds',
  'latency_p99_seconds',
] as const;

/** Of the rates in the charts: batches land in lumps. */
const SMOOTHING_MS = 5_000;
const TREND_MS = 30_000;
const TREND_MS_MIN = 10_000;

export type Trend = 'at-head' | 'catching-up' | 'falling-behind' | 'level';

/** Samples of the last minutes, and what follows from them. */
export class History {
  readonly #keepMs: number;
  #samples: Sample[] = [];
  #points: Point[] = [];

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  get points(): readonly Point[] {
    return this.#points;
  }

  apply(sample: Sample, latency: { p50: number | null; p99: number | null }): void {
    this.#samples.push(sample);
    const rates = this.rates(SMOOTHING_MS);
    if (rates !== null) {
      const point = [sample.atMs, tenth(rates.messages), tenth(rates.trades), Math.round(rates.bytes)] as const;
      this.#points.push([...point, sample.lag, milli(latency.p50), milli(latency.p99)]);
    }
    const oldest = sample.atMs - this.#keepMs;
    while ((this.#samples[0]?.atMs ?? oldest) < oldest) this.#samples.shift();
    while ((this.#points[0]?.[0] ?? oldest) < oldest) this.#points.shift();
  }

  /** Per second over the last `windowMs`, or over as much of it as there is; null before two samples. */
  rates(windowMs: number): Rates | null {
    const now = this.#samples.at(-1);
    const then = this.#before(windowMs);
    if (now === undefined || then === undefined || now.atMs <= then.atMs) return null;
    const seconds = (now.atMs - then.atMs) / 1_000;
    return {
      messages: (now.messages - then.messages) / seconds,
      trades: (now.trades - then.trades) / seconds,
      bytes: (now.bytes - then.bytes) / seconds,
    };
  }

  /**
   * Where the lag is going, and in how many seconds at this pace it will be gone: null unless it shrinks. Null as a whole
   * while the lag is not known or its partitions have just changed.
   */
  trend(): { trend: Trend; etaSeconds: number | null } | null {
    const now = this.#samples.at(-1);
    if (now === undefined || now.lag === null) return null;
    const pace = this.rates(TREND_MS_MIN)?.messages ?? 0;
    // Watermarks are asked for every ten seconds or so: a lag of this size is one between two answers.
    if (now.lag <= Math.max(100, pace * 3)) return { trend: 'at-head', etaSeconds: 0 };
    const then = this.#samples.find(
      ({ atMs, ownership, lag }) => atMs >= now.atMs - TREND_MS && ownership === now.ownership && lag !== null,
    );
    if (then === undefined || then.lag === null || now.atMs - then.atMs < TREND_MS_MIN) return null;
    const shrinks = (then.lag - now.lag) / ((now.atMs - then.atMs) / 1_000);
    const noticeable = Math.max(1, now.lag * 0.001);
    if (shrinks > noticeable) return { trend: 'catching-up', etaSeconds: now.lag / shrinks };
    return { trend: shrinks < -noticeable ? 'falling-behind' : 'level', etaSeconds: null };
  }

  #before(windowMs: number): Sample | undefined {
    const from = (this.#samples.at(-1)?.atMs ?? 0) - windowMs;
    return this.#samples.findLast(({ atMs }) => atMs <= from) ?? this.#samples[0];
  }
}

const tenth = (value: number): number => Math.round(value * 10) / 10;
const milli = (value: number | null): number | null => (value === null ? null : Math.round(value * 1_000) / 1_000);
