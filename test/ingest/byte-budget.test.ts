import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteBudget } from '../../src/ingest/byte-budget.js';

test('holds at the limit and lets go at 70 % of it', () => {
  const budget = new ByteBudget(100);
  budget.reserve(99);
  assert.equal(budget.held, false);
  budget.reserve(1);
  assert.equal(budget.held, true);
  budget.release(29);
  assert.equal(budget.held, true, 'still above 70 %');
  budget.release(1);
  assert.equal(budget.held, false);
});

test('lets a single message over the limit pass alone', () => {
  const budget = new ByteBudget(100);
  budget.reserve(1_000);
  assert.equal(budget.held, true);
  budget.release(1_000);
  assert.equal(budget.held, false);
  assert.equal(budget.used, 0);
});

test('refuses to release what was never reserved', () => {
  const budget = new ByteBudget(100);
  budget.reserve(10);
  assert.throws(() => budget.release(11), /more bytes were released than reserved/);
});
