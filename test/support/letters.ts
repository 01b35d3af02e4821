import { Connections } from '../../src/sink/connections.js';
import { type DecodeLetter, LetterReplayer } from '../../src/sink/letter-replay.js';
import type { WholeLetter } from '../../src/sink/letter-store.js';
import { TRANSACTION_COLUMN, TRANSACTION_STRIDE } from '../../src/workers/messages.js';
import { decodeSlab } from '../../src/workers/slab.js';
import { TOPIC } from './batches.js';
import type { TestDatabase } from './database.js';
import { slabOf } from './messages.js';

export interface LetterFields {
  readonly payload: Uint8Array;
  readonly format?: 'message' | 'copy-row';
  readonly partition?: number;
  readonly offset?: number;
  readonly errorClass?: string;
  readonly topic?: string;
  readonly group?: string;
  readonly status?: string;
  readonly createdAt?: string;
}

/** Writes a dead letter as the sink does; answers its id. */
export async function insertLetter(database: TestDatabase, fields: LetterFields): Promise<number> {
  const { payload, format = 'message', partition = 0, offset = 7, errorClass = 'truncated' } = fields;
  const { topic = TOPIC, group = 'group', status = 'new', createdAt = new Date().toISOString() } = fields;
  const [row] = await database.query<{ id: string }>(
    `INSERT INTO ingest_dead_letters (group_id, topic, partition, kafka_offset, kafka_timestamp, kafka_key, payload,
         payload_format, stage, error_class, error_text, status, created_at)
       VALUES ($1, $2, $3, $4, '2026-08-01T10:00:00Z', 'key', $5, $6, 'decode', $7, 'cut off', $8, $9) RETURNING id`,
    [group, topic, partition, offset, Buffer.from(payload), format, errorClass, status, createdAt],
  );
  return Number(row?.id);
}

/** A letter as it is read back, for tests that only care for some of it. */
export const ANY_LETTER: WholeLetter = {
  id: 1,
  groupId: 'group',
  topic: TOPIC,
  partition: 0,
  offset: 7,
  timestampMs: null,
  createdAtMs: 0,
  payloadFormat: 'message',
  payloadBytes: 0,
  stage: 'decode',
  errorClass: 'truncated',
  errorText: 'cut off',
  status: 'new',
  attempts: 0,
  attemptedAtMs: null,
  lastErrorClass: null,
  lastErrorText: null,
  replayedAtMs: null,
  replayedRows: 0,
  key: null,
  payload: new Uint8Array(0),
};

export interface LetterState {
  readonly status: string;
  readonly attempts: number;
  readonly rows: number;
  readonly replayed: boolean;
  readonly lastClass: string | null;
}

export async function letterStates(database: TestDatabase): Promise<LetterState[]> {
  return database.query<LetterState>(
    `SELECT status, attempts, replayed_rows::int AS rows, replayed_at IS NOT NULL AS replayed, last_error_class AS "lastClass"
       FROM ingest_dead_letters ORDER BY id`,
  );
}

/** Decodes in this thread. */
export const decodeHere: DecodeLetter = async ({ payload, offset, partition, timestampMs }) => {
  const record = { value: Uint8Array.from(payload), offset, timestampMs: timestampMs ?? -1 };
  const result = decodeSlab(slabOf([record], { partition }), { messageMaxBytes: 10_000_000 });
  let rows = 0;
  for (let at = 0; at < result.transactions.length; at += TRANSACTION_STRIDE) {
    rows += result.transactions[at + TRANSACTION_COLUMN.rows] ?? 0;
  }
  const [fault = null] = result.failures;
  return { trades: result.trades, rows, slots: result.slots, fault };
};

/** A replayer on its own connection to `url`. */
export function createReplayer(url: string, decode: DecodeLetter = decodeHere): LetterReplayer {
  return new LetterReplayer(new Connections({ url, owner: 'test', stallTimeoutMs: 60_000 }), decode);
}
