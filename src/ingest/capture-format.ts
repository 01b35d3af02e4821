import { crc32 } from 'node:zlib';
import type { SourceMessage } from './source.js';

/**
 * A capture file: a head, then records. All numbers are big-endian.
 *
 * | bytes | head |
 * |---|---|
 * | 10 | the magic |
 * | 2, then so many | length of the topic, the topic in UTF-8 |
 * | 4 | CRC-32 of all before it |
 *
 * | bytes | record |
 * |---|---|
 * | 4 | length of the body; bit 31 is set where the value is null, and then it has no bytes |
 * | 4 | CRC-32 of the body |
 * | 4 | CRC-32 of the eight bytes before: a damaged length would else pass for a record that was not written to its end |
 * | body | int32 partition, int64 offset, int64 timestamp (ms, -1 none), int32 key length (-1 null), key, value |
 */
export const CAPTURE_MAGIC = Buffer.from('TRADECAP2\n');
export const RECORD_HEAD_BYTES = 12;
export const CHECKSUM_BYTES = 4;
const RECORD_HEAD_CHECKED_BYTES = RECORD_HEAD_BYTES - CHECKSUM_BYTES;
const BODY_FIXED_BYTES = 24;
const NULL_VALUE_BIT = 0x80000000;

export interface RecordHead {
  readonly bodyBytes: number;
  readonly nullValue: boolean;
  readonly checksum: number;
}

export function encodeCaptureHead(topic: string): Buffer {
  const name = Buffer.from(topic);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(name.length);
  const head = Buffer.concat([CAPTURE_MAGIC, length, name]);
  return Buffer.concat([head, checksumOf(head)]);
}

/** The topic of a whole head, null where it is damaged. */
export function decodeTopic(head: Buffer): string | null {
  const checked = head.subarray(0, head.length - CHECKSUM_BYTES);
  if (!checksumOf(checked).equals(head.subarray(checked.length))) return null;
  return checked.subarray(CAPTURE_MAGIC.length + 2).toString();
}

export function encodeRecord({ partition, offset, timestampMs, key, value }: SourceMessage): Buffer {
  const bodyBytes = BODY_FIXED_BYTES + (key?.byteLength ?? 0) + (value?.byteLength ?? 0);
  const record = Buffer.allocUnsafe(RECORD_HEAD_BYTES + bodyBytes);
  record.writeUInt32BE((bodyBytes | (value === null ? NULL_VALUE_BIT : 0)) >>> 0, 0);
  const body = record.subarray(RECORD_HEAD_BYTES);
  body.writeInt32BE(partition, 0);
  body.writeBigInt64BE(BigInt(offset), 4);
  body.writeBigInt64BE(BigInt(Math.trunc(timestampMs)), 12);
  body.writeInt32BE(key === null ? -1 : key.byteLength, 20);
  if (key !== null) body.set(key, BODY_FIXED_BYTES);
  if (value !== null) body.set(value, BODY_FIXED_BYTES + (key?.byteLength ?? 0));
  record.writeUInt32BE(crc32(body), 4);
  checksumOf(record.subarray(0, RECORD_HEAD_CHECKED_BYTES)).copy(record, RECORD_HEAD_CHECKED_BYTES);
  return record;
}

/** Null where the head is damaged. */
export function decodeRecordHead(bytes: Buffer): RecordHead | null {
  if (crc32(bytes.subarray(0, RECORD_HEAD_CHECKED_BYTES)) !== bytes.readUInt32BE(RECORD_HEAD_CHECKED_BYTES))
    return null;
  const length = bytes.readUInt32BE(0);
  return {
    bodyBytes: length & ~NULL_VALUE_BIT,
    nullValue: (length & NULL_VALUE_BIT) !== 0,
    checksum: bytes.readUInt32BE(4),
  };
}

/** Null where the body is not what the head says it is, or no broker could have sent it. */
export function decodeBody(head: RecordHead, body: Buffer, topic: string): SourceMessage | null {
  if (body.length < BODY_FIXED_BYTES || crc32(body) !== head.checksum) return null;
  const keyLength = body.readInt32BE(20);
  const valueStart = BODY_FIXED_BYTES + Math.max(0, keyLength);
  const [partition, offset] = [body.readInt32BE(0), Number(body.readBigInt64BE(4))];
  if (keyLength < -1 || valueStart > body.length || (head.nullValue && valueStart !== body.length)) return null;
  if (partition < 0 || offset < 0 || !Number.isSafeInteger(offset)) return null;
  return {
    topic,
    partition,
    offset,
    timestampMs: Number(body.readBigInt64BE(12)),
    key: keyLength < 0 ? null : Uint8Array.from(body.subarray(BODY_FIXED_BYTES, valueStart)),
    value: head.nullValue ? null : Uint8Array.from(body.subarray(valueStart)),
  };
}

function checksumOf(bytes: Buffer): Buffer {
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32BE(crc32(bytes));
  return checksum;
}
