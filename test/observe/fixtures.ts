import type { EngineStatus, PartitionStatus } from '../../src/observe/status.js';

export const NOW_MS = 1_760_000_000_000;

export function partitionStatus(changes: Partial<PartitionStatus> = {}): PartitionStatus {
  return {
    topic: 'solana.dextrades.proto',
    partition: 0,
    epoch: 1,
    nextOffset: 100,
    lowWatermark: 0,
    highWatermark: 110,
    watermarkAtMs: NOW_MS - 1_000,
    lag: 10,
    lagSeconds: 0.5,
    ...changes,
  };
}

/** A status of an engine that is well, with the given changes. */
export function engineStatus(changes: Partial<EngineStatus> = {}): EngineStatus {
  return {
    state: 'active',
    startedAt: NOW_MS - 3_600_000,
    groupId: 'group',
    topic: 'solana.dextrades.proto',
    kafka: { connected: true, groupSteady: true },
    database: { reachable: true, unreachableSince: null, breaker: 'closed', breakerOpenSince: null },
    workers: { threads: 2, busy: 1, queued: 3, restarts: 0 },
    busyRatio: 0.25,
    inflightBytes: 1_000,
    budgetBytes: 10_000,
    held: false,
    saturated: false,
    lastPollAt: NOW_MS - 5,
    partitions: [partitionStatus()],
    failure: null,
    ...changes,
  };
}
