import type { Watermarks } from '../../ingest/source.js';

/** An offsets row of the group. */
export interface StoredPosition {
  readonly partition: number;
  readonly nextOffset: number;
  readonly epoch: number;
  readonly owner: string;
  /** Ms since the epoch; null where nothing has landed since it was claimed for the first time. */
  readonly committedAtMs: number | null;
}

/** What the brokers hold of a partition. */
export interface HeldPartition extends Watermarks {
  readonly partition: number;
}

export interface PartitionLag {
  readonly partition: number;
  /** Null where the group has no position yet, or the database was not asked. */
  readonly stored: StoredPosition | null;
  /** Null where the brokers have no such partition, or were not asked. */
  readonly held: HeldPartition | null;
  /** First offset to be read that the brokers still hold. */
  readonly position: number | null;
  /** Messages that have not landed; null where one of the two is not known. */
  readonly lag: number | null;
  /** Offsets that expired before they were read. */
  readonly expired: number;
}

/**
 * What is left to land of each partition: its end less the position in PostgreSQL, or less its beginning where the position has
 * expired. A partition without a position was added while the group reads others, and is read from its beginning; a group
 * without any has not begun, and nobody knows where it will. Null: not asked.
 */
export function groupLag(
  stored: readonly StoredPosition[] | null,
  held: readonly HeldPartition[] | null,
): PartitionLag[] {
  const positions = new Map((stored ?? []).map((one) => [one.partition, one]));
  const ends = new Map((held ?? []).map((one) => [one.partition, one]));
  const partitions = [...new Set([...positions.keys(), ...ends.keys()])].sort((a, b) => a - b);
  const begun = positions.size > 0;
  return partitions.map((partition) => {
    const row = positions.get(partition) ?? null;
    const end = ends.get(partition) ?? null;
    const known = end !== null && stored !== null && begun;
    const position = known ? Math.max(row?.nextOffset ?? end.low, end.low) : null;
    const lag = known ? Math.max(0, end.high - position!) : null;
    const expired = row !== null && end !== null ? Math.max(0, end.low - row.nextOffset) : 0;
    return { partition, stored: row, held: end, position, lag, expired };
  });
}

/** Messages that have not landed over all partitions, null while one of them, or all, is not known. */
export function totalLag(partitions: readonly PartitionLag[]): number | null {
  if (partitions.length === 0) return null;
  let total = 0;
  for (const { lag } of partitions) {
    if (lag === null) return null;
    total += lag;
  }
  return total;
}
