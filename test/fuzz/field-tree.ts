import protobuf from 'protobufjs/light.js';
import { fullType } from '../../proto/full-codec.js';
import { WIRE } from '../support/wire.js';

/**
 * A field of a message, taken apart so that it can be changed: its value's own bytes, or its fields where it is a
 * message.
 */
export interface FieldNode {
  field: number;
  wireType: number;
  /** Bytes of a varint or a fixed value; content of a length-delimited one; what stands between the tags of a group. */
  value: Uint8Array;
  fields: FieldNode[] | null;
  /** Bytes the tag and the length are padded to at least. */
  padding: number;
}

/** Type of the message in a field, by type and field number; undefined for anything else. */
const parts = new Map<string, ReadonlyMap<number, string>>();

function partsOf(type: string): ReadonlyMap<number, string> {
  let known = parts.get(type);
  if (known === undefined) {
    const nested = fullType(type).fieldsArray.flatMap((field) => {
      const of = field.resolve().resolvedType;
      return of instanceof protobuf.Type ? [[field.id, of.name] as const] : [];
    });
    known = new Map(nested);
    parts.set(type, known);
  }
  return known;
}

/** Takes a legal message without groups apart; throws where it is none. */
export function parseFields(bytes: Uint8Array, type: string): FieldNode[] {
  const reader = new protobuf.Reader(bytes);
  const fields: FieldNode[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const start = reader.pos;
    const wireType = tag & 7;
    const field = tag >>> 3;
    if (wireType === WIRE.bytes) {
      const value = reader.bytes();
      const part = partsOf(type).get(field);
      fields.push({ field, wireType, value, fields: part === undefined ? null : parseFields(value, part), padding: 0 });
    } else {
      if (wireType === WIRE.startGroup) throw new Error('a group');
      reader.skipType(wireType, 0, field);
      fields.push({ field, wireType, value: bytes.subarray(start, reader.pos), fields: null, padding: 0 });
    }
  }
  return fields;
}

/** Puts a message together again. */
export function writeFields(fields: readonly FieldNode[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(lengthOf(fields));
  writeInto(bytes, 0, fields);
  return bytes;
}

function lengthOf(fields: readonly FieldNode[]): number {
  let length = 0;
  for (const node of fields) {
    const content = contentLength(node);
    length += varintLength(tagOf(node), node.padding) + content;
    if (node.wireType === WIRE.bytes) length += varintLength(content, node.padding);
    if (node.wireType === WIRE.startGroup) length += varintLength(tagOf(node) + 1, node.padding);
  }
  return length;
}

function contentLength(node: FieldNode): number {
  return node.fields === null ? node.value.length : lengthOf(node.fields);
}

function tagOf({ field, wireType }: FieldNode): number {
  return field * 8 + wireType;
}

function writeInto(bytes: Uint8Array, at: number, fields: readonly FieldNode[]): number {
  for (const node of fields) {
    at = writeVarint(bytes, at, tagOf(node), node.padding);
    if (node.wireType === WIRE.bytes) at = writeVarint(bytes, at, contentLength(node), node.padding);
    if (node.fields !== null) {
      at = writeInto(bytes, at, node.fields);
    } else {
      bytes.set(node.value, at);
      at += node.value.length;
    }
    if (node.wireType === WIRE.startGroup) at = writeVarint(bytes, at, tagOf(node) + 1, node.padding);
  }
  return at;
}

function varintLength(value: number, padded: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) length++;
  return Math.max(length, padded);
}

/** A varint of an unsigned 32-bit number, in at least `length` bytes. Returns the position after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number, length: number): number {
  const end = at + varintLength(value, length);
  let rest = value;
  for (; at < end - 1; at++) {
    bytes[at] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  bytes[at] = rest;
  return end;
}
