import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabelBound } from '../../src/observe/label-bound.js';

test('a label has no more values than it may, whatever comes', () => {
  const bound = new LabelBound(2);
  assert.deepEqual(
    ['a', 'b', 'a', 'c', 'd', 'b'].map((value) => bound.apply(value)),
    ['a', 'b', 'a', 'other', 'other', 'b'],
  );
});
