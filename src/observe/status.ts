/**
 * `standby`: up and tested, in no group. `active`: a member of the group. `draining`: gives its partitions back. `drained`:
 * has left the group and lives on. `starting` comes before them all, `stopped` and `failed` after.
 */
export const ENGINE_STATES = ['starting', 'standby', 'active', 'draining', 'drained', 'stopped', 'failed'] as const;

export type EngineState = (typeof ENGINE_STATES)[number];

/** What the engine says of itself; every field is measured. Health routes, metrics and the terminal are made of it. */
export interface EngineStatus {
  readonly state: EngineState;
  readonly startedAt: number;
  readonly groupId: string;
  readonly topic: string;
  readonly kafka: {
    /** A broker is up and bytes came from it lately. */
    readonly connected: boolean;
    /** The group gave us an assignment (perhaps an empty one) and no rebalance is under way. */
    readonly groupSteady: boolean;
  };
  readonly database: {
    readonly reachable: boolean;
    /** Since when it is not, ms since the epoch; 0 where it never was, null while it is. */
    readonly unreachableSince: number | null;
    readonly breaker: 'closed' | 'half-open' | 'open';
    /** Since when the breaker has been open, ms since the epoch; null while it is not. */
    readonly breakerOpenSince: number | null;
  };
  /** Of the fan-out; absent where REDIS_URL is not set. */
  readonly redis?: FanOutStatus;
  readonly workers: {
    readonly threads: number;
    readonly busy: number;
    readonly queued: number;
    readonly restarts: number;
  };
  /** Share of the decode threads that had a slab, over the last ten seconds. */
  readonly busyRatio: number;
  readonly inflightBytes: number;
  readonly budgetBytes: number;
  /** Fetching is stopped because the budget is spent. */
  readonly held: boolean;
  /** PostgreSQL takes no more than it is given: another engine would not help. */
  readonly saturated: boolean;
  /** Last tick of the poll loop, ms since the epoch. */
  readonly lastPollAt: number;
  readonly partitions: readonly PartitionStatus[];
  /** Why the engine stopped or is about to, null while all is well. */
  readonly failure: string | null;
}

export interface FanOutStatus {
  readonly connected: boolean;
  readonly breaker: 'closed' | 'half-open' | 'open';
  /** Since when the breaker has not been closed, ms since the epoch; null while it is. */
  readonly breakerOpenSince: number | null;
  readonly bufferBytes: number;
  /** Trades since the start. */
  readonly published: number;
  readonly dropped: number;
}

export interface PartitionStatus {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  /** Position in PostgreSQL. */
  readonly nextOffset: number;
  /** -1 until asked for the first time. */
  readonly lowWatermark: number;
  readonly highWatermark: number;
  /** When the broker was asked for them last, ms since the epoch; -1 until then. */
  readonly watermarkAtMs: number;
  /** Messages not landed yet, null while the watermarks are not known or older than half a minute. */
  readonly lag: number | null;
  /** Age of the first record that has not landed, 0 where there is none, null where it is not known. */
  readonly lagSeconds: number | null;
}

type Position = Pick<EngineStatus, 'kafka' | 'partitions'>;

/** Messages not landed over all partitions, null while one of them is not known or no broker tells where the stream ends. */
export function totalLag({ kafka, partitions }: Position): number | null {
  if (!kafka.connected) return null;
  let total = 0;
  for (const { lag } of partitions) {
    if (lag === null) return null;
    total += lag;
  }
  return total;
}

/** Age of the first record that has not landed of the partition furthest behind, s; null where `totalLag` is. */
export function longestLag({ kafka, partitions }: Position): number | null {
  if (!kafka.connected) return null;
  let longest = 0;
  for (const { lagSeconds } of partitions) {
    if (lagSeconds === null) return null;
    longest = Math.max(longest, lagSeconds);
  }
  return longest;
}

/** Names the partitions owned: figures over others are not comparable. */
export function ownershipOf({ partitions }: Pick<EngineStatus, 'partitions'>): string {
  return partitions.map(({ partition, epoch }) => `${partition}:${epoch}`).join(' ');
}
