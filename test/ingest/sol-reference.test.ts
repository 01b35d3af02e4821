import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SolReference } from '../../src/ingest/sol-reference.js';

test('adds up what the workers saw', () => {
  const reference = new SolReference();
  reference.add({ sol: 1, usd: 150, trades: 1 });
  reference.add({ sol: 3, usd: 450, trades: 2 });
  assert.deepEqual(reference.volume(), { sol: 4, usd: 600, trades: 3 });
});

test('forgets trades that many others came after', () => {
  const reference = new SolReference();
  reference.add({ sol: 1_000, usd: 1, trades: 100 });
  for (let i = 0; i < 20; i += 1) reference.add({ sol: 1, usd: 150, trades: 100 });
  const { sol, usd } = reference.volume();
  assert.equal(usd / sol, 150);
});

test('forgets a price that nothing confirms any more', () => {
  const reference = new SolReference();
  reference.add({ sol: 1, usd: 9_000, trades: 3 });
  for (let slab = 0; slab < 5_001; slab += 1) reference.add({ sol: 0, usd: 0, trades: 0 });
  assert.deepEqual(reference.volume(), { sol: 0, usd: 0, trades: 0 });
});
