import { cursor, readContent, readTag, skipField, UndecodableError, WIRE } from './wire.js';

const { varint: VARINT, bytes: BYTES, fixed32: FIXED32 } = WIRE;
const SIGNATURE_BYTES = 64;

/** Transactions looked at: those of one message are all of one type. */
const EXAMINED_MAX = 8;
/** Known fields of ours with a wire type they cannot have, before another type is believed. One may be a quirk. */
const CONTRADICTIONS_MIN = 2;

/** Wire types of a message's fields, by field number. */
type Shape = Readonly<Record<number, readonly number[]>>;
/** Shape of a transaction, and of the elements of its lists. */
interface TransactionShape {
  readonly fields: Shape;
  readonly elements: Readonly<Record<number, Shape>>;
}

const V = [VARINT];
const B = [BYTES];
const F = [FIXED32];
const LIST = [VARINT, BYTES]; // of numbers, packed or not
const BALANCE_UPDATE: Shape = { 1: V, 2: V, 3: V };
const COMMON: Shape = { 1: V, 2: B, 3: B, 4: B, 5: B, 6: B, 7: B };

const DEX: TransactionShape = {
  fields: { ...COMMON, 8: B, 9: B, 10: F },
  elements: {
    5: { 1: V, 2: B, 3: B, 4: B, 5: B, 6: V, 7: V, 8: B },
    6: { 1: V, 2: V, 3: B, 4: B, 5: B, 6: B },
    7: { 1: V, 2: B, 3: B, 4: B, 5: B, 6: B },
  },
};
const TOKEN: TransactionShape = {
  fields: { ...COMMON, 8: F },
  elements: {
    5: { 1: V, 2: V, 3: B, 4: B, 5: B, 6: B, 7: B, 8: F },
    6: { 1: B, 2: B, 3: F, 4: F, 5: F },
    7: { 1: V, 2: B, 3: B, 4: B, 5: B },
  },
};
const IDL: TransactionShape = {
  fields: { ...COMMON, 8: F },
  elements: {
    5: BALANCE_UPDATE,
    6: BALANCE_UPDATE,
    7: { 1: V, 2: V, 3: LIST, 4: V, 5: LIST, 6: V, 7: V, 8: B, 9: B, 10: B, 11: B, 12: B, 13: B, 14: B },
  },
};
const REWARD: TransactionShape = { fields: { 1: B, 2: V, 3: V, 4: V, 5: V }, elements: {} };
const RAW_TRANSACTION: TransactionShape = {
  fields: { 1: B, 2: B, 3: B, 4: B, 5: B, 7: B, 8: B, 9: V },
  elements: { 4: BALANCE_UPDATE, 5: BALANCE_UPDATE },
};

const OTHERS: readonly (readonly [name: string, shape: TransactionShape])[] = [
  ['TokenBlockMessage', TOKEN],
  ['ParsedIdlBlockMessage', IDL],
  ['BlockMessage', REWARD],
];

/**
 * Name of the message type that these bytes are, where they are legal protobuf but no DexParsedBlockMessage; null
 * where they may be one. All the streams' messages have a header and transactions under the same numbers, so that one
 * on the wrong topic decodes into nonsense; what tells them apart is the wire types of what lies in their
 * transactions. Meant for messages without a single trade on a known Dex, and for bytes that have been decoded before.
 */
export function wrongTypeOf(bytes: Uint8Array): string | null {
  const transactions: Uint8Array[] = [];
  const thirds: Uint8Array[] = [];
  visitFields(bytes, (field, wireType, content) => {
    if (wireType !== BYTES) return;
    if (field === 2 && transactions.length < EXAMINED_MAX) transactions.push(content);
    if (field === 3 && thirds.length < EXAMINED_MAX) thirds.push(content);
  });
  if (transactions.length === 0) return thirds.length > 0 && thirds.every(isRawTransaction) ? 'BlockMessage' : null;
  const contradictions = new Set<string>();
  for (const transaction of transactions) contradictionsOf(transaction, DEX, false, contradictions);
  if (contradictions.size < CONTRADICTIONS_MIN) return null;
  const other = OTHERS.find(([, shape]) => transactions.every((transaction) => fits(transaction, shape)));
  return other === undefined ? null : other[0];
}

function isRawTransaction(bytes: Uint8Array): boolean {
  let signed = false;
  visitFields(bytes, (field, wireType, content) => {
    if (field === 1 && wireType === BYTES && content.length === SIGNATURE_BYTES) signed = true;
  });
  return signed && fits(bytes, RAW_TRANSACTION);
}

function fits(bytes: Uint8Array, shape: TransactionShape): boolean {
  const contradictions = new Set<string>();
  contradictionsOf(bytes, shape, true, contradictions);
  return contradictions.size === 0;
}

/** Adds the paths of known fields with another wire type, and of unknown fields where `strict`. */
function contradictionsOf(bytes: Uint8Array, shape: TransactionShape, strict: boolean, into: Set<string>): void {
  visitFields(bytes, (field, wireType, content) => {
    check(shape.fields, field, wireType, strict, `${field}`, into);
    const element = shape.elements[field];
    if (element === undefined || wireType !== BYTES) return;
    const legal = visitFields(content, (inner, innerWireType) => {
      check(element, inner, innerWireType, strict, `${field}.${inner}`, into);
    });
    if (!legal) into.add(`${field}`);
  });
}

function check(shape: Shape, field: number, wireType: number, strict: boolean, path: string, into: Set<string>): void {
  const allowed = shape[field];
  if (allowed === undefined ? strict : !allowed.includes(wireType)) into.add(path);
}

/** False where the bytes are no message: what another type calls a text may be one of ours here. */
function visitFields(
  bytes: Uint8Array,
  visit: (field: number, wireType: number, content: Uint8Array) => void,
): boolean {
  const end = bytes.length;
  let at = 0;
  try {
    while (at < end) {
      const tag = readTag(bytes, at, end);
      const start = cursor.at;
      at = skipField(bytes, start, end, tag, 0);
      if ((tag & 7) === BYTES) readContent(bytes, start, end);
      visit(tag >>> 3, tag & 7, bytes.subarray((tag & 7) === BYTES ? cursor.at : start, at));
    }
    return true;
  } catch (error) {
    if (error instanceof UndecodableError) return false;
    throw error;
  }
}
