import type { MessageFields } from './walk-fields.js';
import { MESSAGE_PLAN, PLAN_TAGS, type Plan, STEP, STEP_BITS } from './walk-plan.js';
import {
  cursor,
  readBool,
  readContent,
  readFixed32,
  readTag,
  readUint32,
  readUint64,
  skipField,
  UndecodableError,
  WIRE,
} from './wire.js';
import { wrongTypeOf } from './wrong-type.js';

// Constants of this module cost nothing in a loop, imported ones a load each; and only literal cases make a table of
// jumps.
const SKIP_CONTENT = STEP.skipContent;
const TRADE = STEP.trade;
const BYTES = WIRE.bytes;
const FIXED32 = WIRE.fixed32;
const VARINT = WIRE.varint;
const TAGS = PLAN_TAGS;
const BITS = STEP_BITS;
const MASK = (1 << STEP_BITS) - 1;

/**
 * Finds the fields of a message of the dextrades topic in its bytes. Nothing of it is copied, and what no row needs is
 * stepped over unseen. Any legal protobuf is read, in one pass: a part that comes in pieces is merged by visiting its
 * record again, and of a scalar that comes again the last stays. Throws an {@link UndecodableError}, for the first
 * fault in the order of the bytes, where they are not protobuf, or are a message of another topic.
 */
export function walkMessage(bytes: Uint8Array, into: MessageFields): void {
  into.clear();
  walk(bytes, 0, bytes.length, MESSAGE_PLAN, into, into.message, 0, 0);
  if (into.hasDex) return;
  const type = wrongTypeOf(bytes);
  if (type !== null) throw new UndecodableError('wrong_type', `this is a ${type}, not a DexParsedBlockMessage`);
}

/**
 * Walks one part, from `at` to `end`, whose record begins at `record` of `ints`. `depth` counts the messages around
 * it. Most fields are not ours and have a length of one byte: those are stepped over without a call, and calls cost as
 * much as a field, so that this is one loop.
 */
function walk(
  bytes: Uint8Array,
  at: number,
  end: number,
  plan: Plan,
  fields: MessageFields,
  ints: Int32Array,
  record: number,
  depth: number,
): void {
  const { steps } = plan;
  while (at < end) {
    let tag = bytes[at++]!;
    if (tag >= TAGS) {
      const second = at < end ? bytes[at]! : 0x80;
      if (second > 0 && second < 0x80) {
        // Two bytes: a field from 16 on.
        at++;
        const wireType = tag & 7;
        const length = at < end ? bytes[at]! : 0x80;
        if (wireType === FIXED32 && end - at >= 4) at += 4;
        else if (wireType === BYTES && length < 0x80 && length < end - at) at += length + 1;
        else if (wireType === VARINT && length < 0x80) at++;
        else at = skipField(bytes, at, end, tag + ((second - 1) << 7), depth);
        continue;
      }
      tag = readTag(bytes, at - 1, end);
      at = cursor.at;
      if (tag >= TAGS) {
        at = skipField(bytes, at, end, tag, depth);
        continue;
      }
    }
    const step = steps[tag]!;
    const length = at < end ? bytes[at]! : 0x80;
    if (step === SKIP_CONTENT) {
      at = length < 0x80 && length < end - at ? at + 1 + length : readContent(bytes, at, end);
      continue;
    }
    const slot = record + (step >> BITS);
    switch (step & MASK) {
      case 1 satisfies typeof STEP.skipVarint:
        at = length < 0x80 ? at + 1 : skipField(bytes, at, end, tag, depth);
        break;
      case 7 satisfies typeof STEP.bytes:
        if (length < 0x80 && length < end - at) {
          ints[slot] = at + 1;
          ints[slot + 1] = length;
          at += length + 1;
        } else {
          const contentEnd = readContent(bytes, at, end);
          ints[slot] = cursor.at;
          ints[slot + 1] = contentEnd - cursor.at;
          at = contentEnd;
        }
        break;
      case 8 satisfies typeof STEP.part: {
        const partEnd = readContent(bytes, at, end);
        ints[slot] = 1;
        walk(bytes, cursor.at, partEnd, plan.parts[tag]!, fields, ints, slot, depth + 1);
        at = partEnd;
        break;
      }
      case 3 satisfies typeof STEP.uint32:
        at = readUint32(bytes, at, end, ints, slot);
        break;
      case 4 satisfies typeof STEP.uint64:
        at = readUint64(bytes, at, end, ints, slot);
        break;
      case 5 satisfies typeof STEP.bool:
        at = readBool(bytes, at, end, ints, slot);
        break;
      case 6 satisfies typeof STEP.float:
        at = readFixed32(bytes, at, end, ints, slot);
        break;
      case 2 satisfies typeof STEP.skipOther:
        at = skipField(bytes, at, end, tag, depth);
        break;
      default: {
        const elementEnd = readContent(bytes, at, end);
        ints[slot]! += 1;
        walkElement(bytes, cursor.at, elementEnd, plan.parts[tag]!, fields, step & MASK, depth + 1);
        at = elementEnd;
      }
    }
  }
}

/** A transaction or a trade begins a record of its own. */
function walkElement(
  bytes: Uint8Array,
  at: number,
  end: number,
  plan: Plan,
  fields: MessageFields,
  step: number,
  depth: number,
): void {
  const table = step === TRADE ? fields.trades : fields.transactions;
  const record = table.add();
  walk(bytes, at, end, plan, fields, table.ints, record, depth);
  if (step === TRADE) fields.sawTrade(record);
}
