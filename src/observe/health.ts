import { OPTIONS } from '../config.js';
import { redactText } from './redact.js';
import { type EngineState, type EngineStatus, type FanOutStatus, totalLag } from './status.js';

/** Answer of a health route. */
export interface HealthAnswer {
  readonly code: 200 | 503;
  readonly body: Record<string, unknown>;
}

/** What is not the engine's state but belongs beside it. */
export interface About {
  readonly version: string;
  readonly httpTransport: string;
  /** DEPLOYMENT_COLOUR, null where it is none of a pair. */
  readonly colour?: string | null;
}

/** States in which the poll loop must tick. */
const POLLING: ReadonlySet<EngineState> = new Set(['standby', 'active', 'drained']);

export interface HealthLimits {
  /** The poll loop ticks many times a second, also while fetching is held; after this long without, it stands still. */
  readonly pollStalledMs: number;
  /** A breaker that is open for less, or a database that does not answer for less, is a short outage, which is ridden out. */
  readonly breakerOpenMs: number;
}

/** By default, see SERVICE_OPTIONS. */
export const HEALTH_LIMITS: HealthLimits = {
  pollStalledMs: OPTIONS.livePollStalledMs.default,
  breakerOpenMs: OPTIONS.readyBreakerOpenMs.default,
};

/**
 * Whether a restart would help: the poll loop stands still, a partition is stuck, or the engine has given up. Says nothing
 * of database, broker or lag, which a restart cannot mend. `stuck` comes from PartitionProgress.
 */
export function live(
  status: EngineStatus,
  nowMs: number,
  stuck: readonly string[] = [],
  limits: HealthLimits = HEALTH_LIMITS,
): HealthAnswer {
  return answer(notLive(status, nowMs, stuck, limits), { state: status.state, poll_age_ms: pollAgeMs(status, nowMs) });
}

/** Whether the engine does its work, or could at once: everything it stands on is there. Says nothing of lag or the number of partitions. */
export function ready(status: EngineStatus, nowMs: number, limits: HealthLimits = HEALTH_LIMITS): HealthAnswer {
  return answer(notReady(status, nowMs, limits), { state: status.state });
}

/** For people and scripts: everything that is known, 503 where the engine is not live or not ready. */
export function health(
  status: EngineStatus,
  nowMs: number,
  about: About,
  stuck: readonly string[] = [],
  limits: HealthLimits = HEALTH_LIMITS,
): HealthAnswer {
  const { kafka, database, workers } = status;
  return answer([...notLive(status, nowMs, stuck, limits), ...notReady(status, nowMs, limits)], {
    kafka_connected: kafka.connected,
    database_connected: database.reachable,
    state: status.state,
    version: about.version,
    colour: about.colour ?? null,
    node_version: process.version,
    http_transport: about.httpTransport,
    started_at: new Date(status.startedAt).toISOString(),
    uptime_seconds: (nowMs - status.startedAt) / 1000,
    failure: status.failure === null ? null : redactText(status.failure),
    components: {
      kafka: { connected: kafka.connected, group_steady: kafka.groupSteady, poll_age_ms: pollAgeMs(status, nowMs) },
      database: {
        reachable: database.reachable,
        breaker: database.breaker,
        breaker_open_ms: database.breakerOpenSince === null ? null : nowMs - database.breakerOpenSince,
      },
      workers: {
        threads: workers.threads,
        busy: workers.busy,
        queued: workers.queued,
        restarts: workers.restarts,
      },
      memory: { inflight_bytes: status.inflightBytes, budget_bytes: status.budgetBytes, held: status.held },
      ...(status.redis === undefined ? {} : { redis: fanOut(status.redis, nowMs) }),
    },
    group: status.groupId,
    topic: status.topic,
    lag: totalLag(status),
    stuck_partitions: stuck,
    partitions: status.partitions.map((one) => ({
      topic: one.topic,
      partition: one.partition,
      epoch: one.epoch,
      next_offset: one.nextOffset,
      low_watermark: one.lowWatermark < 0 ? null : one.lowWatermark,
      high_watermark: one.highWatermark < 0 ? null : one.highWatermark,
      lag: one.lag,
      lag_seconds: one.lagSeconds,
    })),
  });
}

/** Told and not judged: nothing that the engine is for depends on it. */
function fanOut(redis: FanOutStatus, nowMs: number): Record<string, unknown> {
  return {
    connected: redis.connected,
    breaker: redis.breaker,
    breaker_open_ms: redis.breakerOpenSince === null ? null : nowMs - redis.breakerOpenSince,
    buffer_bytes: redis.bufferBytes,
    published: redis.published,
    dropped: redis.dropped,
  };
}

function answer(reasons: readonly string[], fields: Record<string, unknown>): HealthAnswer {
  const healthy = reasons.length === 0;
  return { code: healthy ? 200 : 503, body: { status: healthy ? 'healthy' : 'unhealthy', reasons, ...fields } };
}

function notLive(status: EngineStatus, nowMs: number, stuck: readonly string[], limits: HealthLimits): string[] {
  const reasons = stuck.map((name) => `partition ${name} stands still while its end moves`);
  if (status.state === 'failed') reasons.push('the engine has failed');
  if (POLLING.has(status.state) && pollAgeMs(status, nowMs) > limits.pollStalledMs) {
    reasons.push(`the poll loop has not ticked for ${Math.round(pollAgeMs(status, nowMs) / 1000)} s`);
  }
  return reasons;
}

function notReady(status: EngineStatus, nowMs: number, limits: HealthLimits): string[] {
  const { state, kafka, database, workers } = status;
  const reasons: string[] = [];
  if (state !== 'active' && state !== 'standby') reasons.push(`the engine is ${state}`);
  if (workers.threads === 0) reasons.push('no decode thread is up');
  if (!kafka.connected) reasons.push('no broker is connected');
  if (state !== 'standby' && !kafka.groupSteady) reasons.push('the consumer group is not steady');
  const openMs = database.breakerOpenSince === null ? 0 : nowMs - database.breakerOpenSince;
  const awayMs = database.unreachableSince === null ? -1 : nowMs - database.unreachableSince;
  if (database.breaker === 'open' && openMs >= limits.breakerOpenMs) {
    reasons.push(`the database has been given up for ${Math.round(openMs / 1000)} s`);
  } else if (awayMs >= limits.breakerOpenMs) {
    reasons.push('the database is not reachable');
  }
  return reasons;
}

/** Since the last tick, or since the start while there was none. */
function pollAgeMs(status: EngineStatus, nowMs: number): number {
  return Math.max(0, nowMs - Math.max(status.lastPollAt, status.startedAt));
}
