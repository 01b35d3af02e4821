import { redactText } from '../redact.js';
import type { Stall } from '../stall.js';
import { type EngineStatus, type FanOutStatus, longestLag, totalLag } from '../status.js';
import { type History, POINT_COLUMNS, type Rates } from './history.js';
import type { LatencyWindow, Percentiles } from './latency-window.js';
import type { Recent, StoredOffset } from './recent.js';
import { headline } from './words.js';

/** What does not change while the process runs. */
export interface Identity {
  readonly version: string;
  readonly httpTransport: string;
  /** Of a blue/green pair, null where it is none. */
  readonly colour: string | null;
  /** Owner of the offsets rows this process claims. */
  readonly ownerId: string;
}

/** Everything `/api/status` is made of. */
export interface Facts {
  readonly identity: Identity;
  readonly status: EngineStatus;
  readonly history: History;
  readonly latency: LatencyWindow;
  readonly stall: Stall;
  readonly deadLetters: ReadonlyMap<string, number>;
  /** Null while the database was not read. */
  readonly recent: Recent | null;
  readonly nowMs: number;
}

const LATENCY_WINDOW_MS = 5 * 60_000;
const STAGE_ORDER = ['queue', 'decode', 'order', 'write'];

/**
 * The body of `/api/status`, without the history. Times are ISO 8601 or, where the name says so, seconds; latencies are
 * estimates out of histogram buckets. What is not known is null.
 */
export function snapshot(facts: Facts): Record<string, unknown> {
  const { identity, status, history, stall, nowMs } = facts;
  const lag = totalLag(status);
  const lagSeconds = longestLag(status);
  const course = history.trend();
  const trend = course?.trend ?? null;
  const etaSeconds = course?.etaSeconds ?? null;
  const p99Seconds = facts.latency.percentiles('end_to_end', LATENCY_WINDOW_MS).p99;
  const { tone, title, text } = headline(status, { trend, lag, lagSeconds, etaSeconds, p99Seconds }, nowMs);
  return {
    at: new Date(nowMs).toISOString(),
    headline: { tone, title, text: redactText(text) },
    state: status.state,
    version: identity.version,
    colour: identity.colour,
    http_transport: identity.httpTransport,
    owner: identity.ownerId,
    started_at: new Date(status.startedAt).toISOString(),
    uptime_seconds: Math.round((nowMs - status.startedAt) / 1_000),
    group: status.groupId,
    topic: status.topic,
    failure: status.failure === null ? null : redactText(status.failure),
    throughput: { last_10s: rates(history.rates(10_000)), last_1m: rates(history.rates(60_000)) },
    lag: {
      messages: lag,
      seconds: rounded(lagSeconds),
      trend,
      eta_seconds: rounded(etaSeconds),
    },
    latency: latencies(facts.latency),
    stall: { window_seconds: stall.windowSeconds, stage: stall.stage, shares: stall.shares },
    kafka: { connected: status.kafka.connected, group_steady: status.kafka.groupSteady },
    database: {
      reachable: status.database.reachable,
      breaker: status.database.breaker,
      breaker_open_seconds:
        status.database.breakerOpenSince === null ? null : rounded((nowMs - status.database.breakerOpenSince) / 1_000),
    },
    ...(status.redis === undefined ? {} : { redis: fanOut(status.redis) }),
    workers: { ...status.workers },
    memory: { inflight_bytes: status.inflightBytes, budget_bytes: status.budgetBytes, held: status.held },
    partitions: partitions(facts),
    dead_letters: deadLetters(facts),
    gaps: facts.recent?.gaps ?? null,
    trades: facts.recent?.trades ?? null,
  };
}

function fanOut({ connected, breaker, bufferBytes, published, dropped }: FanOutStatus): Record<string, unknown> {
  return { connected, breaker, buffer_bytes: bufferBytes, published, dropped };
}

/** The points of the charts, a row each. */
export function historyOf({ points }: History): Record<string, unknown> {
  return { columns: POINT_COLUMNS, points };
}

function rates(found: Rates | null): Record<string, number> | null {
  if (found === null) return null;
  return {
    messages_per_second: round(found.messages, 1),
    trades_per_second: round(found.trades, 1),
    bytes_per_second: Math.round(found.bytes),
  };
}

function latencies(window: LatencyWindow): Record<string, unknown> {
  const of = (name: string): Record<string, unknown> => shown(window.percentiles(name, LATENCY_WINDOW_MS));
  const stages = window.names.filter((name) => name !== 'end_to_end');
  stages.sort((a, b) => STAGE_ORDER.indexOf(a) - STAGE_ORDER.indexOf(b));
  return {
    window_seconds: LATENCY_WINDOW_MS / 1_000,
    end_to_end: of('end_to_end'),
    stages: stages.map((stage) => ({ stage, ...of(stage) })),
  };
}

function shown({ count, p50, p95, p99 }: Percentiles): Record<string, number | null> {
  return { count, p50_seconds: rounded(p50, 4), p95_seconds: rounded(p95, 4), p99_seconds: rounded(p99, 4) };
}

/** Ours as we know them, the others' as the database does. */
function partitions({ status, identity, recent }: Facts): Record<string, unknown>[] {
  const stored = new Map((recent?.offsets ?? []).map((row) => [row.partition, row]));
  const ours = status.partitions.map((one) => ({
    partition: one.partition,
    owner: identity.ownerId,
    ours: true,
    epoch: one.epoch,
    next_offset: one.nextOffset,
    high_watermark: one.highWatermark < 0 ? null : one.highWatermark,
    lag: one.lag,
    committed_at: stored.get(one.partition)?.committed_at ?? null,
  }));
  const owned = new Set(ours.map(({ partition }) => partition));
  const others = [...stored.values()].filter(({ partition }) => !owned.has(partition)).map(otherPartition);
  return [...ours, ...others].sort((a, b) => a.partition - b.partition);
}

function otherPartition({ partition, owner, epoch, next_offset, committed_at }: StoredOffset) {
  return { partition, owner, ours: false, epoch, next_offset, high_watermark: null, lag: null, committed_at };
}

/** Counts are of this process since its start; the newest of each class is the group's. */
function deadLetters({ deadLetters: counts, recent }: Facts): Record<string, unknown> {
  const stored = new Map((recent?.deadLetters ?? []).map((row) => [row.class, row]));
  const classes = [...new Set([...counts.keys(), ...stored.keys()])].filter(
    (name) => (counts.get(name) ?? 0) > 0 || stored.has(name),
  );
  return {
    since_start: [...counts.values()].reduce((sum, count) => sum + count, 0),
    by_class: classes.map((name) => ({
      class: name,
      since_start: counts.get(name) ?? 0,
      newest_at: stored.get(name)?.newest_at ?? null,
      newest_text: textOrNull(stored.get(name)?.newest_text),
    })),
  };
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined ? null : redactText(text);
}

function rounded(value: number | null, digits = 1): number | null {
  return value === null ? null : round(value, digits);
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
