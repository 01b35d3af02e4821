import { WIRE } from '../support/wire.js';
import { type FieldNode, writeVarint } from './field-tree.js';
import type { RandomSource } from './random-source.js';
import { ADDRESSES } from './sample-messages.js';

type TreeMutation = (fields: FieldNode[], random: RandomSource) => void;
type ByteMutation = (bytes: Uint8Array, random: RandomSource) => Uint8Array;

const UNKNOWN_FIELDS = [11, 15, 16, 30, 2_000, 536_870_911];
const EDGE_BYTES = [0, 1, 0x7f, 0x80, 0xff];

/** Changes that leave a legal message legal, though it may mean something else. */
const TREE_MUTATIONS: readonly TreeMutation[] = [
  shuffle,
  repeat,
  remove,
  split,
  addUnknown,
  changeWireType,
  pad,
  revalue,
  move,
];

/** Changes that may leave anything. */
const BYTE_MUTATIONS: readonly ByteMutation[] = [
  flipBit,
  setByte,
  cut,
  removeBytes,
  insertBytes,
  copyBytes,
  hugeLength,
];

/** Changes the message that `fields` are, in place, somewhere. */
export function mutateTree(fields: FieldNode[], random: RandomSource): void {
  random.pick(TREE_MUTATIONS)(someFields(fields, random), random);
}

export function mutateBytes(bytes: Uint8Array, random: RandomSource): Uint8Array {
  return bytes.length === 0 ? bytes : random.pick(BYTE_MUTATIONS)(bytes, random);
}

/** The fields of the message, or of some message in it. */
function someFields(fields: FieldNode[], random: RandomSource): FieldNode[] {
  const nested = fields.flatMap((node) => (node.fields === null ? [] : [node.fields]));
  return nested.length > 0 && random.chance(0.75) ? someFields(random.pick(nested), random) : fields;
}

function shuffle(fields: FieldNode[], random: RandomSource): void {
  for (let i = fields.length - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [fields[i], fields[other]] = [fields[other]!, fields[i]!];
  }
}

function repeat(fields: FieldNode[], random: RandomSource): void {
  if (fields.length > 0) insert(fields, structuredClone(random.pick(fields)), random);
}

function remove(fields: FieldNode[], random: RandomSource): void {
  if (fields.length > 0) fields.splice(random.below(fields.length), 1);
}

/** One message in two pieces, of which either may come first and either may be empty. */
function split(fields: FieldNode[], random: RandomSource): void {
  const whole = fields.filter((node) => node.fields !== null);
  if (whole.length === 0) return;
  const node = random.pick(whole);
  const piece = { ...node, fields: [] as FieldNode[] };
  for (const inner of node.fields!) if (random.chance(0.5)) piece.fields.push(inner);
  node.fields = node.fields!.filter((inner) => !piece.fields.includes(inner));
  insert(fields, piece, random);
}

function addUnknown(fields: FieldNode[], random: RandomSource): void {
  insert(fields, unknown(random, 0), random);
}

function unknown(random: RandomSource, depth: number): FieldNode {
  const wireType = random.pick([WIRE.varint, WIRE.fixed64, WIRE.bytes, WIRE.startGroup, WIRE.fixed32]);
  const inner =
    wireType === WIRE.startGroup && depth < 4 ? [unknown(random, depth + 1), unknown(random, depth + 1)] : null;
  const value = plainValue(wireType, random);
  return { field: random.pick(UNKNOWN_FIELDS), wireType, value, fields: inner, padding: random.pick([0, 0, 3, 10]) };
}

/** Something of the wire type; nothing within a group. */
function plainValue(wireType: number, random: RandomSource): Uint8Array {
  if (wireType === WIRE.varint) return varint(random);
  if (wireType === WIRE.fixed64) return random.bytes(8);
  if (wireType === WIRE.fixed32) return random.bytes(4);
  return wireType === WIRE.bytes ? random.bytes(random.below(9)) : new Uint8Array(0);
}

/** Any varint of at most ten bytes, padded or too wide as it may be. */
function varint(random: RandomSource): Uint8Array {
  const bytes = new Uint8Array(10);
  if (random.chance(0.5)) {
    return bytes.slice(0, writeVarint(bytes, 0, random.below(2 ** random.below(33)), random.pick([0, 0, 5, 10])));
  }
  const length = 1 + random.below(10);
  for (let i = 0; i < length - 1; i++) bytes[i] = random.pick([0x80, 0xff]);
  bytes[length - 1] = random.below(128);
  return bytes.slice(0, length);
}

/** A known field with another wire type. */
function changeWireType(fields: FieldNode[], random: RandomSource): void {
  if (fields.length === 0) return;
  const node = { ...unknown(random, 3), field: random.pick(fields).field };
  if (random.chance(0.5)) insert(fields, node, random);
  else fields[random.below(fields.length)] = node;
}

function pad(fields: FieldNode[], random: RandomSource): void {
  if (fields.length > 0) random.pick(fields).padding = random.pick([2, 3, 5, 6, 10]);
}

function revalue(fields: FieldNode[], random: RandomSource): void {
  if (fields.length === 0) return;
  const node = random.pick(fields);
  if (node.wireType === WIRE.bytes)
    node.value = random.chance(0.8) ? random.pick(ADDRESSES) : random.bytes(random.below(70));
  else if (node.wireType !== WIRE.startGroup) node.value = plainValue(node.wireType, random);
  if (node.fields !== null) node.fields = [];
}

/** A value under another number: what was bought is sold, a base is a quote. */
function move(fields: FieldNode[], random: RandomSource): void {
  if (fields.length > 0) random.pick(fields).field = random.chance(0.8) ? 1 + random.below(8) : 13;
}

function insert(fields: FieldNode[], node: FieldNode, random: RandomSource): void {
  fields.splice(random.below(fields.length + 1), 0, node);
}

function flipBit(bytes: Uint8Array, random: RandomSource): Uint8Array {
  const changed = bytes.slice();
  changed[random.below(bytes.length)]! ^= 1 << random.below(8);
  return changed;
}

function setByte(bytes: Uint8Array, random: RandomSource): Uint8Array {
  const changed = bytes.slice();
  changed[random.below(bytes.length)] = random.chance(0.5) ? random.pick(EDGE_BYTES) : random.below(256);
  return changed;
}

function cut(bytes: Uint8Array, random: RandomSource): Uint8Array {
  return bytes.slice(0, random.below(bytes.length));
}

function removeBytes(bytes: Uint8Array, random: RandomSource): Uint8Array {
  const at = random.below(bytes.length);
  return splice(bytes, at, at + 1 + random.below(8), new Uint8Array(0));
}

function insertBytes(bytes: Uint8Array, random: RandomSource): Uint8Array {
  const at = random.below(bytes.length + 1);
  return splice(bytes, at, at, random.bytes(1 + random.below(8)));
}

/** Bytes of the message, somewhere else in it. */
function copyBytes(bytes: Uint8Array, random: RandomSource): Uint8Array {
  const from = random.below(bytes.length);
  const at = random.below(bytes.length + 1);
  return splice(bytes, at, at + (random.chance(0.5) ? 0 : 8), bytes.subarray(from, from + 1 + random.below(40)));
}

function hugeLength(bytes: Uint8Array, random: RandomSource): Uint8Array {
  const at = random.below(bytes.length + 1);
  const length = random.pick([
    [0xff, 0xff, 0xff, 0xff, 0x0f],
    [0x80, 0x80, 0x80, 0x80, 0x10],
    [0xff, 0xff, 0xff, 0xff, 0x07],
  ]);
  return splice(bytes, at, at + random.below(3), Uint8Array.from(length));
}

function splice(bytes: Uint8Array, start: number, end: number, inserted: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([bytes.subarray(0, start), inserted, bytes.subarray(end)]));
}
