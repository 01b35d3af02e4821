import type { Connection } from './connection.js';

export type LetterStatus = 'new' | 'replayed';

/** Which dead letters; what is null does not matter. */
export interface LetterFilter {
  readonly ids: readonly number[] | null;
  readonly groupId: string | null;
  readonly topic: string | null;
  readonly partition: number | null;
  /** Of the error it was written with, or of the last try. */
  readonly errorClass: string | null;
  readonly status: LetterStatus | null;
  /** Written at or after, ms. */
  readonly sinceMs: number | null;
  /** Written before, ms. */
  readonly beforeMs: number | null;
}

/** A row of `ingest_dead_letters` but for the bytes in it. Times in ms, null where there is none. */
export interface Letter {
  readonly id: number;
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number | null;
  readonly createdAtMs: number;
  readonly payloadFormat: 'message' | 'copy-row';
  readonly payloadBytes: number;
  readonly stage: string;
  readonly errorClass: string;
  readonly errorText: string;
  readonly status: string;
  readonly attempts: number;
  readonly attemptedAtMs: number | null;
  readonly lastErrorClass: string | null;
  readonly lastErrorText: string | null;
  readonly replayedAtMs: number | null;
  readonly replayedRows: number;
}

export interface WholeLetter extends Letter {
  readonly key: Uint8Array | null;
  readonly payload: Uint8Array;
}

interface LetterRow {
  readonly id: string;
  readonly group_id: string;
  readonly topic: string;
  readonly partition: number;
  readonly kafka_offset: string;
  readonly kafka_timestamp: Date | null;
  readonly created_at: Date;
  readonly payload_format: 'message' | 'copy-row';
  readonly payload_bytes: number;
  readonly stage: string;
  readonly error_class: string;
  readonly error_text: string;
  readonly status: string;
  readonly attempts: number;
  readonly attempted_at: Date | null;
  readonly last_error_class: string | null;
  readonly last_error_text: string | null;
  readonly replayed_at: Date | null;
  readonly replayed_rows: string;
}

const COLUMNS = `id, group_id, topic, partition, kafka_offset, kafka_timestamp, created_at, payload_format,
  octet_length(payload) AS payload_bytes, stage, error_class, error_text, status, attempts, attempted_at,
  last_error_class, last_error_text, replayed_at, replayed_rows`;

const CHOSEN = `
  ($1::bigint[] IS NULL OR id = ANY ($1)) AND ($2::text IS NULL OR group_id = $2) AND ($3::text IS NULL OR topic = $3)
    AND ($4::integer IS NULL OR partition = $4) AND ($5::text IS NULL OR $5 IN (error_class, last_error_class))
    AND ($6::text IS NULL OR status = $6) AND ($7::timestamptz IS NULL OR created_at >= $7)
    AND ($8::timestamptz IS NULL OR created_at < $8)`;

/** Newest first, at most `limit`. */
export async function listLetters(connection: Connection, filter: LetterFilter, limit: number): Promise<Letter[]> {
  const rows = await connection.rows<LetterRow>(
    `SELECT ${COLUMNS} FROM ingest_dead_letters WHERE ${CHOSEN} ORDER BY id DESC LIMIT $9`,
    [...parameters(filter), limit],
  );
  return rows.map(letterOf);
}

export interface LetterCount {
  readonly errorClass: string;
  readonly status: string;
  readonly letters: number;
}

/** How many of the letters there are, by the class of the error they were written with and by status; most first. */
export async function countLetters(connection: Connection, filter: LetterFilter): Promise<LetterCount[]> {
  const rows = await connection.rows<{ error_class: string; status: string; letters: string }>(
    `SELECT error_class, status, count(*) AS letters FROM ingest_dead_letters WHERE ${CHOSEN}
       GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`,
    parameters(filter),
  );
  return rows.map(({ error_class: errorClass, status, letters }) => ({ errorClass, status, letters: Number(letters) }));
}

/** Ids of letters that nothing has come of yet, oldest first, at most `limit`, from the one behind the id `after` on. */
export async function openLetterIds(
  connection: Connection,
  filter: LetterFilter,
  limit: number,
  after: number,
): Promise<number[]> {
  const rows = await connection.rows<{ id: string }>(
    `SELECT id FROM ingest_dead_letters WHERE ${CHOSEN} AND status <> 'replayed' AND id > $10 ORDER BY id LIMIT $9`,
    [...parameters(filter), limit, after],
  );
  return rows.map(({ id }) => Number(id));
}

export async function readLetter(connection: Connection, id: number): Promise<WholeLetter | null> {
  const [row] = await connection.rows<LetterRow & { kafka_key: Buffer | null; payload: Buffer }>(
    `SELECT ${COLUMNS}, kafka_key, payload FROM ingest_dead_letters WHERE id = $1`,
    [id],
  );
  return row === undefined ? null : { ...letterOf(row), key: row.kafka_key, payload: row.payload };
}

/** One transaction deletes so many: their bytes may be a thousand times those of a trade. */
const PURGED_AT_ONCE = 1_000;

/** Deletes the letters, oldest first, at most `limit`; answers how many. Those that are open stay unless `open`. */
export async function purgeLetters(
  connection: Connection,
  filter: LetterFilter,
  limit: number,
  open: boolean,
): Promise<number> {
  let purged = 0;
  for (;;) {
    const count = Math.min(PURGED_AT_ONCE, limit - purged);
    const deleted = await deleteLetters(connection, filter, count, open);
    purged += deleted;
    if (deleted < count || purged === limit) return purged;
  }
}

async function deleteLetters(
  connection: Connection,
  filter: LetterFilter,
  limit: number,
  open: boolean,
): Promise<number> {
  const rows = await connection.rows<{ id: string }>(
    `DELETE FROM ingest_dead_letters WHERE id IN (
       SELECT id FROM ingest_dead_letters WHERE ${CHOSEN} AND ($10 OR status = 'replayed') ORDER BY id LIMIT $9 FOR UPDATE)
     RETURNING id`,
    [...parameters(filter), limit, open],
  );
  return rows.length;
}

function parameters(filter: LetterFilter): unknown[] {
  const { ids, groupId, topic, partition, errorClass, status, sinceMs, beforeMs } = filter;
  return [ids, groupId, topic, partition, errorClass, status, time(sinceMs), time(beforeMs)];
}

const time = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

function letterOf(row: LetterRow): Letter {
  return {
    id: Number(row.id),
    groupId: row.group_id,
    topic: row.topic,
    partition: row.partition,
    offset: Number(row.kafka_offset),
    timestampMs: row.kafka_timestamp?.getTime() ?? null,
    createdAtMs: row.created_at.getTime(),
    payloadFormat: row.payload_format,
    payloadBytes: row.payload_bytes,
    stage: row.stage,
    errorClass: row.error_class,
    errorText: row.error_text,
    status: row.status,
    attempts: row.attempts,
    attemptedAtMs: row.attempted_at?.getTime() ?? null,
    lastErrorClass: row.last_error_class,
    lastErrorText: row.last_error_text,
    replayedAtMs: row.replayed_at?.getTime() ?? null,
    replayedRows: Number(row.replayed_rows),
  };
}
