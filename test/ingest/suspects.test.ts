import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Suspects } from '../../src/ingest/suspects.js';

/** Reads offsets [0, count) in slabs as large as the edges allow; the slab that holds `poison` fails. */
function condemn(count: number, poison: number, attempts: number): { condemned: number[]; failures: number } {
  const suspects = new Suspects(attempts);
  const condemned: number[] = [];
  let failures = 0;
  let position = 0;
  while (position < count) {
    const to = Math.min(count, suspects.edgeAfter(position));
    if (poison >= position && poison < to) {
      failures += 1;
      assert.ok(failures < 1_000, 'the search does not end');
      if (suspects.failed(position, to, to - position) === 'retry') continue;
      condemned.push(position);
    }
    position = to;
    suspects.passed(position);
  }
  return { condemned, failures };
}

test('finds the one poisonous message of a slab and condemns no other', () => {
  for (const count of [1, 2, 3, 7, 64, 100]) {
    for (let poison = 0; poison < count; poison += 1) {
      assert.deepEqual(condemn(count, poison, 3).condemned, [poison]);
    }
  }
});

test('tries a slab whole as often as told, then needs one more failure per halving', () => {
  assert.equal(condemn(64, 17, 3).failures, 3 + Math.log2(64));
  assert.equal(condemn(1, 0, 3).failures, 3);
});

test('says beforehand when a failure would condemn the message', () => {
  const suspects = new Suspects(2);
  assert.equal(suspects.lastChance(5, 6, 1), false);
  suspects.failed(5, 6, 1);
  assert.equal(suspects.lastChance(5, 6, 1), true);
  assert.equal(suspects.lastChance(6, 7, 1), false);
});

test('keeps slabs from crossing into a suspect range', () => {
  const suspects = new Suspects(3);
  suspects.failed(10, 20, 10);
  assert.equal(suspects.edgeAfter(0), 10);
  assert.equal(suspects.edgeAfter(10), 20);
  suspects.passed(20);
  assert.equal(suspects.edgeAfter(0), Number.POSITIVE_INFINITY);
});
