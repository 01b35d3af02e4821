import type { Metrics } from './metrics.js';
import { ENGINE_STATES, type EngineStatus, type FanOutStatus } from './status.js';

const BREAKER_VALUE = { closed: 0, 'half-open': 1, open: 2 } as const;

/**
 * Sets the gauges that mirror the engine's status. Called per scrape, so that no message pays for them; partitions given
 * up disappear, so that their last values do not live on beside the new owner's.
 */
export function mirrorStatus(metrics: Metrics, status: EngineStatus): void {
  for (const state of ENGINE_STATES) metrics.engineState.set({ state }, state === status.state ? 1 : 0);
  metrics.connectionActive.set(status.kafka.connected ? 1 : 0);
  metrics.breakerState.set({ name: 'postgres' }, BREAKER_VALUE[status.database.breaker]);
  metrics.inflightBytes.set(status.inflightBytes);
  metrics.budgetBytes.set(status.budgetBytes);

  const { queued, restarts } = status.workers;
  metrics.workerBusyRatio.set(status.busyRatio);
  metrics.workerQueueDepth.set(queued);
  metrics.workerRestarts.reset();
  metrics.workerRestarts.inc(restarts);

  mirrorPartitions(metrics, status);
  mirrorFanOut(metrics, status.redis);
}

/** Where there is none, a 0 would read as a Redis that is away. */
function mirrorFanOut(metrics: Metrics, redis: FanOutStatus | undefined): void {
  if (redis === undefined) {
    metrics.redisConnectionActive.remove();
    metrics.redisBufferBytes.remove();
    return;
  }
  metrics.redisConnectionActive.set(redis.connected ? 1 : 0);
  metrics.redisBufferBytes.set(redis.bufferBytes);
  metrics.breakerState.set({ name: 'redis' }, BREAKER_VALUE[redis.breaker]);
}

function mirrorPartitions(metrics: Metrics, status: EngineStatus): void {
  const group = status.groupId;
  metrics.assignedPartitions.reset();
  metrics.assignedPartitions.set({ group, topic: status.topic }, status.partitions.length);
  for (const gauge of [
    metrics.consumerLag,
    metrics.consumerLagSeconds,
    metrics.usefulLag,
    metrics.committedOffset,
    metrics.highWatermark,
    metrics.lowWatermark,
  ])
    gauge.reset();
  const useless = status.saturated || status.database.breaker !== 'closed';
  for (const one of status.partitions) {
    const labels = { topic: one.topic, partition: String(one.partition) };
    metrics.committedOffset.set({ group, ...labels }, one.nextOffset);
    // A watermark nobody has asked for yet is absent, not -1.
    if (one.lowWatermark >= 0) metrics.lowWatermark.set(labels, one.lowWatermark);
    if (one.highWatermark >= 0) metrics.highWatermark.set(labels, one.highWatermark);
    if (one.lag !== null) {
      metrics.consumerLag.set({ group, ...labels }, one.lag);
      metrics.usefulLag.set({ group, ...labels }, useless ? 0 : one.lag);
    }
    if (one.lagSeconds !== null) metrics.consumerLagSeconds.set({ group, ...labels }, one.lagSeconds);
  }
}
