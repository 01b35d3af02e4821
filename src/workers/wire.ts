/** Why bytes are not a message, by a bounded set of classes. */
export type UndecodableClass = 'truncated' | 'invalid_wire' | 'too_deep' | 'too_many_trades' | 'wrong_type';

export class UndecodableError extends Error {
  readonly errorClass: UndecodableClass;

  constructor(errorClass: UndecodableClass, text: string) {
    super(text);
    this.errorClass = errorClass;
  }
}

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** Longest varint a legal message holds, wherever it stands. */
const VARINT_MAX_BYTES = 10;
/** Messages and groups nest up to here. */
const DEPTH_MAX = 100;

/** Position after the tag or length that was read last: the second result of the functions that say so. */
export const cursor = { at: 0 };

/** A tag that may take several bytes, as an unsigned 32-bit number; {@link cursor} is after it. */
export function readTag(bytes: Uint8Array, at: number, end: number): number {
  const first = at < end ? bytes[at]! : 0x80;
  if (first < 0x80) {
    cursor.at = at + 1;
    return first;
  }
  if (at + 1 < end && bytes[at + 1]! < 0x80) {
    cursor.at = at + 2;
    return first + ((bytes[at + 1]! - 1) << 7);
  }
  return readVarint32(bytes, at, end, 'tag');
}

/** End of a length-delimited field's content, within `end`; {@link cursor} is at the content's start. */
export function readContent(bytes: Uint8Array, at: number, end: number): number {
  let length = at < end ? bytes[at]! : 0x80;
  if (length < 0x80) {
    cursor.at = ++at;
  } else if (at + 1 < end && bytes[at + 1]! < 0x80) {
    length += (bytes[at + 1]! - 1) << 7;
    cursor.at = at += 2;
  } else {
    length = readVarint32(bytes, at, end, 'length');
    at = cursor.at;
  }
  if (length > end - at) throw truncated(at, length, end);
  return at + length;
}

function readVarint32(bytes: Uint8Array, at: number, end: number, what: string): number {
  let low = 0; // 28 bits
  let high = 0;
  for (let shift = 0; shift < 7 * VARINT_MAX_BYTES; shift += 7) {
    if (at >= end) throw truncated(at, 1, end);
    const byte = bytes[at++]!;
    const bits = byte & 0x7f;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) high = bits;
    else if (bits > 0) high = 0x80; // beyond 32 bits in any case
    if (byte >= 0x80) continue;
    if (high > 0x0f) break;
    cursor.at = at;
    return high * 2 ** 28 + low;
  }
  throw invalid(`invalid ${what} encoding`, at);
}

/** Stores a varint in `into[slot]`, the bits above 32 cut off. Returns the position after it. */
export function readUint32(bytes: Uint8Array, at: number, end: number, into: Int32Array, slot: number): number {
  if (at < end && bytes[at]! < 0x80) {
    into[slot] = bytes[at]!;
    return at + 1;
  }
  let value = 0;
  for (let shift = 0; shift < 7 * VARINT_MAX_BYTES; shift += 7) {
    if (at >= end) throw truncated(at, 1, end);
    const byte = bytes[at++]!;
    if (shift < 32) value |= (byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    into[slot] = value;
    return at;
  }
  throw invalid('invalid varint encoding', at);
}

/** Stores a varint's low and high 32 bits in `into[slot]` and the slot after. Returns the position after it. */
export function readUint64(bytes: Uint8Array, at: number, end: number, into: Int32Array, slot: number): number {
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 7 * VARINT_MAX_BYTES; shift += 7) {
    if (at >= end) throw truncated(at, 1, end);
    const byte = bytes[at++]!;
    const bits = byte & 0x7f;
    if (shift < 28) low |= bits << shift;
    else if (shift > 28) high |= bits << (shift - 32);
    else {
      low |= bits << 28;
      high = bits >>> 4;
    }
    if (byte >= 0x80) continue;
    into[slot] = low;
    into[slot + 1] = high;
    return at;
  }
  throw invalid('invalid varint encoding', at);
}

/** Stores 1 in `into[slot]` for a varint with any bit set, else 0. Returns the position after it. */
export function readBool(bytes: Uint8Array, at: number, end: number, into: Int32Array, slot: number): number {
  let bits = 0;
  for (let i = 0; i < VARINT_MAX_BYTES; i++) {
    if (at >= end) throw truncated(at, 1, end);
    const byte = bytes[at++]!;
    bits |= byte & 0x7f;
    if (byte >= 0x80) continue;
    into[slot] = bits === 0 ? 0 : 1;
    return at;
  }
  throw invalid('invalid varint encoding', at);
}

/** Stores 32 bits, little-endian, in `into[slot]`. Returns the position after them. */
export function readFixed32(bytes: Uint8Array, at: number, end: number, into: Int32Array, slot: number): number {
  if (end - at < 4) throw truncated(at, 4, end);
  into[slot] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  return at + 4;
}

/** Position after the field whose tag ends at `at`. `depth` counts the messages and groups around it. */
export function skipField(bytes: Uint8Array, at: number, end: number, tag: number, depth: number): number {
  if (depth > DEPTH_MAX) throw new UndecodableError('too_deep', `nested more than ${DEPTH_MAX} deep at ${at}`);
  const field = tag >>> 3;
  if (field === 0) throw invalid('illegal tag: field number 0', at);
  switch (tag & 7) {
    case WIRE.varint:
      return skipVarint(bytes, at, end);
    case WIRE.fixed64:
      return skipBytes(at, 8, end);
    case WIRE.bytes:
      return readContent(bytes, at, end);
    case WIRE.startGroup:
      return skipGroup(bytes, at, end, field, depth);
    case WIRE.fixed32:
      return skipBytes(at, 4, end);
    default:
      throw invalid(`invalid wire type ${tag & 7}`, at);
  }
}

function skipVarint(bytes: Uint8Array, at: number, end: number): number {
  for (let i = 0; i < VARINT_MAX_BYTES; i++) {
    if (at >= end) throw truncated(at, 1, end);
    if (bytes[at++]! < 0x80) return at;
  }
  throw invalid('invalid varint encoding', at);
}

function skipBytes(at: number, length: number, end: number): number {
  if (length > end - at) throw truncated(at, length, end);
  return at + length;
}

function skipGroup(bytes: Uint8Array, at: number, end: number, field: number, depth: number): number {
  for (;;) {
    const tag = readTag(bytes, at, end);
    at = cursor.at;
    if (tag >>> 3 === 0) throw invalid('illegal tag: field number 0', at);
    if ((tag & 7) !== WIRE.endGroup) {
      at = skipField(bytes, at, end, tag, depth + 1);
    } else if (tag >>> 3 === field) {
      return at;
    } else {
      throw invalid('invalid end group tag', at);
    }
  }
}

function truncated(at: number, length: number, end: number): UndecodableError {
  return new UndecodableError('truncated', `cut off: ${length} bytes at ${at} reach over the end at ${end}`);
}

function invalid(what: string, at: number): UndecodableError {
  return new UndecodableError('invalid_wire', `${what} at ${at}`);
}
