import { invariant } from '../errors.js';
import { TRADES } from '../tables.js';
import type { Connection } from './connection.js';
import { copyStatement, copyStream, TRADES_COLUMNS } from './copy.js';
import { rowEnd } from './rows.js';
import { STAGING_TABLE } from './staging.js';

/** Why the bytes are no row that can be copied, null where they are one. */
export function rowFault(bytes: Uint8Array): { readonly errorClass: string; readonly errorText: string } | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const columns = bytes.length < 2 ? 0 : view.getInt16(0);
  if (columns !== TRADES.columns.length) {
    const text = `a row of ${columns} columns, where this version has ${TRADES.columns.length}: another version wrote it`;
    return { errorClass: 'row_format', errorText: text };
  }
  try {
    if (rowEnd(view, 0) === bytes.length) return null;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return { errorClass: 'row_format', errorText: `the bytes do not end where the row does` };
}

/**
 * A transaction lands whole or not at all, and this row is the rest of one: its other rows have landed from the same
 * message. Where they are of another message, that delivery was first and this one does not count.
 */
const LAND = `
  INSERT INTO ${TRADES.name} (${TRADES_COLUMNS})
    SELECT ${TRADES_COLUMNS} FROM ${STAGING_TABLE} s
      WHERE NOT EXISTS (
        SELECT FROM ${TRADES.name} t WHERE t.block_slot = s.block_slot AND t.tx_index = s.tx_index
          AND (t.kafka_partition, t.kafka_offset) <> (s.kafka_partition, s.kafka_offset))
    ON CONFLICT DO NOTHING
    RETURNING 1`;

/** Lands one encoded row, inside the caller's transaction, on a connection that has its staging table. */
export async function landRow(
  connection: Connection,
  row: Uint8Array,
): Promise<{ readonly rows: number; readonly duplicates: number }> {
  const copied = await connection.copyIn(copyStatement(STAGING_TABLE), copyStream([row]));
  invariant(copied === 1, `A dead letter of one row holds ${copied}.`);
  const inserted = await connection.rows(LAND);
  return { rows: inserted.length, duplicates: 1 - inserted.length };
}
