import type { MessageFailure } from '../workers/messages.js';
import type { Connection } from './connection.js';

/** A row of `ingest_dead_letters`, whatever it came from. */
export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly payload: Uint8Array;
  readonly payloadFormat: 'message' | 'copy-row';
  readonly stage: 'decode' | 'sink';
  readonly errorClass: string;
  readonly errorText: string;
}

const TEXT_MAX = 4_000;
/** End of the year 9999: what lies beyond is no time a message was written at. */
const TIME_MAX_MS = 253_402_300_799_999;

export function deadLetterOf(topic: string, partition: number, failure: MessageFailure): DeadLetter {
  return { topic, partition, ...failure, payloadFormat: 'message', stage: 'decode' };
}

/** A time in ms as a statement's parameter; null where it is unknown or none. */
export function timeParameter(ms: number | null): string | null {
  return ms === null || !(ms >= 0 && ms <= TIME_MAX_MS) ? null : new Date(ms).toISOString();
}

/** One statement each: payloads are sent as they are, and there are few. */
export async function insertDeadLetters(
  connection: Connection,
  groupId: string,
  letters: readonly DeadLetter[],
): Promise<void> {
  for (const letter of letters) {
    await connection.rows(
      `INSERT INTO ingest_dead_letters
         (group_id, topic, partition, kafka_offset, kafka_timestamp, kafka_key, payload, payload_format, stage, error_class, error_text)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [
        groupId,
        letter.topic,
        letter.partition,
        letter.offset,
        timeParameter(letter.timestampMs),
        letter.key,
        letter.payload,
        letter.payloadFormat,
        letter.stage,
        plainText(letter.errorClass),
        plainText(letter.errorText),
      ],
    );
  }
}

/** PostgreSQL's text cannot hold NUL. */
export function plainText(text: string): string {
  return text.slice(0, TEXT_MAX).replaceAll('\0', '\ufffd');
}
