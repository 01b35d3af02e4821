import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OwnClaims } from '../../src/sink/claims.js';
import type { Position } from '../../src/sink/offsets.js';
import type { BatchPart } from '../../src/sink/sink.js';
import { part } from '../support/parts.js';

const claims = new OwnClaims();
claims.remember({ topic: 't', partition: 0, epoch: 5, nextOffset: 100, previousOwner: 'rival' }, 1_000);
const row = (more: Partial<Position>): Position => ({
  topic: 't',
  partition: 0,
  nextOffset: 90,
  epoch: 4,
  owner: 'rival',
  claimedAtMs: 900,
  ...more,
});
const forgotten = (more: Partial<Position>, ...parts: BatchPart[]) =>
  claims.forgotten(parts.length === 0 ? [part({ from: 100, to: 110, epoch: 5 })] : parts, [row(more)]);

describe('a claim that the database may have forgotten', () => {
  test('is put back over the state before it', () => {
    for (const nextOffset of [90, 100]) {
      assert.deepEqual(forgotten({ nextOffset }), [{ row: row({ nextOffset }), epoch: 5 }]);
    }
  });
  test('stands where the row is of it or of a later one', () => {
    for (const epoch of [5, 6]) assert.deepEqual(forgotten({ epoch }), []);
  });
  test('yields to a rival who claimed later', () => assert.deepEqual(forgotten({ claimedAtMs: 1_001 }), []));
  test('yields where an earlier owner has landed beyond the part meanwhile', () => {
    assert.deepEqual(forgotten({ nextOffset: 101 }), []);
    assert.deepEqual(forgotten({ nextOffset: 110 }), []);
  });
  test('is of no matter to parts of an earlier claim of ours', () => {
    assert.deepEqual(forgotten({}, part({ from: 100, to: 110, epoch: 3 })), []);
  });
});
