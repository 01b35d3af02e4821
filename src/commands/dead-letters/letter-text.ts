import type { Letter } from '../../sink/letter-store.js';

/** Where a letter came from. */
export function placeOf({ topic, partition, offset }: Letter): string {
  return `${topic} [${partition}] @ ${offset}`;
}

/** To the second, `-` where there is no time. */
export function isoTime(ms: number | null): string {
  return ms === null ? '-' : `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** A letter for scripts, under the names of its columns. */
export function letterJson(letter: Letter): Record<string, unknown> {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    id: letter.id,
    group_id: letter.groupId,
    topic: letter.topic,
    partition: letter.partition,
    kafka_offset: letter.offset,
    kafka_timestamp: time(letter.timestampMs),
    created_at: time(letter.createdAtMs),
    payload_format: letter.payloadFormat,
    payload_bytes: letter.payloadBytes,
    stage: letter.stage,
    error_class: letter.errorClass,
    error_text: letter.errorText,
    status: letter.status,
    attempts: letter.attempts,
    attempted_at: time(letter.attemptedAtMs),
    last_error_class: letter.lastErrorClass,
    last_error_text: letter.lastErrorText,
    replayed_at: time(letter.replayedAtMs),
    replayed_rows: letter.replayedRows,
  };
}

const HEX_LINE = 16;

/** Offset, hexadecimal and printable ASCII, 16 bytes a line, of the first `max` bytes. */
export function hexdump(bytes: Uint8Array, max: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, max); at += HEX_LINE) {
    const line = bytes.subarray(at, Math.min(at + HEX_LINE, max));
    const hex = Array.from(line, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = Array.from(line, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(3 * HEX_LINE - 1)}  |${text}|`);
  }
  return lines;
}

/** Text as one line of printable characters: what is in a message must not steer a terminal. */
export function printable(text: string, max = 400): string {
  const shown = text.length > max ? `${text.slice(0, max)}…` : text;
  return shown.replaceAll(/[^\P{C}]/gu, '\ufffd');
}
