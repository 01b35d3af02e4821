/** Messages of one partition that the broker acknowledged and that have not landed, oldest first. */
interface Unlanded {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * How far a producer may run ahead of what has landed, by partition: a broker that keeps only so many bytes must not drop
 * what is still to be read. Pure.
 */
export class Credit {
  readonly #bytesMax: number;
  readonly #bytes: number[];
  readonly #unlanded: Unlanded[][];

  /** @param bytesMax of one partition; a message may go over it, if less than that is taken. */
  constructor(partitions: number, bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#bytes = Array.from({ length: partitions }, () => 0);
    this.#unlanded = Array.from({ length: partitions }, () => []);
  }

  has(partition: number): boolean {
    return (this.#bytes[partition] ?? 0) < this.#bytesMax;
  }

  /** A message is on its way to the broker. */
  take(partition: number, bytes: number): void {
    this.#bytes[partition] = (this.#bytes[partition] ?? 0) + bytes;
  }

  /** A message got its offset. */
  acknowledged(partition: number, offset: number, bytes: number): void {
    this.#unlanded[partition]?.push({ offset, bytes });
  }

  /** Everything below `nextOffset` has landed. */
  landed(partition: number, nextOffset: number): void {
    const queue = this.#unlanded[partition] ?? [];
    let landed = 0;
    while ((queue[landed]?.offset ?? Number.POSITIVE_INFINITY) < nextOffset) landed += 1;
    for (const { bytes } of queue.splice(0, landed)) this.take(partition, -bytes);
  }
}
