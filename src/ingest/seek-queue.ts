import type { TopicPartition, TopicPartitionOffset } from './source.js';

export interface Seek {
  readonly position: TopicPartitionOffset;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const isOf = (seek: Seek, { topic, partition }: TopicPartition) =>
  seek.position.partition === partition && seek.position.topic === topic;

/** Seeks asked for, to be run between two consume calls. */
export class SeekQueue {
  #waiting: Seek[] = [];

  /** Resolves when the seek was run, or became pointless. */
  ask(position: TopicPartitionOffset): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ position, resolve, reject }));
  }

  has(partition: TopicPartition): boolean {
    return this.#waiting.some((seek) => isOf(seek, partition));
  }

  take(): Seek[] {
    return this.#waiting.splice(0);
  }

  /** A seek of an earlier assignment must not move the one that follows. */
  forget(partitions: readonly TopicPartition[]): void {
    for (const seek of this.take()) {
      if (partitions.some((partition) => isOf(seek, partition))) seek.resolve();
      else this.#waiting.push(seek);
    }
  }
}
