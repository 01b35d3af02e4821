import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reassembler } from '../../src/sink/reassembler.js';

test('lets results leave in offset order, whatever order they come in', () => {
  const order = new Reassembler<string>(10);
  order.add(15, 20, 'b');
  assert.deepEqual(order.drain(), []);
  order.add(20, 21, 'c');
  order.add(10, 15, 'a');
  assert.deepEqual(
    order.drain().map(({ value }) => value),
    ['a', 'b', 'c'],
  );
  assert.equal(order.position, 21);
  assert.equal(order.waiting, 0);
});

test('refuses a stretch that has left already, and one that comes twice', () => {
  const order = new Reassembler<string>(10);
  assert.throws(() => order.add(9, 12, 'old'), /came back after 10 had left/);
  order.add(12, 14, 'x');
  assert.throws(() => order.add(12, 14, 'x'), /came back twice/);
});

test('starts over and gives back what waited', () => {
  const order = new Reassembler<string>(0);
  order.add(5, 6, 'waiting');
  assert.deepEqual(order.restart(3), ['waiting']);
  order.add(3, 5, 'again');
  assert.deepEqual(
    order.drain().map(({ to }) => to),
    [5],
  );
});
