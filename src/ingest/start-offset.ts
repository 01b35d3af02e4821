import type { TopicPartition, Watermarks } from './source.js';

/** What is asked of a client to find out where a partition starts. */
export interface StartOffsets {
  /** The group's, null where it has none. */
  committed(partition: TopicPartition): Promise<number | null>;
  /** First offset at or after a time, null where there is none. */
  offsetForTime(partition: TopicPartition, timeMs: number): Promise<number | null>;
}

/**
 * Where a partition without a stored position starts: the group's committed offset, else as configured. One that was `added`
 * while we ran starts at its beginning: what it holds came after everything we were told to begin with.
 */
export async function startOffset(
  client: StartOffsets,
  partition: TopicPartition,
  { low, high }: Watermarks,
  from: 'latest' | 'earliest' | 'added' | number,
): Promise<number> {
  const committed = await client.committed(partition);
  if (committed !== null) return committed;
  if (from === 'latest') return high;
  if (from === 'earliest' || from === 'added') return low;
  return (await client.offsetForTime(partition, from)) ?? high;
}
