import type { EngineStatus } from '../status.js';

/** How old the newest message that landed is, where more wait behind it. */
export class TimeLag {
  readonly #newest = new Map<number, number>();

  /** A stretch of a partition landed. `newestTimestampMs` is -1 where it held no message. */
  landed(partition: number, newestTimestampMs: number): void {
    if (newestTimestampMs < 0) return;
    const before = this.#newest.get(partition) ?? 0;
    if (newestTimestampMs > before) this.#newest.set(partition, newestTimestampMs);
  }

  /** Of the partition that is furthest behind; 0 where nothing waits, null where that is not known. */
  seconds(status: EngineStatus, nowMs: number): number | null {
    let worst = 0;
    for (const { partition, lag } of status.partitions) {
      if (lag === null) return null;
      if (lag === 0) continue;
      const newest = this.#newest.get(partition);
      if (newest === undefined) return null;
      worst = Math.max(worst, nowMs - newest);
    }
    return worst / 1_000;
  }
}
