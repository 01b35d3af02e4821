import { readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { invariant } from '../../src/errors.js';

/** Messages a second in the real stream. */
const MESSAGES_PER_SECOND = 47;
const HEADER_TAG = 0x0a;
const SLOT_TAG = 0x08;
const PARENT_SLOT_TAG = 0x20;

/** A message of the corpus, to be sent again and again in later slots. */
export interface CorpusMessage {
  readonly bucket: number;
  readonly slot: number;
  /** Time in the stream since the corpus begins, ms. */
  readonly atMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer;
  /** Trades in it. */
  readonly trades: number;
  /** ... that no earlier message carried. */
  readonly newTrades: number;
}

export interface StreamMessage extends CorpusMessage {
  /** Which time the corpus goes round. */
  readonly cycle: number;
}

export interface Corpus {
  readonly messages: readonly CorpusMessage[];
  readonly spanMs: number;
  readonly slots: number;
}

/**
 * Some seconds of the generated stream. Generating costs more than the engine, so the corpus is made once and goes round,
 * each time in later slots: every trade is new to the database, repeats within a round stay repeats.
 */
export function makeCorpus(seed: number, seconds: number, startSlot: number): Corpus {
  const seen = new Set<string>();
  const made = takeMessages(Math.ceil(seconds * MESSAGES_PER_SECOND), { seed, startSlot, poisonShare: 0 });
  const startMs = made[0]?.timestampMs ?? 0;
  let lastSlot = startSlot;
  const messages = made.map(({ partition, slot, timestampMs, key, value, trades }): CorpusMessage => {
    const before = seen.size;
    for (const trade of trades) seen.add(`${trade.slot}/${trade.txIndex}/${trade.tradeIndex}`);
    lastSlot = Math.max(lastSlot, slot);
    return {
      bucket: partition,
      slot,
      atMs: timestampMs - startMs,
      key: key === null ? null : Buffer.from(key),
      value: Buffer.from(value.buffer, value.byteOffset, value.length),
      trades: trades.length,
      newTrades: seen.size - before,
    };
  });
  const lastMs = messages.at(-1)?.atMs ?? 0;
  return { messages, spanMs: lastMs + 1_000 / MESSAGES_PER_SECOND, slots: lastSlot - startSlot + 1 };
}

/** Keeps a corpus for the producers of a run: reading it is quicker than making it again. */
export function writeCorpus(file: string, corpus: Corpus): void {
  writeFileSync(file, serialize(corpus));
}

export function readCorpus(file: string): Corpus {
  return deserialize(readFileSync(file)) as Corpus;
}

/** The corpus without end. A message's bytes are the corpus' own and are good until its next round. */
export function* endlessly(corpus: Corpus): Generator<StreamMessage, never> {
  for (let cycle = 0; ; cycle++) {
    for (const message of corpus.messages) {
      if (cycle > 0) shiftSlots(message.value, corpus.slots);
      yield {
        ...message,
        cycle,
        slot: message.slot + cycle * corpus.slots,
        atMs: message.atMs + cycle * corpus.spanMs,
      };
    }
  }
}

/** Adds `by` to Slot and ParentSlot of a message's header, in place. The header must come first in the message. */
export function shiftSlots(value: Uint8Array, by: number): void {
  invariant(value[0] === HEADER_TAG, 'a message of the corpus begins with its header');
  const header = readVarint(value, 1);
  const end = header.end + header.value;
  for (let at = header.end; at < end; ) {
    const tag = value[at]!;
    const field = readVarint(value, at + 1);
    if (tag === SLOT_TAG || tag === PARENT_SLOT_TAG) writeVarint(value, at + 1, field.end, field.value + by);
    at = (tag & 7) === 2 ? field.end + field.value : field.end;
  }
}

function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  let scale = 1;
  for (let at = start; ; at++) {
    const byte = bytes[at];
    invariant(byte !== undefined, 'a varint ends within its message');
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) return { value, end: at + 1 };
  }
}

/** In the very bytes it had: slots of our time all take five. */
function writeVarint(bytes: Uint8Array, start: number, end: number, value: number): void {
  let rest = value;
  for (let at = start; at < end; at++) {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes[at] = at === end - 1 ? low : low | 0x80;
  }
  invariant(rest === 0, `slot ${value} needs more bytes than it had`);
}

/** Partition of a message on a topic of `partitions`: those of one slot and bucket, repeats that is, stay together. */
export function partitionOf({ slot, bucket }: Pick<CorpusMessage, 'slot' | 'bucket'>, partitions: number): number {
  return (slot * 4 + bucket) % partitions;
}
