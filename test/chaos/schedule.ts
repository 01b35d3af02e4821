import { Random } from '../../src/commands/demo/generator/random.js';

/** What ends, or stops past its session, a process. */
export const KILL_KINDS = [
  'sigkill',
  'sigterm',
  'second-signal',
  'zombie',
  'database-fast',
  'database-immediate',
  'broker',
] as const;
export type KillKind = (typeof KILL_KINDS)[number];

/** What happens to connections and to the broker between the kills. */
export const FAULT_KINDS = [
  'terminate-backends',
  'sever-database',
  'stall-database',
  'strand-database',
  'lose-commit',
  'cut-before-commit',
  'sever-kafka',
  'stall-kafka',
  'slow-broker',
  'failing-broker',
  'scale',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface PlannedKill {
  readonly kind: KillKind;
  /** From the kill before. */
  readonly pauseMs: number;
  /** Whether an engine may be hit before it has landed anything: while it starts, joins or claims. */
  readonly early: boolean;
  /** Which of those it may hit, in [0, 1). */
  readonly pick: number;
  /** How long what was killed stays dead. */
  readonly downMs: number;
  /** Between a first signal and a second, or how long a zombie lies after its partitions were given away. */
  readonly delayMs: number;
}

export interface PlannedFault {
  readonly kind: FaultKind;
  readonly pauseMs: number;
  readonly pick: number;
  readonly durationMs: number;
  /** For `scale`: how many engines run from here on. */
  readonly engines: number;
}

export interface ScheduleOptions {
  readonly seed: number;
  readonly engines: number;
  readonly kafka: boolean;
  readonly only: readonly KillKind[];
  readonly faults: readonly FaultKind[] | null;
}

/** Of a hundred kills. A real broker takes seconds to come back, the mock cluster's only pretends. */
const KILL_WEIGHTS: Record<KillKind, number> = {
  sigkill: 68,
  sigterm: 12,
  'second-signal': 4,
  zombie: 7,
  'database-fast': 3,
  'database-immediate': 4,
  broker: 2,
};
/** A broker that is slow or fails keeps everybody waiting, a harmed connection only one. */
const FAULT_WEIGHTS: Record<FaultKind, number> = {
  'terminate-backends': 2,
  'sever-database': 3,
  'stall-database': 3,
  'strand-database': 3,
  'lose-commit': 6,
  'cut-before-commit': 3,
  'sever-kafka': 3,
  'stall-kafka': 2,
  'slow-broker': 1,
  'failing-broker': 1,
  scale: 3,
};
const MOCK_ONLY: readonly FaultKind[] = ['slow-broker', 'failing-broker'];
const EARLY_SHARE = 0.2;
const PAUSE_MS_MAX = 900;
const FAULT_PAUSE_MS_MAX = 3_000;

/**
 * What is done when, drawn from a seed: the same seed gives the same kills and the same faults, each in their order. What the
 * processes are at when they are hit is up to them. Pure.
 */
export class Schedule {
  readonly #kills: Random;
  readonly #faults: Random;
  readonly #engines: number;
  readonly #killBag: readonly KillKind[];
  readonly #faultBag: readonly FaultKind[];

  constructor({ seed, engines, kafka, only, faults }: ScheduleOptions) {
    this.#kills = new Random(seed);
    this.#faults = new Random(seed ^ 0x5f5f5f5f);
    this.#engines = engines;
    const kinds = only.length > 0 ? only : KILL_KINDS;
    this.#killBag = kinds.flatMap((kind) => Array.from({ length: KILL_WEIGHTS[kind] }, () => kind));
    const possible = FAULT_KINDS.filter((kind) => !(kafka && MOCK_ONLY.includes(kind)));
    const wanted = faults === null ? possible : possible.filter((kind) => faults.includes(kind));
    this.#faultBag = wanted.flatMap((kind) => Array.from({ length: FAULT_WEIGHTS[kind] }, () => kind));
  }

  nextKill(): PlannedKill {
    const random = this.#kills;
    return {
      kind: random.pick(this.#killBag),
      pauseMs: random.between(0, PAUSE_MS_MAX),
      early: random.chance(EARLY_SHARE),
      pick: random.next(),
      downMs: random.chance(0.5) ? 0 : random.between(0, 700),
      delayMs: random.between(0, 300),
    };
  }

  /** Null where there are to be none. */
  nextFault(): PlannedFault | null {
    if (this.#faultBag.length === 0) return null;
    const random = this.#faults;
    return {
      kind: random.pick(this.#faultBag),
      pauseMs: random.between(200, FAULT_PAUSE_MS_MAX),
      pick: random.next(),
      durationMs: random.between(100, 3_000),
      engines: random.between(1, this.#engines),
    };
  }
}
