import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SlotTransactions } from '../../src/sink/slot-transactions.js';

test('keeps the first value of every transaction, however many and however their indexes lie', () => {
  for (const step of [1, 8, 128, 65_536, 200_003]) {
    const transactions = new SlotTransactions();
    const values = new Map<number, number>();
    for (let i = 0; i < 10_000; i++) {
      const txIndex = (i * step) % 2 ** 31;
      const before = values.get(txIndex);
      const got = transactions.getOrAdd(txIndex, i);
      assert.equal(got, before ?? Number.NaN);
      if (before === undefined) values.set(txIndex, i);
    }
    assert.equal(transactions.count, values.size);
    for (const [txIndex, value] of values) assert.equal(transactions.getOrAdd(txIndex, -5), value);
  }
});
