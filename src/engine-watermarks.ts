import type { OwnedPartition } from './engine-partition.js';
import type { Source } from './ingest/source.js';

const INTERVAL_MS = 10_000;

/**
 * Asks the source where the partitions begin and end, every ten seconds: lag is made of it, and a position that the source
 * no longer holds is found even where the client's own word of it got lost among messages.
 */
export class WatermarkWatch {
  readonly #source: Source;
  readonly #partitions: ReadonlyMap<string, OwnedPartition>;
  readonly #outOfRange: (partition: OwnedPartition) => void;
  readonly #timer: NodeJS.Timeout;
  #asking = false;

  constructor(
    source: Source,
    partitions: ReadonlyMap<string, OwnedPartition>,
    outOfRange: (partition: OwnedPartition) => void,
  ) {
    this.#source = source;
    this.#partitions = partitions;
    this.#outOfRange = outOfRange;
    this.#timer = setInterval(() => void this.#ask(), INTERVAL_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    if (this.#asking) return; // the broker is slow to answer: questions must not pile up
    this.#asking = true;
    for (const partition of this.#partitions.values()) {
      try {
        const askedMs = Date.now();
        const { low, high } = await this.#source.watermarks(partition);
        partition.lowWatermark = low;
        partition.highWatermark = high;
        partition.watermarkAtMs = askedMs;
        if (partition.settled && (partition.landed < low || partition.landed > high)) this.#outOfRange(partition);
      } catch {
        // Unknown until the next time; the last ones stay.
      }
    }
    this.#asking = false;
  }
}
