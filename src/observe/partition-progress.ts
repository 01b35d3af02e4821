import type { EngineStatus } from './status.js';

interface Seen {
  epoch: number;
  nextOffset: number;
  /** End of the partition when its position last moved, or when it was first seen. */
  highWatermark: number;
  sinceMs: number;
}

/**
 * Finds partitions that stand still while their end moves and everything around them is well: then the fault is ours, and a
 * restart is the remedy. Fed with the status about once a second; while a dependency is ill or fetching is held for the
 * budget, waiting is right, and the time starts anew.
 */
export class PartitionProgress {
  readonly #afterMs: number;
  readonly #seen = new Map<string, Seen>();

  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  /** Takes a status in; returns the partitions that are stuck at `nowMs`, as `topic/partition`. */
  apply(status: EngineStatus, nowMs: number): string[] {
    const waiting =
      status.state !== 'active' ||
      !status.kafka.connected ||
      !status.kafka.groupSteady ||
      !status.database.reachable ||
      status.database.breaker !== 'closed' ||
      status.held;
    const stuck: string[] = [];
    const present = new Set<string>();
    for (const one of status.partitions) {
      const name = `${one.topic}/${one.partition}`;
      present.add(name);
      const seen = this.#seen.get(name);
      if (waiting || !seen || seen.epoch !== one.epoch || seen.nextOffset !== one.nextOffset) {
        this.#seen.set(name, {
          epoch: one.epoch,
          nextOffset: one.nextOffset,
          highWatermark: one.highWatermark,
          sinceMs: nowMs,
        });
      } else if (nowMs - seen.sinceMs >= this.#afterMs && one.highWatermark > seen.highWatermark) {
        stuck.push(name);
      }
    }
    for (const name of this.#seen.keys()) if (!present.has(name)) this.#seen.delete(name);
    return stuck;
  }
}
