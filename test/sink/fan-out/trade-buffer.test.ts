import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TradeBuffer } from '../../../src/sink/fan-out/trade-buffer.js';

const ROW_BYTES = 4;

/** A chunk of rows of four bytes, each of which holds its number. */
function chunkOf(...numbers: number[]): Uint8Array {
  const chunk = new Uint8Array(new ArrayBuffer(ROW_BYTES * numbers.length));
  for (const [i, number] of numbers.entries()) chunk.fill(number, i * ROW_BYTES, (i + 1) * ROW_BYTES);
  return chunk;
}

function taken(buffer: TradeBuffer, maxRows: number): number[] {
  const numbers: number[] = [];
  const count = buffer.take(maxRows, (chunk, start) => {
    assert.ok(start + ROW_BYTES <= chunk.length);
    numbers.push(chunk[start]!);
    return start + ROW_BYTES;
  });
  assert.equal(count, numbers.length);
  return numbers;
}

describe('the buffer in front of Redis', () => {
  test('gives rows out in the order they landed in, across chunks and parts, as many as asked for', () => {
    const buffer = new TradeBuffer(1_000);
    buffer.push([chunkOf(1, 2), new Uint8Array(0), chunkOf(3)], 3);
    buffer.push([chunkOf(4, 5)], 2);
    assert.equal(buffer.rows, 5);
    assert.equal(buffer.bytes, 20);
    assert.deepEqual(taken(buffer, 2), [1, 2]);
    assert.deepEqual(taken(buffer, 2), [3, 4]);
    assert.equal(buffer.rows, 1);
    assert.deepEqual(taken(buffer, 9), [5]);
    assert.deepEqual(taken(buffer, 9), []);
    assert.deepEqual([buffer.rows, buffer.bytes], [0, 0]);
  });

  test('gives out the rows that landed and no others', () => {
    const buffer = new TradeBuffer(1_000);
    const places = [
      { chunk: 0, start: 4, end: 8 },
      { chunk: 1, start: 0, end: 4 },
    ];
    buffer.push([chunkOf(1, 2), chunkOf(3, 4)], 2, places);
    buffer.push([chunkOf(5)], 0, []);
    assert.deepEqual(taken(buffer, 9), [2, 3]);
    assert.equal(buffer.bytes, 0);
  });

  test('drops the oldest for the newest, counts those that were not given out, and stays below its limit', () => {
    const buffer = new TradeBuffer(20);
    assert.equal(buffer.push([chunkOf(1, 2)], 2), 0);
    assert.equal(buffer.push([chunkOf(3, 4)], 2), 0);
    assert.deepEqual(taken(buffer, 1), [1]);
    assert.equal(buffer.push([chunkOf(5, 6)], 2), 1, 'of the oldest part one row had been given out');
    assert.equal(buffer.push([chunkOf(7, 8, 9)], 3), 2);
    assert.equal(buffer.bytes, 20);
    assert.deepEqual(taken(buffer, 9), [5, 6, 7, 8, 9]);
  });

  test('drops a part that is larger than itself, and everything older with it', () => {
    const buffer = new TradeBuffer(20);
    buffer.push([chunkOf(1)], 1);
    assert.equal(buffer.push([chunkOf(1, 2, 3, 4, 5, 6)], 6), 7);
    assert.deepEqual([buffer.rows, buffer.bytes], [0, 0]);
  });

  test('counts the whole buffers that it keeps alive, each once', () => {
    const whole = chunkOf(1, 2, 3, 4);
    const buffer = new TradeBuffer(1_000);
    buffer.push([whole.subarray(0, 4), whole.subarray(12)], 2);
    assert.equal(buffer.bytes, 16);
    assert.deepEqual(taken(buffer, 9), [1, 4]);
  });

  test('lets go of a part whose rows cannot be read, and goes on with the next', () => {
    const buffer = new TradeBuffer(1_000);
    buffer.push([chunkOf(1, 2, 3)], 3);
    buffer.push([chunkOf(4)], 1);
    assert.throws(() =>
      buffer.take(9, (chunk, start) => {
        if (chunk[start] === 2) throw new Error('no row');
        return start + ROW_BYTES;
      }),
    );
    assert.equal(buffer.dropOldest(), 2);
    assert.deepEqual(taken(buffer, 9), [4]);
    assert.equal(buffer.dropOldest(), 0);
  });

  test('lets go of everything at once', () => {
    const buffer = new TradeBuffer(1_000);
    buffer.push([chunkOf(1, 2, 3)], 3);
    taken(buffer, 1);
    assert.equal(buffer.clear(), 2);
    assert.deepEqual([buffer.rows, buffer.bytes, taken(buffer, 1)], [0, 0, []]);
  });
});
