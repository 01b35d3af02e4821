import { crc32 } from 'node:zlib';
import type { SourceMessage } from './source.js';

/**
 * A capture file: the magic, the topic (uint16 length and UTF-8), then records. All numbers are big-endian.
 *
 * | bytes | what |
 * |---|---|
 * | 4 | length of the body |
 * | 4 | CRC-32 of the body |
 * | body | int32 partition, int64 offset, int64 timestamp (ms, -1 none), int32 key length (-1 null), key, value |
 *
 * A null value has bit 31 of the body's length set and no bytes.
 */
export const CAPTURE_MAGIC = Buffer.from('TRADECAP1\n');
export const RECORD_HEAD_BYTES = 8;
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
  return Buffer.concat([CAPTURE_MAGIC, length, name]);
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
  return record;
}

export function decodeRecordHead(bytes: Buffer): RecordHead {
  const length = bytes.readUInt32BE(0);
  return {
    bodyBytes: length & ~NULL_VALUE_BIT,
    nullValue: (length & NULL_VALUE_BIT) !== 0,
    checksum: bytes.readUInt32BE(4),
  };
}

/** Null where the body is not what the head says it is. */
export function decodeBody(head: RecordHead, body: Buffer, topic: string): SourceMessage | null {
  if (body.length < BODY_FIXED_BYTES || crc32(body) !== head.checksum) return null;
  const keyLength = body.readInt32BE(20);
  const valueStart = BODY_FIXED_BYTES + Math.max(0, keyLength);
  if (valueStart > body.length) return null;
  return {
    topic,
    partition: body.readInt32BE(0),
    offset: Number(body.readBigInt64BE(4)),
    timestampMs: Number(body.readBigInt64BE(12)),
    key: keyLength < 0 ? null : Uint8Array.from(body.subarray(BODY_FIXED_BYTES, valueStart)),
    value: head.nullValue ? null : Uint8Array.from(body.subarray(valueStart)),
  };
}
