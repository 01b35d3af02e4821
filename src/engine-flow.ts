import type { Config } from './config.js';
import type { OwnedPartition } from './engine-partition.js';
import type { MonitorLimits } from './observe/monitor.js';
import type { RecordAges } from './observe/record-age.js';
import type { Flow } from './observe/stall.js';
import type { PartitionStatus } from './observe/status.js';

/** Asked for every ten seconds. Where nobody has answered for this long, the end of the stream is not known any more. */
const WATERMARKS_OLD_MS = 30_000;

/** What is in the pipeline at this moment, over all partitions. `nowMs` is of performance.now(). */
export function flowOf(partitions: readonly OwnedPartition[], nowMs: number): Flow {
  const lanes = [...new Set(partitions.map(({ lane }) => lane))];
  const sum = (of: (partition: OwnedPartition) => number): number =>
    partitions.reduce((total, partition) => total + of(partition), 0);
  return {
    waitingMessages: sum(({ intake }) => intake.pendingMessages),
    outOfOrder: sum(({ reassembler }) => reassembler.waiting),
    batchWaits: lanes.some((lane) => lane.backedUp),
    writingMs: Math.max(0, ...lanes.map((lane) => lane.writingMs(nowMs))),
    empty: partitions.every((partition) => partition.settled),
  };
}

/** Where a partition stands. `nowMs` is since the epoch. */
export function partitionStatus(owned: OwnedPartition, ages: RecordAges, nowMs: number): PartitionStatus {
  const { topic, partition, epoch, landed, lowWatermark, highWatermark, watermarkAtMs } = owned;
  const known = highWatermark >= 0 && (watermarkAtMs < 0 || nowMs - watermarkAtMs < WATERMARKS_OLD_MS);
  const lag = known ? Math.max(0, highWatermark - Math.max(landed, lowWatermark)) : null;
  const position = { topic, partition, epoch, nextOffset: landed, lowWatermark, highWatermark, watermarkAtMs, lag };
  return { ...position, lagSeconds: ages.seconds(position, nowMs) };
}

/** When the monitor is to speak, by configuration. */
export function monitorLimits(config: Config): MonitorLimits {
  return {
    flowLogIntervalMs: config.flowLogIntervalMs,
    messagesPerSecondMin: config.throughputWarnBelow,
    p99MsMax: config.latencyWarnAboveMs,
    stuckAfterMs: config.liveStuckMs,
    pollStalledMs: config.livePollStalledMs,
    breakerOpenMs: config.readyBreakerOpenMs,
  };
}
