import { messageOf } from '../../errors.js';
import type { Logger } from '../../observe/logger.js';
import { databaseBound, type EngineReport } from './engine-reports.js';
import { groupLag, type HeldPartition, type PartitionLag } from './group-lag.js';
import type { StoredCompleteness, StoredGroup } from './positions.js';

export type SourceName = 'kafka' | 'postgres';

export interface SourceState {
  /** The last question was answered. */
  readonly up: boolean;
  readonly seenAtMs: number | null;
  /** Why it was not. */
  readonly error: string | null;
}

export interface MeasuredPartition extends PartitionLag {
  /** Age of the first record that has not landed; 0 where all have, null while unknown. */
  readonly lagSeconds: number | null;
}

/** What is known at a moment. What a source did not answer for is null, never what it said before. */
export interface Measurement {
  readonly group: string;
  readonly topic: string;
  readonly topicPartitions: number | null;
  readonly partitions: readonly MeasuredPartition[];
  /** More engines could work the lag off. */
  readonly useful: boolean;
  /** What `completeness --store` found last; empty while the database does not answer. */
  readonly completeness: readonly StoredCompleteness[];
  readonly sources: Readonly<Record<SourceName, SourceState>>;
}

export interface LagSources {
  positions(): Promise<StoredGroup>;
  held(): Promise<HeldPartition[]>;
  /** Timestamps, ms, of the records at these positions, by partition. */
  timestamps(positions: readonly { partition: number; offset: number }[]): Promise<Map<number, number>>;
  engines(): Promise<readonly EngineReport[]>;
}

const UNSEEN: SourceState = { up: false, seenAtMs: null, error: 'not asked yet' };
/** A measurement that is this many intervals old says nothing of now. */
const STALE_INTERVALS = 3;
const STALE_MS_MIN = 30_000;

/**
 * Asks the database where the group stands and the brokers what they hold, and remembers the answers until the next time.
 * One that does not answer is told of when it goes and when it comes back, and what hangs on it is unknown in between.
 */
export class LagWatch {
  readonly #sources: LagSources;
  readonly #options: { readonly group: string; readonly topic: string; readonly intervalMs: number };
  readonly #logger: Pick<Logger, 'info' | 'warn'>;
  #states: Record<SourceName, SourceState> = { kafka: UNSEEN, postgres: UNSEEN };
  #stored: StoredGroup | null = null;
  #held: readonly HeldPartition[] | null = null;
  #timestamps: ReadonlyMap<number, number> = new Map();
  #useful = true;
  #measuredAtMs = 0;

  constructor(
    sources: LagSources,
    options: { readonly group: string; readonly topic: string; readonly intervalMs: number },
    logger: Pick<Logger, 'info' | 'warn'>,
  ) {
    this.#sources = sources;
    this.#options = options;
    this.#logger = logger;
  }

  /** When both were asked last, whatever they answered; 0 while that has not been. */
  get measuredAtMs(): number {
    return this.#measuredAtMs;
  }

  /** Asks once. Never rejects. */
  async measure(now: () => number): Promise<void> {
    const [stored, held, engines] = await Promise.all([
      this.#ask('postgres', () => this.#sources.positions(), now),
      this.#ask('kafka', () => this.#sources.held(), now),
      this.#sources.engines(),
    ]);
    const behind = groupLag(stored?.positions ?? null, held).filter(({ lag }) => lag !== null && lag > 0);
    const wanted = behind.map(({ partition, position }) => ({ partition, offset: position! }));
    const timestamps = await this.#sources.timestamps(wanted).catch(() => new Map<number, number>());
    this.#stored = stored;
    this.#held = held;
    this.#timestamps = timestamps;
    this.#useful = stored?.writable === true && !databaseBound(engines);
    this.#measuredAtMs = now();
  }

  measurement(nowMs: number): Measurement {
    const { group, topic, intervalMs } = this.#options;
    const stale = nowMs - this.#measuredAtMs > Math.max(STALE_MS_MIN, STALE_INTERVALS * intervalMs);
    const states = this.#states;
    const late = (state: SourceState): SourceState =>
      stale && state.up ? { ...state, up: false, error: 'asked too long ago' } : state;
    const held = stale ? null : this.#held;
    const partitions = groupLag(stale ? null : (this.#stored?.positions ?? null), held);
    return {
      group,
      topic,
      topicPartitions: held?.length ?? null,
      partitions: partitions.map((one) => ({ ...one, lagSeconds: this.#lagSeconds(one, nowMs) })),
      useful: this.#useful,
      completeness: stale ? [] : (this.#stored?.completeness ?? []),
      sources: { kafka: late(states.kafka), postgres: late(states.postgres) },
    };
  }

  #lagSeconds({ partition, lag }: PartitionLag, nowMs: number): number | null {
    if (lag === null || lag === 0) return lag;
    const timestampMs = this.#timestamps.get(partition);
    return timestampMs === undefined ? null : Math.max(0, nowMs - timestampMs) / 1_000;
  }

  async #ask<T>(source: SourceName, question: () => Promise<T>, now: () => number): Promise<T | null> {
    const before = this.#states[source];
    try {
      const answer = await question();
      if (!before.up && before !== UNSEEN)
        this.#logger.info('lag_source_back', `${TITLES[source]} answers again`, { source });
      this.#states[source] = { up: true, seenAtMs: now(), error: null };
      return answer;
    } catch (error) {
      if (before.up || before === UNSEEN) {
        const text = `${TITLES[source]} does not answer, and what hangs on it is not exported until it does: ${messageOf(error)}`;
        this.#logger.warn('lag_source_away', text, { source, error });
      }
      this.#states[source] = { up: false, seenAtMs: before.seenAtMs, error: messageOf(error) };
      return null;
    }
  }
}

const TITLES = { kafka: 'Kafka', postgres: 'PostgreSQL' } as const;
