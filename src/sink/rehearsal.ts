import { prepareStaging, writeThroughStaging } from './attempt.js';
import { PartWork } from './batch-work.js';
import type { Connection } from './connection.js';
import { partitionSlots, type TradePartitions } from './partitions.js';
import type { BatchPart } from './sink.js';

export interface Rehearsed {
  /** Rows the table took. */
  readonly rows: number;
  /** Rows that had landed before, or are repeats of the ones above. */
  readonly known: number;
}

/**
 * Writes rows as a lane does and takes them back: that they can be written is known then, and nothing has changed. The
 * transaction waits for locks no longer than the connection may.
 */
export async function rehearseWrite(
  connection: Connection,
  partitions: TradePartitions,
  parts: readonly BatchPart[],
): Promise<Rehearsed> {
  const works = parts.map((part) => new PartWork(part));
  await prepareStaging(connection);
  await partitions.ensure(connection, partitionSlots(works.flatMap((work) => work.chunks())));
  await connection.rows('BEGIN');
  const { counts } = await writeThroughStaging(connection, works, () => {});
  await connection.rows('ROLLBACK');
  return {
    rows: counts.reduce((sum, { rowsInserted }) => sum + rowsInserted, 0),
    known: counts.reduce((sum, { rowsDuplicate }) => sum + rowsDuplicate, 0),
  };
}
