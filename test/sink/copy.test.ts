import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunksWithout, copyStream } from '../../src/sink/copy.js';
import { firstSlots, partitionSlots, partitionStart } from '../../src/sink/partitions.js';
import { rowPlaces, rowSource } from '../../src/sink/rows.js';
import { encodeTrade, SLOT } from '../support/batches.js';

const row = (tx: number, slot = SLOT): Uint8Array =>
  encodeTrade({ block_slot: slot, tx_index: tx, market: 'm'.repeat(tx), kafka_partition: 3, kafka_offset: 900 + tx });
const join = (...pieces: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));

test('a COPY stream is a header, the rows and a trailer, in few pieces', () => {
  const large = new Uint8Array(100_000).fill(7);
  const pieces = copyStream([row(1), row(2), large, row(3)]);
  assert.equal(pieces.length, 3);
  assert.equal(pieces[1], large, 'a large piece is not copied');
  const whole = Buffer.concat(pieces);
  assert.equal(whole.subarray(0, 11).toString('latin1'), 'PGCOPY\n\xff\r\n\0');
  assert.deepEqual(whole.subarray(19), Buffer.concat([row(1), row(2), large, row(3), Buffer.from([0xff, 0xff])]));
});

test('rows are found in their chunks and say where they came from', () => {
  const chunks = [join(row(1), row(2)), new Uint8Array(0), join(row(3))];
  const places = [...rowPlaces(chunks)];
  assert.deepEqual(
    places.map(({ chunk }) => chunk),
    [0, 0, 2],
  );
  const bytes = places.map(({ chunk, start, end }) => (chunks[chunk] as Uint8Array).slice(start, end));
  assert.deepEqual(bytes, [row(1), row(2), row(3)]);
  assert.deepEqual(rowSource(row(2)), { partition: 3, offset: 902 });
});

test('rows can be left out anywhere', () => {
  const chunks = [join(row(1), row(2), row(3)), join(row(4)), join(row(5), row(6))];
  const places = [...rowPlaces(chunks)];
  for (const out of [[], [0], [1], [2], [3], [4], [5], [0, 2, 3, 5], [0, 1, 2, 3, 4, 5]]) {
    const left = [
      ...chunksWithout(
        chunks,
        out.map((i) => places[i] as (typeof places)[number]),
      ),
    ];
    const expected = [1, 2, 3, 4, 5, 6].filter((_, i) => !out.includes(i)).map((tx) => row(tx));
    assert.deepEqual(join(...left), join(...expected), `without ${out}`);
  }
});

test('slots of rows tell the partitions a batch needs', () => {
  assert.equal(partitionStart(216_000), 216_000);
  assert.equal(partitionStart(215_999), 0);
  const chunks = [join(row(1, 5), row(2, 216_001)), join(row(3, Number.MAX_SAFE_INTEGER))];
  assert.deepEqual(firstSlots(chunks), [5, Number.MAX_SAFE_INTEGER]);
  assert.deepEqual([...partitionSlots(chunks)], [0, 216_000, partitionStart(Number.MAX_SAFE_INTEGER)]);
});
