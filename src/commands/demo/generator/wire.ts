import type protobuf from 'protobufjs/light.js';
import { fullType } from '../../../../proto/full-codec.js';

const types = new Map<string, protobuf.Type>();

/** A message, or the part of one that `fields` holds: parts of one message, end to end, are that message. */
export function encodePart<Message extends object>(type: string, fields: Message): Uint8Array {
  let codec = types.get(type);
  if (codec === undefined) {
    codec = fullType(type);
    types.set(type, codec);
  }
  return codec.encode(fields as Record<string, unknown>).finish();
}

/** A length-delimited field that holds `parts`, end to end. */
export function lengthDelimited(field: number, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const tag = (field << 3) | 2;
  const bytes = new Uint8Array(varintLength(tag) + varintLength(length) + length);
  let at = writeVarint(bytes, writeVarint(bytes, 0, tag), length);
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length++;
  return length;
}

function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  for (; rest > 127; rest >>>= 7) bytes[next++] = (rest & 127) | 128;
  bytes[next++] = rest;
  return next;
}
