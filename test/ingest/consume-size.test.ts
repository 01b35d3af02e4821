import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConsumeSize } from '../../src/ingest/consume-size.js';

const FREE = Number.POSITIVE_INFINITY;
const weighing = (size: number, count: number) => Array.from({ length: count }, () => ({ size }));

test('it begins with few, asks for more as messages turn out small, and never for more than 64', () => {
  const size = new ConsumeSize();
  assert.equal(size.next(FREE), 4);
  for (let call = 0; call < 100; call++) size.received(weighing(500, 4));
  assert.equal(size.next(FREE), 64);
});

test('it takes large messages at once for the rule', () => {
  const size = new ConsumeSize();
  for (let call = 0; call < 100; call++) size.received(weighing(500, 4));
  size.received(weighing(2_097_152, 1));
  assert.equal(size.next(FREE), 2);
});

test('it asks for what the budget has room for, and for one message where it has none', () => {
  const size = new ConsumeSize();
  assert.equal(size.next(2_097_152), 2);
  assert.equal(size.next(0), 1);
});

test('near the end of the budget it takes every message for as large as the largest of late', () => {
  const size = new ConsumeSize();
  for (let call = 0; call < 500; call++) size.received([...weighing(500, 19), ...weighing(500_000, 1)]);
  assert.equal(size.next(FREE), 64);
  assert.equal(size.next(4_100_000), 8);
  for (let call = 0; call < 500; call++) size.received(weighing(500, 19));
  assert.equal(size.next(4_100_000), 64, 'it forgets them');
});

test('a call that brought nothing teaches nothing', () => {
  const size = new ConsumeSize();
  size.received([]);
  assert.equal(size.next(FREE), 4);
});
