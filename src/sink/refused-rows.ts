import { TRADES } from '../tables.js';
import { prepareStaging } from './attempt.js';
import { classify, serverError } from './classify.js';
import type { Connection } from './connection.js';
import { copyStatement, copyStream, TRADES_COLUMNS } from './copy.js';
import { STAGING_TABLE } from './staging.js';

/** A row the database refuses for itself. */
export interface Refusal {
  /** Place among the rows given. */
  readonly index: number;
  readonly sqlState: string;
  readonly text: string;
}

/** So few that the network takes them at once: a COPY that fails then leaves the connection fit for the next. */
const SLICE_ROWS = 64;

/**
 * Tries every staged row by itself. It answers those that fail by their data; a repeat does not fail, and a missing table
 * partition, which no row can help, ends it: 23514 like a failed CHECK, but with a table and without a constraint.
 */
const CREATE = `
  CREATE OR REPLACE FUNCTION pg_temp.refused_trades() RETURNS TABLE (place bigint, code text, reason text)
  LANGUAGE plpgsql AS $$
  DECLARE
    r record;
    v_table text;
    v_constraint text;
  BEGIN
    place := 0;
    FOR r IN SELECT * FROM ${STAGING_TABLE} ORDER BY ordinal LOOP
      place := place + 1;
      BEGIN
        INSERT INTO ${TRADES.name} (${TRADES_COLUMNS})
          VALUES (${TRADES.columns.map(([name]) => `r.${name}`).join(', ')}) ON CONFLICT DO NOTHING;
      EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, reason = MESSAGE_TEXT, v_table = TABLE_NAME, v_constraint = CONSTRAINT_NAME;
        IF code !~ '^(22|23|54|P0001)' OR code = '23505' OR (code = '23514' AND v_table = '${TRADES.name}' AND v_constraint = '') THEN
          RAISE;
        END IF;
        RETURN NEXT;
      END;
    END LOOP;
  END
  $$`;

/**
 * All rows that the database refuses, each for itself, found on one connection; nothing is kept. Where the connection does
 * not outlive a failure, those that were found until then. The connection is left in a transaction.
 */
export async function findRefused(connection: Connection, rows: readonly Uint8Array[]): Promise<Refusal[]> {
  await prepareStaging(connection);
  await connection.rows(CREATE);
  await connection.script('BEGIN');
  const refused: Refusal[] = [];
  const staged: number[] = [];
  for (let from = 0; from < rows.length; from += SLICE_ROWS) {
    const slice = rows.slice(from, from + SLICE_ROWS).map((bytes, i) => ({ bytes, index: from + i }));
    while (slice.length > 0) {
      await connection.script('SAVEPOINT slice');
      const failure = await stage(
        connection,
        slice.map(({ bytes }) => bytes),
      );
      if (failure === null) break;
      const [row] = slice.splice(failure.index, 1);
      if (row !== undefined) refused.push({ ...failure, index: row.index });
      if (!connection.usable) return refused;
      await connection.script('ROLLBACK TO SAVEPOINT slice');
    }
    staged.push(...slice.map(({ index }) => index));
  }
  const found = await connection.rows<{ place: string; code: string; reason: string }>(
    'SELECT place, code, reason FROM pg_temp.refused_trades()',
  );
  for (const { place, code, reason } of found)
    refused.push({ index: staged[Number(place) - 1] as number, sqlState: code, text: reason });
  return refused;
}

/** The row that the server cannot even read, null where it reads them all: staging has no constraints. */
async function stage(connection: Connection, rows: readonly Uint8Array[]): Promise<Refusal | null> {
  try {
    await connection.copyIn(copyStatement(STAGING_TABLE), copyStream(rows));
    return null;
  } catch (error) {
    const fields = serverError(error);
    const line = copyLine(fields?.where);
    if (classify(error) !== 'data' || fields === undefined || line === null || line > rows.length) throw error;
    return { index: line - 1, sqlState: fields.code, text: (error as Error).message };
  }
}

/** The line in "COPY solana_dex_trades, line 17, column price", in whatever language. */
export function copyLine(where: string | undefined): number | null {
  const match = /^COPY [^,\n]+, \D+(\d+)/m.exec(where ?? '');
  return match === null ? null : Number(match[1]);
}
