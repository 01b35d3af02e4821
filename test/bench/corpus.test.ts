import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endlessly, makeCorpus, partitionOf, type StreamMessage, shiftSlots } from '../../bench/stage/corpus.js';
import { fullType } from '../../proto/full-codec.js';
import type { DexParsedBlockMessage } from '../../proto/generated/full.js';

const START_SLOT = 373_000_000;
const type = fullType('DexParsedBlockMessage');

function headerOf(value: Uint8Array) {
  const { Header: header } = type.decode(value) as unknown as DexParsedBlockMessage;
  return { slot: Number(header?.Slot ?? 0), parent: Number(header?.ParentSlot ?? 0) };
}

function take(count: number, seconds: number): StreamMessage[] {
  const messages: StreamMessage[] = [];
  for (const message of endlessly(makeCorpus(3, seconds, START_SLOT))) {
    messages.push({ ...message, value: Buffer.from(message.value) });
    if (messages.length === count) break;
  }
  return messages;
}

describe('the corpus', () => {
  it('moves Slot and ParentSlot and not a byte else', () => {
    const before = type.encode({
      Header: { Slot: START_SLOT, Hash: Buffer.alloc(32, 7), ParentSlot: START_SLOT - 1, Height: 5 },
    });
    const value = before.finish();
    const copy = Uint8Array.from(value);
    shiftSlots(copy, 1_000);
    assert.deepEqual(headerOf(copy), { slot: START_SLOT + 1_000, parent: START_SLOT + 999 });
    shiftSlots(copy, -1_000);
    assert.deepEqual(copy, Uint8Array.from(value));
  });

  it('goes round in later slots and later time, so that no trade comes twice', () => {
    const corpus = makeCorpus(3, 2, START_SLOT);
    const { length } = corpus.messages;
    const messages = take(2 * length, 2);
    for (const [index, message] of messages.entries()) {
      assert.equal(headerOf(message.value).slot, message.slot);
      if (index > 0) assert.ok(message.atMs >= messages[index - 1]!.atMs, `message ${index} goes back in time`);
    }
    const highest = Math.max(...messages.slice(0, length).map(({ slot }) => slot));
    const lowest = Math.min(...messages.slice(length).map(({ slot }) => slot));
    assert.ok(lowest > highest, `${lowest} comes after ${highest}`);
  });

  it('counts each trade as new once', () => {
    const { messages } = makeCorpus(3, 2, START_SLOT);
    const all = messages.reduce((sum, { trades }) => sum + trades, 0);
    const fresh = messages.reduce((sum, { newTrades }) => sum + newTrades, 0);
    assert.ok(fresh > 0 && fresh < all, `${fresh} of ${all}`);
  });

  it('keeps what may be repeats in one partition, and uses all of them', () => {
    const partitions = new Set<number>();
    for (let slot = START_SLOT; slot < START_SLOT + 16; slot++) {
      for (let bucket = 0; bucket < 4; bucket++) partitions.add(partitionOf({ slot, bucket }, 32));
    }
    assert.equal(partitions.size, 32);
  });
});
