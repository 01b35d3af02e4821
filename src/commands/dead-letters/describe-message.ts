import { fullDescriptor } from '../../../proto/generated/full.js';
import { cursor, readContent, readTag, readUint64, skipField, UndecodableError, WIRE } from '../../workers/wire.js';

/** What can be read of a message, however damaged. */
export interface MessageReading {
  /** Null where it was not read, or does not fit a number. */
  readonly slot: number | null;
  /** Whole parts read, by their path: `Transactions`, `Transactions.Trades`, … */
  readonly parts: ReadonlyMap<string, number>;
  /** Where the bytes stop being a message: byte, path with the ordinals of lists, and what is wrong. Null where they do not. */
  readonly stop: { readonly at: number; readonly path: string; readonly text: string } | null;
}

interface Field {
  readonly type: string;
  readonly id: number;
  readonly rule?: string;
}
type Messages = Readonly<Record<string, { readonly fields?: Readonly<Record<string, Field>> }>>;

const [packageName = ''] = Object.keys(fullDescriptor.nested);
const MESSAGES = (fullDescriptor.nested as Record<string, { nested: Messages }>)[packageName]?.nested ?? {};
const ROOT = 'DexParsedBlockMessage';
/** Parts are counted down to this depth: the transactions and what lies right in them. */
const COUNTED_DEPTH = 2;

/**
 * Reads a message of the dextrades topic field by field until it ends or makes no sense, by the schema's names. Groups and
 * fields that the schema does not know are stepped over.
 */
export function readMessage(bytes: Uint8Array): MessageReading {
  const reader = new Reader(bytes);
  let stop: MessageReading['stop'] = null;
  try {
    reader.read(0, bytes.length, ROOT);
  } catch (error) {
    if (!(error instanceof UndecodableError)) throw error;
    stop = { at: reader.at, path: reader.path.join('.') || 'the message itself', text: error.message };
  }
  return { slot: reader.slot, parts: reader.parts, stop };
}

class Reader {
  readonly parts = new Map<string, number>();
  slot: number | null = null;
  /** Begin of the field that is being read, and its path. */
  at = 0;
  path: readonly string[] = [];
  readonly #bytes: Uint8Array;
  readonly #value = new Int32Array(2);

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(start: number, end: number, type: string, names: readonly string[] = [], path: readonly string[] = []): void {
    const ordinals = new Map<string, number>();
    for (let at = start; at < end; ) {
      this.at = at;
      this.path = path;
      const tag = readTag(this.#bytes, at, end);
      const content = cursor.at;
      const [name, field] = fieldOf(type, tag >>> 3);
      const ordinal = ordinals.get(name) ?? 0;
      ordinals.set(name, ordinal + 1);
      const own = [...path, field?.rule === 'repeated' ? `${name}[${ordinal}]` : name];
      this.path = own;
      at = skipField(this.#bytes, content, end, tag, path.length);
      if (type === 'BlockHeader' && name === 'Slot' && (tag & 7) === WIRE.varint) this.#readSlot(content, at);
      if (field === undefined || !(field.type in MESSAGES) || (tag & 7) !== WIRE.bytes) continue;
      readContent(this.#bytes, content, end);
      const inner = [...names, name];
      this.read(cursor.at, at, field.type, inner, own);
      if (inner.length <= COUNTED_DEPTH) this.parts.set(inner.join('.'), (this.parts.get(inner.join('.')) ?? 0) + 1);
    }
  }

  #readSlot(at: number, end: number): void {
    readUint64(this.#bytes, at, end, this.#value, 0);
    const [low = 0, high = 0] = this.#value;
    const slot = (high >>> 0) * 2 ** 32 + (low >>> 0);
    this.slot = Number.isSafeInteger(slot) ? slot : null;
  }
}

function fieldOf(type: string, id: number): readonly [name: string, field: Field | undefined] {
  const found = Object.entries(MESSAGES[type]?.fields ?? {}).find(([, field]) => field.id === id);
  return found ?? [`field ${id}`, undefined];
}
