import { TRADES, TRADES_FIRST_VOLATILE_COLUMN } from '../tables.js';
import type { Connection } from './connection.js';
import { TRADES_COLUMNS } from './copy.js';

export const STAGING_TABLE = 'trades_staging';

/** No constraints: what does not fit the target must fail there. */
const CREATE = `
  CREATE TEMPORARY TABLE ${STAGING_TABLE} (LIKE ${TRADES.name}, ordinal bigint GENERATED ALWAYS AS IDENTITY) ON COMMIT DELETE ROWS`;

const STABLE_COLUMNS = TRADES.columns
  .map(([name]) => name as string)
  .slice(
    0,
    TRADES.columns.findIndex(([name]) => name === TRADES_FIRST_VOLATILE_COLUMN),
  );

const stable = (alias: string): string => STABLE_COLUMNS.map((name) => `${alias}.${name}`).join(', ');

/**
 * Moves the first delivery of every transaction that has not landed yet from staging into the target.
 *
 * A transaction lands whole or not at all: a repeat with other trades must not add its own to those of the first. A new
 * delivery begins where the message changes or the trade index does not rise. $1 holds the number of rows up to the end
 * of each part.
 */
const MOVE = `
  WITH marked AS (
    SELECT ordinal, block_slot, tx_index,
      (lag(ordinal) OVER w IS NULL OR lag(kafka_partition) OVER w <> kafka_partition
        OR lag(kafka_offset) OVER w <> kafka_offset OR lag(trade_index) OVER w >= trade_index)::int AS begins
    FROM ${STAGING_TABLE} WINDOW w AS (PARTITION BY block_slot, tx_index ORDER BY ordinal)
  ), deliveries AS (
    SELECT ordinal, block_slot, tx_index, sum(begins) OVER (PARTITION BY block_slot, tx_index ORDER BY ordinal) AS delivery FROM marked
  ), wanted AS MATERIALIZED (
    SELECT s.* FROM deliveries d JOIN ${STAGING_TABLE} s USING (ordinal)
      WHERE d.delivery = 1 AND NOT EXISTS (
        SELECT FROM ${TRADES.name} t WHERE t.block_slot = d.block_slot AND t.tx_index = d.tx_index)
  ), inserted AS (
    INSERT INTO ${TRADES.name} (${TRADES_COLUMNS})
      SELECT ${TRADES_COLUMNS} FROM wanted ORDER BY block_slot, tx_index, trade_index
      ON CONFLICT DO NOTHING
      RETURNING block_slot, tx_index, trade_index
  ), landed AS (
    SELECT w.ordinal, w.block_slot, w.tx_index, i.block_slot IS NOT NULL AS there
      FROM wanted w LEFT JOIN inserted i USING (block_slot, tx_index, trade_index)
  ), torn AS (
    SELECT FROM landed GROUP BY block_slot, tx_index HAVING bool_or(there) AND NOT bool_and(there)
  ), per_part AS (
    SELECT width_bucket(ordinal - (SELECT min(ordinal) FROM ${STAGING_TABLE}), $1::bigint[]) AS part, count(*) AS rows
      FROM landed WHERE there GROUP BY 1
  ), conflicts AS (
    SELECT s.block_slot, s.tx_index FROM ${STAGING_TABLE} s
      WHERE NOT EXISTS (SELECT FROM wanted w WHERE w.block_slot = s.block_slot AND w.tx_index = s.tx_index)
        AND NOT EXISTS (SELECT FROM ${TRADES.name} t
          WHERE t.block_slot = s.block_slot AND t.tx_index = s.tx_index AND t.trade_index = s.trade_index
            AND (${stable('t')}) IS NOT DISTINCT FROM (${stable('s')}))
      GROUP BY 1, 2
  )
  SELECT (SELECT count(*) FROM torn) AS torn, (SELECT count(*) FROM conflicts) AS conflicts,
    (SELECT json_object_agg(part, rows) FROM per_part) AS rows`;

/** The same, and which rows landed, counted from 0 over all parts. */
const MOVE_AND_TELL = `${MOVE},
    (SELECT json_agg(ordinal - (SELECT min(ordinal) FROM ${STAGING_TABLE}) ORDER BY ordinal) FROM landed WHERE there) AS places`;

export interface Moved {
  /** Rows inserted, by the part's place. */
  readonly rowsInserted: number[];
  /** Rows inserted, by the part's place, each counted from the part's first; null where nobody asked. */
  readonly landedRows: number[][] | null;
  /** Transactions that had landed before with other contents. */
  readonly conflicts: number;
  /** Another connection landed a different set of a transaction's trades in this very moment: roll back and go again. */
  readonly torn: boolean;
}

/** Makes the staging table of this connection, outside of any transaction. */
export async function createStaging(connection: Connection): Promise<void> {
  await connection.rows(CREATE);
  const nullable = TRADES.columns.map(([name]) => `ALTER COLUMN ${name} DROP NOT NULL`);
  await connection.rows(`ALTER TABLE ${STAGING_TABLE} ${nullable.join(', ')}`);
}

/** `partRows` are the rows copied into staging, part by part, in order. */
export async function moveFromStaging(
  connection: Connection,
  partRows: readonly number[],
  tellRows: boolean,
): Promise<Moved> {
  let sum = 0;
  const ends = partRows.map((rows) => (sum += rows));
  const [row] = await connection.rows<{
    torn: string;
    conflicts: string;
    rows: Record<string, number> | null;
    places?: number[] | null;
  }>(tellRows ? MOVE_AND_TELL : MOVE, [ends]);
  return {
    rowsInserted: partRows.map((_, part) => row?.rows?.[part] ?? 0),
    landedRows: tellRows ? splitByPart(row?.places ?? [], ends) : null,
    conflicts: Number(row?.conflicts ?? 0),
    torn: Number(row?.torn ?? 0) > 0,
  };
}

/** Places over all parts, in order, to those within each part. */
function splitByPart(places: readonly number[], ends: readonly number[]): number[][] {
  const parts: number[][] = ends.map(() => []);
  let part = 0;
  for (const place of places) {
    while (place >= (ends[part] ?? Number.POSITIVE_INFINITY)) part += 1;
    parts[part]?.push(place - (ends[part - 1] ?? 0));
  }
  return parts;
}
