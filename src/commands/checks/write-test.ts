import { prepareStaging, writeThroughStaging } from '../../sink/attempt.js';
import { PartWork } from '../../sink/batch-work.js';
import type { Connection } from '../../sink/connection.js';
import { partitionSlots, partitionStart } from '../../sink/partitions.js';
import type { Rehearsed } from '../../sink/rehearsal.js';
import type { BatchPart } from '../../sink/sink.js';

/**
 * Writes parts as a lane does and takes back all of it, table partitions that had to be made included: an engine that rehearses
 * leaves those, a check leaves nothing.
 */
export async function writeAndTakeBack(connection: Connection, parts: readonly BatchPart[]): Promise<Rehearsed> {
  const works = parts.map((part) => new PartWork(part));
  await prepareStaging(connection);
  await connection.rows('BEGIN');
  const starts = new Set([...partitionSlots(works.flatMap((work) => work.chunks()))].map(partitionStart));
  for (const start of starts) await connection.rows('SELECT solana_dex_trades_add_partition($1)', [start]);
  const { counts } = await writeThroughStaging(connection, works, () => {});
  await connection.rows('ROLLBACK');
  return {
    rows: counts.reduce((sum, { rowsInserted }) => sum + rowsInserted, 0),
    known: counts.reduce((sum, { rowsDuplicate }) => sum + rowsDuplicate, 0),
  };
}
