import type { Latencies } from './latency-tally.js';
import type { LogCode } from './log-events.js';
import { STAGES, type Stage, type StageSeconds, sharesBetween } from './stall.js';

/** What the watch is told once per interval: counters since the start, and the latencies of the interval. */
export interface FlowReading {
  readonly atMs: number;
  readonly messages: number;
  readonly trades: number;
  readonly bytes: number;
  /** Messages not landed, over all partitions owned; null while not known. */
  readonly lag: number | null;
  /** Of the partition furthest behind; null while not known. */
  readonly lagSeconds: number | null;
  /** Which partitions the lag is of: another one's lag is not comparable. */
  readonly ownership: string;
  readonly stalls: StageSeconds;
  readonly latencies: Latencies;
}

export interface FlowLimits {
  /** Fewer messages a second are a warning while there are more to be had; 0 never warns. */
  readonly messagesPerSecondMin: number;
  /** A 99th percentile above this is a warning; 0 never warns. */
  readonly p99MsMax: number;
}

/** A line for the log. */
export interface FlowLine {
  readonly level: 'info' | 'warn';
  readonly code: LogCode;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** What stays as it is is said again after this long. */
const REMIND_MS = 10 * 60_000;
/** Watermarks are asked for every ten seconds or so: a lag of what comes in a few is one between two answers. */
const LAG_NOISE_SECONDS = 3;
const LAG_NOISE_MESSAGES = 10;
/** The producer offers more where we land less than this share of it. */
const KEEPS_UP_RATIO = 0.9;
/** Of this share of messages the latency may be anything: the rest is the 99th percentile. */
const SLOW_SHARE_MAX = 0.01;
/** Fewer slow messages than this are chance. */
const SLOW_MIN = 3;

const WORDS: Readonly<Record<Stage, string>> = {
  kafka: 'the broker',
  workers: 'the decode threads',
  reassembler: 'results that wait for an earlier one',
  postgres: 'PostgreSQL',
};

/** A state that is told when it begins, every REMIND_MS while it lasts, and when it is over. */
class Alarm {
  #toldMs: number | null = null;

  apply(on: boolean, nowMs: number): 'tell' | 'over' | null {
    if (!on) {
      const was = this.#toldMs !== null;
      this.#toldMs = null;
      return was ? 'over' : null;
    }
    if (this.#toldMs !== null && nowMs - this.#toldMs < REMIND_MS) return null;
    this.#toldMs = nowMs;
    return 'tell';
  }
}

/**
 * Watches pace and latency: a line per interval, a warning where the pace is low though there is more to be had, and one where
 * the 99th percentile of the latency is high, each with the stage that is to blame. The first reading only begins.
 */
export class FlowWatch {
  readonly #limits: FlowLimits;
  readonly #slow = new Alarm();
  readonly #late = new Alarm();
  #before: FlowReading | null = null;

  constructor(limits: FlowLimits) {
    this.#limits = limits;
  }

  apply(now: FlowReading): FlowLine[] {
    const before = this.#before;
    this.#before = now;
    if (before === null || now.atMs <= before.atMs) return [];
    const seconds = (now.atMs - before.atMs) / 1_000;
    const pace = (now.messages - before.messages) / seconds;
    const { stage } = sharesBetween(before.stalls, now.stalls, seconds);
    return [
      paceLine(before, now, seconds),
      ...this.#throughput(before, now, pace, stage, seconds),
      ...this.#latency(now, stage),
    ];
  }

  #throughput(before: FlowReading, now: FlowReading, pace: number, stage: Stage | null, seconds: number): FlowLine[] {
    const { messagesPerSecondMin: min } = this.#limits;
    const offered = offeredPerSecond(before, now, pace, seconds);
    const waits = (reading: FlowReading): boolean =>
      (reading.lag ?? 0) > Math.max(LAG_NOISE_MESSAGES, pace * LAG_NOISE_SECONDS);
    const fallsBehind = pace < offered * KEEPS_UP_RATIO;
    const low = pace < min && waits(now) && (waits(before) || fallsBehind);
    const fields = { messages_per_second: round(pace), offered_per_second: round(offered), lag: now.lag, stage };
    switch (this.#slow.apply(low, now.atMs)) {
      case 'tell':
        return [
          {
            level: 'warn',
            code: 'throughput_low',
            message: `${round(pace)} messages/s land, fewer than ${min}, and there are more to be had: ${now.lag} wait, ${round(offered)} a second come; ${stage === null ? 'no stage in particular holds them up' : `what holds them up: ${WORDS[stage]}`}`,
            fields,
          },
        ];
      case 'over':
        return [
          {
            level: 'info',
            code: 'throughput_recovered',
            message: `${round(pace)} messages/s land, and nothing more waits than is on its way`,
            fields,
          },
        ];
      default:
        return [];
    }
  }

  #latency(now: FlowReading, stalled: Stage | null): FlowLine[] {
    const { p99MsMax: max } = this.#limits;
    const { messages, slow, p99Ms, slowSeconds } = now.latencies;
    if (messages === 0) return []; // nothing was late, and nothing was not
    const high = max > 0 && slow >= SLOW_MIN && slow > messages * SLOW_SHARE_MAX;
    const stage = blamed(slowSeconds, stalled);
    switch (this.#late.apply(high, now.atMs)) {
      case 'tell':
        return [
          {
            level: 'warn',
            code: 'latency_high',
            message: `the 99th percentile from Kafka to the COMMIT is ${inWords(p99Ms)}, which is over ${max} ms: ${slow} of ${messages} messages were late, most of it because of ${WORDS[stage]}`,
            fields: { p99_ms: p99Ms, slow, messages, stage, stage_seconds: roundedSeconds(slowSeconds) },
          },
        ];
      case 'over':
        return [
          {
            level: 'info',
            code: 'latency_recovered',
            message: `the 99th percentile from Kafka to the COMMIT is ${inWords(p99Ms)} again`,
            fields: { p99_ms: p99Ms, messages },
          },
        ];
      default:
        return [];
    }
  }
}

function paceLine(before: FlowReading, now: FlowReading, seconds: number): FlowLine {
  const perSecond = (of: 'messages' | 'trades' | 'bytes'): number => round((now[of] - before[of]) / seconds);
  const { p99Ms } = now.latencies;
  const fields = {
    messages_per_second: perSecond('messages'),
    trades_per_second: perSecond('trades'),
    bytes_per_second: Math.round(perSecond('bytes')),
    lag: now.lag,
    lag_seconds: now.lagSeconds,
    p99_ms: p99Ms,
  };
  const megabytes = (fields.bytes_per_second / 1e6).toFixed(1);
  const behind = now.lag === null ? 'lag unknown' : `lag ${now.lag}${late(now.lagSeconds)}`;
  const latency = p99Ms === null ? '' : `; p99 ${inWords(p99Ms)}`;
  const message = `${fields.messages_per_second} messages/s, ${fields.trades_per_second} trades/s, ${megabytes} MB/s; ${behind}${latency}`;
  return { level: 'info', code: 'flow', message, fields };
}

/** What comes to the partitions we own: what we land of it, and what the lag grows by. */
function offeredPerSecond(before: FlowReading, now: FlowReading, pace: number, seconds: number): number {
  if (before.lag === null || now.lag === null || before.ownership !== now.ownership) return pace;
  return Math.max(0, pace + (now.lag - before.lag) / seconds);
}

/**
 * The stage where the late messages spent most of their time. That they waited at the broker, or for their batch, is the doing
 * of whatever the flow stood still for, where it did.
 */
function blamed(seconds: StageSeconds, stalled: Stage | null): Stage {
  const most = STAGES.reduce((worst, stage) => (seconds[stage] > seconds[worst] ? stage : worst));
  return most === 'kafka' || most === 'reassembler' ? (stalled ?? most) : most;
}

function late(seconds: number | null): string {
  return seconds === null || seconds < 1 ? '' : ` (${Math.round(seconds)} s)`;
}

function inWords(ms: number | null): string {
  if (ms === null) return 'unknown';
  return ms < 10_000 ? `${ms} ms` : `${Math.round(ms / 1_000)} s`;
}

function roundedSeconds(seconds: StageSeconds): Record<string, number> {
  return Object.fromEntries(STAGES.map((stage) => [stage, round(seconds[stage])]));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
