import type { Connection } from './connection.js';
import { plainText } from './dead-letters.js';

/** Keeps others from the letter until the transaction ends; answers its status, null where it is gone. */
export async function lockLetter(connection: Connection, id: number): Promise<string | null> {
  const [row] = await connection.rows<{ status: string }>(
    'SELECT status FROM ingest_dead_letters WHERE id = $1 FOR UPDATE',
    [id],
  );
  return row?.status ?? null;
}

/** Ends the transaction that landed the rows. */
export async function markReplayedAndCommit(connection: Connection, id: number, rows: number): Promise<void> {
  await connection.script(
    `UPDATE ingest_dead_letters SET status = 'replayed', replayed_at = clock_timestamp(),
       replayed_rows = replayed_rows + ${rows}, attempts = attempts + 1, attempted_at = clock_timestamp()
       WHERE id = ${id};
     COMMIT`,
  );
}

/** Counts a try that failed, and why; `rows` landed of it all the same. A letter that was replayed since stays as it is. */
export async function markFailed(
  connection: Connection,
  id: number,
  { errorClass, errorText }: { readonly errorClass: string; readonly errorText: string },
  rows: number,
): Promise<void> {
  await connection.rows(
    `UPDATE ingest_dead_letters SET attempts = attempts + 1, attempted_at = clock_timestamp(),
       last_error_class = $2, last_error_text = $3, replayed_rows = replayed_rows + $4
       WHERE id = $1 AND status <> 'replayed'`,
    [id, plainText(errorClass), plainText(errorText), rows],
  );
}
