/** Protobuf by hand, for shapes that no encoder writes. */

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** A varint; padded to `length` bytes where that is longer. */
export function varint(value: number | bigint, length = 0): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 0x80n || bytes.length + 1 < length) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

export function tag(field: number, wireType: number, length = 0): Uint8Array {
  return varint(field * 8 + wireType, length);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** A length-delimited field: bytes, a text, or a message made of parts. */
export function bytesField(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  return concat(tag(field, WIRE.bytes), varint(content.length), content);
}

export function varintField(field: number, value: number | bigint, length = 0): Uint8Array {
  return concat(tag(field, WIRE.varint), varint(value, length));
}

export function fixed32Field(field: number): Uint8Array {
  return concat(tag(field, WIRE.fixed32), Uint8Array.of(1, 2, 3, 4));
}

export function fixed64Field(field: number): Uint8Array {
  return concat(tag(field, WIRE.fixed64), Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
}

export function group(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return concat(tag(field, WIRE.startGroup), ...parts, tag(field, WIRE.endGroup));
}
