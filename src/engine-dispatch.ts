import type { OwnedPartition } from './engine-partition.js';
import type { Slab } from './ingest/partition.js';
import { SolReference } from './ingest/sol-reference.js';
import type { SlabResult, SlabTask } from './workers/messages.js';

/** The part of the decode pool that the dispatcher uses. */
export interface Decoder {
  readonly threads: number;
  /** Slabs that may be handed over at a time, the ones being decoded included. */
  readonly capacity: number;
  readonly inFlight: number;
  run(task: SlabTask): Promise<SlabResult>;
}

export interface DispatchOptions {
  readonly slabMaxBytes: number;
  readonly slabLingerMs: number;
  /** The memory budget. */
  readonly budgetBytes: number;
}

/** With this much waiting we are behind: at real time it would be a tenth of a second of the stream. */
const BEHIND_BYTES = 2_097_152;
/** Between two receipts nothing may wait for a moment, and we are behind all the same. */
const BEHIND_MS = 100;
/** A burst waits for a moment at real time too, and is to be visible at once; who has been behind for this long has a backlog. */
const BACKLOG_MS = 1_000;
/** Slabs may be so much larger while behind, within a share of the budget: each costs a hop to a thread and back. */
const BEHIND_SLABS = 8;
const BEHIND_BUDGET_SHARE = 1 / 16;
/** More than this keeps no worker busier: it would leave the caches before it is read, and trouble the garbage collector. */
const CROWDED_BYTES = 16_777_216;
const CROWDED_BUDGET_SHARE = 1 / 4;
/** Fetching goes on again once this share of it waits. */
const CROWDED_RESUME_RATIO = 0.5;

export interface DispatchHandler {
  decoded(partition: OwnedPartition, slab: Slab, result: SlabResult, seconds: number): void;
  /** The worker died or was ended; the slab's bytes are gone with it. */
  failed(partition: OwnedPartition, slab: Slab, error: Error): void;
  /** What waits may have become less, or {@link Dispatcher.crowded}. */
  pumped(): void;
}

/**
 * Hands what the partitions received to the workers, slab by slab, partition after partition in turn.
 *
 * A slab goes when it is full or its linger is over, and at once while a worker stands idle: then waiting wins nothing.
 * While much waits, we are *behind*, and slabs are larger. Where that goes on there is a *backlog*, and the lanes are told to be
 * patient. Fewer and larger pieces cost less, and nobody notices what they take longer.
 */
export class Dispatcher {
  readonly #decoder: Decoder;
  readonly #options: DispatchOptions;
  readonly #partitions: ReadonlyMap<string, OwnedPartition>;
  readonly #handler: DispatchHandler;
  readonly #solReference = new SolReference();
  #timer: NodeJS.Timeout | null = null;
  #timerDueMs = 0;
  #turn = 0;
  #behindSinceMs = Number.NEGATIVE_INFINITY;
  #behindUntilMs = Number.NEGATIVE_INFINITY;
  #crowded = false;

  constructor(
    decoder: Decoder,
    options: DispatchOptions,
    partitions: ReadonlyMap<string, OwnedPartition>,
    handler: DispatchHandler,
  ) {
    this.#decoder = decoder;
    this.#options = options;
    this.#partitions = partitions;
    this.#handler = handler;
  }

  /** So much waits that nothing more should be fetched for a while. */
  get crowded(): boolean {
    const { budgetBytes } = this.#options;
    const limit = Math.min(CROWDED_BYTES, budgetBytes * CROWDED_BUDGET_SHARE);
    const waiting = this.#waitingBytes();
    if (waiting >= limit) this.#crowded = true;
    else if (waiting <= limit * CROWDED_RESUME_RATIO) this.#crowded = false;
    return this.#crowded;
  }

  /** To be called whenever something was received or a worker became free. */
  pump(): void {
    const now = performance.now();
    const slabMaxBytes = this.#slabMaxBytes(now);
    // What waits in a patient lane is due when the backlog ends, though nothing be received then.
    let nextDueMs = now < this.#behindUntilMs ? this.#behindUntilMs : Number.POSITIVE_INFINITY;
    for (const partition of this.#inTurn()) {
      nextDueMs = Math.min(nextDueMs, this.#pumpOne(partition, slabMaxBytes, now));
    }
    this.#handler.pumped();
    if (nextDueMs === Number.POSITIVE_INFINITY || (this.#timer !== null && this.#timerDueMs <= nextDueMs)) return;
    this.close();
    this.#timerDueMs = nextDueMs;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.pump();
      },
      Math.ceil(nextDueMs - now),
    );
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Begins with another partition each time, so that a busy one cannot keep the workers to itself. */
  #inTurn(): OwnedPartition[] {
    const partitions = [...this.#partitions.values()];
    if (partitions.length < 2) return partitions;
    this.#turn = (this.#turn + 1) % partitions.length;
    return [...partitions.slice(this.#turn), ...partitions.slice(0, this.#turn)];
  }

  #waitingBytes(): number {
    let waiting = 0;
    for (const { intake } of this.#partitions.values()) waiting += intake.pendingBytes;
    return waiting;
  }

  /** Finds out whether we are behind, tells the lanes, and answers how large a slab may be. */
  #slabMaxBytes(now: number): number {
    if (this.#waitingBytes() >= BEHIND_BYTES) {
      if (now >= this.#behindUntilMs) this.#behindSinceMs = now;
      this.#behindUntilMs = now + BEHIND_MS;
    }
    const behind = now < this.#behindUntilMs;
    const backlog = behind && now - this.#behindSinceMs >= BACKLOG_MS;
    for (const { lane } of this.#partitions.values()) lane.patient = backlog;
    const { slabMaxBytes, budgetBytes } = this.#options;
    if (!behind) return slabMaxBytes;
    return Math.max(slabMaxBytes, Math.min(BEHIND_SLABS * slabMaxBytes, budgetBytes * BEHIND_BUDGET_SHARE));
  }

  /** Answers when what is left of the partition is due, Infinity where that hangs on a worker or nothing is left. */
  #pumpOne(partition: OwnedPartition, slabMaxBytes: number, now: number): number {
    const { intake } = partition;
    const { slabLingerMs } = this.#options;
    while (intake.pendingMessages > 0 && this.#decoder.inFlight < this.#decoder.capacity) {
      // Whatever is behind a slab that may fail again would be decoded in vain.
      if (intake.suspicious && partition.slabsInFlight > 0) return Number.POSITIVE_INFINITY;
      const dueMs = intake.pendingSinceMs + slabLingerMs;
      const idle = this.#decoder.inFlight < this.#decoder.threads;
      if (!idle && intake.pendingBytes < slabMaxBytes && now < dueMs) return dueMs;
      this.#dispatch(partition, intake.takeSlab(slabMaxBytes, this.#solReference.volume(), now));
    }
    return Number.POSITIVE_INFINITY;
  }

  #dispatch(partition: OwnedPartition, slab: Slab): void {
    partition.slabsInFlight += 1;
    const startedMs = performance.now();
    this.#decoder.run(slab.task).then(
      (result) => {
        partition.slabsInFlight -= 1;
        this.#solReference.add(result.solVolume);
        this.#handler.decoded(partition, slab, result, (performance.now() - startedMs) / 1_000);
        this.pump();
      },
      (error: unknown) => {
        partition.slabsInFlight -= 1;
        this.#handler.failed(partition, slab, error as Error);
        this.pump();
      },
    );
  }
}
