import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DuplicateWindow } from '../../src/sink/duplicates.js';
import { type SlabResult, TRANSACTION_STRIDE } from '../../src/workers/messages.js';

/** A result whose transactions each have one row of four bytes, all of them the transaction's place in the list. */
function result(...transactions: [slot: number, txIndex: number, fingerprint: number][]): SlabResult {
  const index = new Float64Array(transactions.length * TRANSACTION_STRIDE);
  const trades = new Uint8Array(transactions.length * 4);
  transactions.forEach(([slot, txIndex, fingerprint], i) => {
    index.set([slot, txIndex, i * 4, i * 4 + 4, 1, fingerprint, i], i * TRANSACTION_STRIDE);
    trades.fill(i, i * 4, i * 4 + 4);
  });
  const solVolume = { sol: 0, usd: 0, trades: 0 };
  return { messages: 1, emptyMessages: 0, trades, transactions: index, slots: [], failures: [], solVolume, busyMs: 0 };
}

const rowsOf = (rows: readonly Uint8Array[]) => rows.map((run) => [...run].filter((_, i) => i % 4 === 0));

test('lets the first delivery pass and drops repeats, within a slab and across slabs', () => {
  const window = new DuplicateWindow(100, 1_000);
  const first = window.firstDeliveries(result([1, 1, 7], [1, 2, 7], [1, 1, 7], [1, 3, 7]), 0);
  assert.deepEqual(rowsOf(first.rows), [[0, 1], [3]], 'neighbours stay together');
  assert.deepEqual([first.rowCount, first.byteCount, first.droppedRows, first.conflicts], [3, 12, 1, 0]);
  const second = window.firstDeliveries(result([1, 2, 7], [2, 1, 7]), 1);
  assert.deepEqual(rowsOf(second.rows), [[1]]);
});

test('counts a repeat that differs and keeps the first', () => {
  const window = new DuplicateWindow(100, 1_000);
  window.firstDeliveries(result([1, 1, 7]), 0);
  const again = window.firstDeliveries(result([1, 1, 8]), 0);
  assert.deepEqual([again.rowCount, again.conflicts], [0, 1]);
});

test('knows what was seeded, and does not compare it', () => {
  const window = new DuplicateWindow(100, 1_000);
  window.seed(Float64Array.of(5, 1, 5, 2), 0);
  const { droppedRows, conflicts, rowCount } = window.firstDeliveries(result([5, 1, 7], [5, 2, 7], [5, 3, 7]), 0);
  assert.deepEqual([droppedRows, conflicts, rowCount], [2, 0, 1]);
});

test('forgets by age and by number, slot by slot', () => {
  const window = new DuplicateWindow(3, 1_000);
  window.firstDeliveries(result([1, 1, 7]), 1);
  assert.equal(window.firstDeliveries(result([1, 1, 7]), 1_500).rowCount, 1, 'older than its time to live');
  window.firstDeliveries(result([2, 1, 7], [2, 2, 7], [1, 1, 7]), 1_500);
  window.firstDeliveries(result([3, 1, 7]), 1_500);
  const { rowCount, droppedRows } = window.firstDeliveries(result([1, 1, 7], [3, 1, 7], [2, 1, 7]), 1_500);
  assert.deepEqual([rowCount, droppedRows], [1, 2], 'slot 2 was untouched for longest and left whole');
});

test('holds no more transactions than it may, whatever their slots', () => {
  const window = new DuplicateWindow(3, 1_000);
  for (let txIndex = 0; txIndex < 10; txIndex++) {
    assert.equal(window.firstDeliveries(result([1, txIndex, 7]), 0).rowCount, 1);
  }
  assert.equal(window.firstDeliveries(result([1, 9, 7]), 0).rowCount, 0, 'a slot of its own too many begins anew');
  window.clear();
  assert.equal(window.firstDeliveries(result([1, 9, 7]), 0).rowCount, 1);
});

test('tells apart keys that would not fit one double', () => {
  const window = new DuplicateWindow(100, 1_000);
  const slot = 2 ** 52;
  const { rowCount } = window.firstDeliveries(
    result([slot, 1, 7], [slot, 2, 7], [1, 2 ** 31 - 1, 7], [2 ** 11, 2 ** 31 - 1, 7]),
    0,
  );
  assert.equal(rowCount, 4);
});

test('lets everything pass where it is switched off', () => {
  const window = new DuplicateWindow(0, 1_000);
  assert.equal(window.firstDeliveries(result([1, 1, 7], [1, 1, 7]), 0).rowCount, 2);
});
