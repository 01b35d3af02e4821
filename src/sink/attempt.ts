import { EngineError, invariant } from '../errors.js';
import { TRADES } from '../tables.js';
import type { PartCounts, PartWork } from './batch-work.js';
import type { Connection } from './connection.js';
import { copyStatement, copyStream } from './copy.js';
import { createStaging, moveFromStaging, STAGING_TABLE } from './staging.js';

/** Connections that have their staging table. */
const staged = new WeakSet<Connection>();

export interface RowsWritten {
  /** Per part, in the order given. */
  readonly counts: PartCounts[];
  readonly conflicts: number;
}

/** Called with rows, bytes and seconds of a COPY. */
export type CopyListener = (rows: number, bytes: number, seconds: number) => void;

/** Makes what a write through staging needs; to be called outside of a transaction. */
export async function prepareStaging(connection: Connection): Promise<void> {
  if (staged.has(connection)) return;
  await createStaging(connection);
  staged.add(connection);
}

/** Copies the rows of the parts into the target, inside the caller's transaction. Any row that is there already fails it. */
export async function writeDirectly(
  connection: Connection,
  parts: readonly PartWork[],
  onCopy: CopyListener,
): Promise<RowsWritten> {
  await copy(connection, TRADES.name, parts, onCopy);
  return { counts: parts.map(({ rows }) => ({ rowsInserted: rows, rowsDuplicate: 0 })), conflicts: 0 };
}

/**
 * Lands the rows of the parts, inside the caller's transaction, but for transactions that are there already. `tellRows`:
 * the counts say which rows landed.
 */
export async function writeThroughStaging(
  connection: Connection,
  parts: readonly PartWork[],
  onCopy: CopyListener,
  tellRows = false,
): Promise<RowsWritten> {
  await copy(connection, STAGING_TABLE, parts, onCopy);
  const { rowsInserted, landedRows, conflicts, torn } = await moveFromStaging(
    connection,
    parts.map(({ rows }) => rows),
    tellRows,
  );
  if (torn) {
    throw new EngineError('DATABASE_CONFLICT', 'Two deliveries of one transaction landed at the same moment.', {
      canRetry: true,
    });
  }
  const counts = parts.map(({ rows }, i) => ({
    rowsInserted: rowsInserted[i] ?? 0,
    rowsDuplicate: rows - (rowsInserted[i] ?? 0),
    ...(landedRows === null ? {} : { landedRows: landedRows[i] ?? [] }),
  }));
  return { counts, conflicts };
}

async function copy(
  connection: Connection,
  table: string,
  parts: readonly PartWork[],
  onCopy: CopyListener,
): Promise<void> {
  const expected = parts.reduce((sum, { rows }) => sum + rows, 0);
  if (expected === 0) return;
  const started = performance.now();
  const stream = copyStream(parts.flatMap((part) => part.chunks()));
  const copied = await connection.copyIn(copyStatement(table), stream);
  invariant(copied === expected, `The batch counts ${expected} rows and PostgreSQL ${copied}: rows would be lost.`);
  const bytes = stream.reduce((sum, { length }) => sum + length, 0);
  onCopy(copied, bytes, (performance.now() - started) / 1_000);
}
