import { keyOf, type TopicPartition, type TopicPartitionOffset } from './source.js';

interface Assigned extends TopicPartition {
  /** Number of the consume call during which it was assigned anew; messages of that call may be of the tenure before. */
  readonly sinceCall: number;
  /** Where reading goes on should messages of that call have to be dropped. */
  readonly start: number;
  /** What comes next. */
  offset: number;
}

/** `ours`: of the current assignment. `earlier`: perhaps of the one before. `foreign`: not assigned to us. */
export type Standing = 'ours' | 'earlier' | 'foreign';

/**
 * The partitions the group has given us, and which messages are theirs. Consume calls are numbered: a message popped during
 * the call in which its partition came back to us may be of the tenure before, and nothing in it says so.
 */
export class AssignedPartitions {
  readonly #assigned = new Map<string, Assigned>();
  /** Every partition that was ours at any time. */
  readonly #known = new Set<string>();

  get size(): number {
    return this.#assigned.size;
  }

  all(): TopicPartitionOffset[] {
    return [...this.#assigned.values()];
  }

  has(partition: TopicPartition): boolean {
    return this.#assigned.has(keyOf(partition));
  }

  /** `call` is the number of the consume call that may be under way. */
  take(starts: readonly TopicPartitionOffset[], call: number): void {
    for (const start of starts) {
      const key = keyOf(start);
      // A partition that this client never read has nothing old on its way.
      this.#assigned.set(key, { ...start, sinceCall: this.#known.has(key) ? call : 0, start: start.offset });
      this.#known.add(key);
    }
  }

  drop(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#assigned.delete(keyOf(partition));
  }

  /** `offset` is what comes next of an assigned partition. */
  moveTo({ topic, partition, offset }: TopicPartitionOffset): void {
    this.#assigned.get(keyOf({ topic, partition }))!.offset = offset;
  }

  standing(at: TopicPartition, call: number): Standing {
    const assigned = this.#assigned.get(keyOf(at));
    if (assigned === undefined) return 'foreign';
    return call > assigned.sinceCall ? 'ours' : 'earlier';
  }

  /** Where the current assignment of a partition began. */
  startOf(partition: TopicPartition): TopicPartitionOffset {
    const { topic, partition: number, start } = this.#assigned.get(keyOf(partition))!;
    return { topic, partition: number, offset: start };
  }
}
