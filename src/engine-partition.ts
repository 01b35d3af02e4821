import { PartitionIntake } from './ingest/partition.js';
import type { TopicPartition } from './ingest/source.js';
import type { BatchLane } from './sink/batch-lane.js';
import { DuplicateWindow } from './sink/duplicates.js';
import { Reassembler } from './sink/reassembler.js';
import type { Claim } from './sink/sink.js';
import type { SlabResult } from './workers/messages.js';

/** A decoded stretch that waits for the ones before it. */
export interface Decoded {
  readonly result: SlabResult;
  readonly messages: number;
  readonly heldBytes: number;
  readonly oldestTimestampMs: number;
  readonly newestTimestampMs: number;
}

export interface PartitionLimits {
  readonly attempts: number;
  readonly windowEntries: number;
  readonly windowMs: number;
}

/**
 * A partition we claimed, and everything of it that is in flight.
 *
 * States: `active` takes messages; `seeking` takes none until the source reads from the new position; `draining` takes
 * none and lets what is in flight land; `closed` was given up or taken from us, and what comes back of it is dropped.
 */
export class OwnedPartition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly lane: BatchLane;
  readonly intake: PartitionIntake;
  readonly reassembler: Reassembler<Decoded>;
  readonly window: DuplicateWindow;
  /** Position in PostgreSQL, as far as we know. */
  landed: number;
  /** What Kafka was told last. */
  committed: number;
  slabsInFlight = 0;
  lowWatermark = -1;
  highWatermark = -1;
  /** When the broker was asked for them last, ms since the epoch. */
  watermarkAtMs = -1;
  /** Something that it had received when it was given up has been dropped. */
  cutShort = false;
  #state: 'active' | 'seeking' | 'draining' | 'closed' = 'active';
  #settled: (() => void)[] = [];

  constructor(claim: Claim, lane: BatchLane, limits: PartitionLimits) {
    this.topic = claim.topic;
    this.partition = claim.partition;
    this.epoch = claim.epoch;
    this.lane = lane;
    this.landed = claim.nextOffset;
    this.committed = -1;
    this.intake = new PartitionIntake(claim, claim.nextOffset, limits.attempts);
    this.reassembler = new Reassembler(claim.nextOffset);
    this.window = new DuplicateWindow(limits.windowEntries, limits.windowMs);
  }

  get state(): 'active' | 'seeking' | 'draining' | 'closed' {
    return this.#state;
  }

  /** Once closed a partition stays closed; draining ends in closed only. */
  to(state: 'active' | 'seeking' | 'draining' | 'closed'): void {
    if (this.#state === 'closed' || (this.#state === 'draining' && state !== 'closed')) return;
    this.#state = state;
  }

  /** Takes no more; answers the bytes of what was received and is in no worker's hands yet, which is forgotten. */
  drain(): number {
    this.to('draining');
    return this.intake.discardPending();
  }

  /** Starts over at `position`, a new tenure; answers the bytes held by what was received and is now forgotten. */
  restart(position: number): number {
    const waiting = this.reassembler.restart(position);
    return waiting.reduce((sum, { heldBytes }) => sum + heldBytes, this.intake.restart(position));
  }

  /** Takes back what waits to be written; answers the bytes it held. */
  dropQueued(): number {
    return this.lane.drop(this.topic, this.partition).reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  }

  /** Nothing received is on its way to the database. */
  get settled(): boolean {
    return (
      this.intake.pendingMessages === 0 &&
      this.slabsInFlight === 0 &&
      this.reassembler.waiting === 0 &&
      !this.lane.holds(this.topic, this.partition)
    );
  }

  /** Something received is on its way still, or was dropped on it. */
  get unsettled(): boolean {
    return !this.settled || this.cutShort;
  }

  /** To be called after anything that may have settled the partition. */
  notify(): void {
    if (this.#settled.length > 0 && (this.settled || this.#state === 'closed')) {
      for (const resolve of this.#settled.splice(0)) resolve();
    }
  }

  /** Resolves when the partition is settled or closed, or the signal aborts. */
  whenSettled(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        // A signal made of others is kept while somebody listens, and would keep the partition with all it remembers.
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#settled.push(done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
      this.notify();
    });
  }
}
