import { MESSAGE_PLAN, PLAN_TAGS, type Plan, STEP, STEP_BITS } from './walk-plan.js';
import { MESSAGE_STRIDE, TRADE_SLOT, TRADE_STRIDE, TRANSACTION_RECORD_STRIDE } from './walk-slots.js';
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

/** Records kept from one message to the next; a message with more grows a table that is dropped when the slab is done. */
const RECORDS_KEPT = 1_024;
/**
 * A message with more of either becomes a dead letter: an empty one takes two bytes, and its record and row hundreds. The stream's messages have at
 * most 250 transactions.
 */
export const RECORDS_MAX = 100_000;
const GROWTH = 1.5;
const STEP_MASK = (1 << STEP_BITS) - 1;

/** Records of one kind, end to end, growing. */
export class RecordTable {
  readonly #stride: number;
  #count = 0;
  /** Replaced when it grows. */
  ints: Int32Array<ArrayBuffer>;

  constructor(stride: number) {
    this.#stride = stride;
    this.ints = new Int32Array(RECORDS_KEPT * stride);
  }

  /** First place of a new record, all 0. Throws an {@link UndecodableError} where there are too many. */
  add(): number {
    if (this.#count === RECORDS_MAX) {
      throw new UndecodableError('too_many_trades', `more than ${RECORDS_MAX} transactions or trades`);
    }
    const start = this.#count++ * this.#stride;
    const end = start + this.#stride;
    if (end > this.ints.length) {
      const grown = new Int32Array(Math.ceil(this.ints.length * GROWTH));
      grown.set(this.ints);
      this.ints = grown;
    }
    this.ints.fill(0, start, end);
    return start;
  }

  clear(): void {
    this.#count = 0;
  }

  /** Gives back what a message of unusual size has taken. */
  shrink(): void {
    if (this.ints.length > RECORDS_KEPT * this.#stride) this.ints = new Int32Array(RECORDS_KEPT * this.#stride);
  }
}

/** Where the fields of one message lie that rows are made of. Kept from message to message: no object per message or trade. */
export class MessageFields {
  /** One record of {@link MESSAGE_SLOT}. */
  readonly message = new Int32Array(MESSAGE_STRIDE);
  /** Records of {@link TRANSACTION_SLOT}, in message order. */
  readonly transactions = new RecordTable(TRANSACTION_RECORD_STRIDE);
  /** Records of {@link TRADE_SLOT}: those of the first transaction, then those of the second, … */
  readonly trades = new RecordTable(TRADE_STRIDE);
  #hasDex = false;

  /** True where any trade names its Dex. */
  get hasDex(): boolean {
    return this.#hasDex;
  }

  clear(): void {
    this.message.fill(0);
    this.transactions.clear();
    this.trades.clear();
    this.#hasDex = false;
  }

  sawTrade(record: number): void {
    if (this.trades.ints[record + TRADE_SLOT.dex] === 1) this.#hasDex = true;
  }

  shrink(): void {
    this.transactions.shrink();
    this.trades.shrink();
  }
}

/**
 * Finds the fields of a message of the dextrades topic in its bytes. Nothing of it is copied, and what no row needs is stepped over unseen.
 * Any legal protobuf is read, in one pass: a part that comes in pieces is merged by visiting its record again, and of a scalar that
 * comes again the last stays. Throws an {@link UndecodableError}, for the first fault in the order of the bytes, where they are
 * not protobuf, or are a message of another topic.
 */
export function walkMessage(bytes: Uint8Array, into: MessageFields): void {
  into.clear();
  walk(bytes, 0, bytes.length, MESSAGE_PLAN, into, into.message, 0, 0);
  if (into.hasDex) return;
  const type = wrongTypeOf(bytes);
  if (type !== null) throw new UndecodableError('wrong_type', `this is a ${type}, not a DexParsedBlockMessage`);
}

/** Walks one part, from `at` to `end`, whose record begins at `record` of `ints`. `depth` counts the messages around it. */
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
    if (tag >= PLAN_TAGS) {
      tag = readTag(bytes, at - 1, end);
      at = cursor.at;
      if (tag >= PLAN_TAGS) {
        at = (tag & 7) === WIRE.bytes ? endOfContent(bytes, at, end) : skipField(bytes, at, end, tag, depth);
        continue;
      }
    }
    const step = steps[tag]!;
    if (step === STEP.skipContent) {
      at = endOfContent(bytes, at, end);
      continue;
    }
    const slot = record + (step >> STEP_BITS);
    switch (step & STEP_MASK) {
      case STEP.skipVarint:
        at = at < end && bytes[at]! < 0x80 ? at + 1 : skipField(bytes, at, end, tag, depth);
        break;
      case STEP.bytes:
        at = readSpan(bytes, at, end, ints, slot);
        break;
      case STEP.part: {
        const partEnd = readContent(bytes, at, end);
        ints[slot] = 1;
        walk(bytes, cursor.at, partEnd, plan.parts[tag]!, fields, ints, slot, depth + 1);
        at = partEnd;
        break;
      }
      case STEP.uint32:
        at = readUint32(bytes, at, end, ints, slot);
        break;
      case STEP.uint64:
        at = readUint64(bytes, at, end, ints, slot);
        break;
      case STEP.bool:
        at = readBool(bytes, at, end, ints, slot);
        break;
      case STEP.float:
        at = readFixed32(bytes, at, end, ints, slot);
        break;
      case STEP.skipOther:
        at = skipField(bytes, at, end, tag, depth);
        break;
      default: {
        const elementEnd = readContent(bytes, at, end);
        ints[slot]! += 1;
        walkElement(bytes, cursor.at, elementEnd, plan.parts[tag]!, fields, step & STEP_MASK, depth + 1);
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
  const table = step === STEP.trade ? fields.trades : fields.transactions;
  const record = table.add();
  walk(bytes, at, end, plan, fields, table.ints, record, depth);
  if (step === STEP.trade) fields.sawTrade(record);
}

/** Position after a content whose length is mostly of one byte. */
function endOfContent(bytes: Uint8Array, at: number, end: number): number {
  const length = at < end ? bytes[at]! : 0x80;
  return length < 0x80 && length < end - at ? at + 1 + length : readContent(bytes, at, end);
}

/** Stores where a content lies in `ints[slot]`, and its length after. Returns the position after it. */
function readSpan(bytes: Uint8Array, at: number, end: number, ints: Int32Array, slot: number): number {
  const contentEnd = endOfContent(bytes, at, end);
  const length = bytes[at]!;
  const start = length < 0x80 ? at + 1 : cursor.at;
  ints[slot] = start;
  ints[slot + 1] = contentEnd - start;
  return contentEnd;
}
