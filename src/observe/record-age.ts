import { type Passage, RecordTrail } from './record-trail.js';
import type { PartitionStatus } from './status.js';

/** What is needed of a partition to tell the age of the record at its position. */
export type Position = Pick<
  PartitionStatus,
  'partition' | 'epoch' | 'nextOffset' | 'lowWatermark' | 'lag' | 'watermarkAtMs'
>;

interface Known {
  readonly trail: RecordTrail;
  epoch: number;
  /** When the broker last said that nothing lay behind our position; what is there now came after. */
  headSeenMs: number;
}

/**
 * The age of the first record that has not landed, per partition: how far behind we are in time.
 *
 * A record that was read has a timestamp. One that was not is no older than the last one before it, and no older than the
 * broker's word that there was none; where neither is known its age is unknown.
 */
export class RecordAges {
  readonly #known = new Map<number, Known>();

  received(partition: number, offset: number, timestampMs: number, nowMs: number): void {
    this.#of(partition).trail.received(offset, timestampMs, nowMs);
  }

  /** See {@link RecordTrail.decoded}. */
  decoded(partition: number, from: number, decodeMs: number, nowMs: number): number | null {
    return this.#of(partition).trail.decoded(from, decodeMs, nowMs);
  }

  /** See {@link RecordTrail.landed}. */
  landed(
    part: {
      readonly partition: number;
      readonly from: number;
      readonly to: number;
      readonly oldestTimestampMs: number;
    },
    writeMs: number,
    nowMs: number,
  ): Passage | null {
    return this.#of(part.partition).trail.landed(part.from, part.to, part.oldestTimestampMs, writeMs, nowMs);
  }

  /** Takes in where the owned partitions stand; forgets all others. To be called about once a second. */
  look(positions: readonly Position[]): void {
    const owned = new Set(positions.map(({ partition }) => partition));
    for (const partition of this.#known.keys()) if (!owned.has(partition)) this.#known.delete(partition);
    for (const { partition, epoch, lag, watermarkAtMs } of positions) {
      const known = this.#of(partition);
      if (known.epoch !== epoch) {
        if (known.epoch >= 0) known.trail.forgetNewest();
        known.epoch = epoch;
        known.headSeenMs = -1;
      }
      if (lag === 0) known.headSeenMs = watermarkAtMs;
    }
  }

  /** Seconds; 0 where everything landed, null where it is not known. */
  seconds({ partition, nextOffset, lowWatermark, lag }: Position, nowMs: number): number | null {
    if (lag === null) return null;
    if (lag === 0) return 0;
    const known = this.#known.get(partition);
    if (known === undefined) return null;
    const read = known.trail.timestampAt(Math.max(nextOffset, lowWatermark));
    const since = read ?? Math.max(known.trail.newestMs ?? -1, known.headSeenMs);
    return since < 0 ? null : Math.max(0, nowMs - since) / 1_000;
  }

  #of(partition: number): Known {
    let known = this.#known.get(partition);
    if (known === undefined) {
      known = { trail: new RecordTrail(), epoch: -1, headSeenMs: -1 };
      this.#known.set(partition, known);
    }
    return known;
  }
}
