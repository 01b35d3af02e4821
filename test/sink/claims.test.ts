import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OwnClaims } from '../../src/sink/claims.js';
import type { Position } from '../../src/sink/offsets.js';
import type { BatchPart } from '../../src/sink/sink.js';
import { createSink, never } from '../support/batches.js';
import { testDatabase } from '../support/database.js';
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

test('a claim never has the number of one that we had before the database went back', async () => {
  const database = await testDatabase();
  const sink = createSink(database.url);
  await sink.open();
  const claim = async () => (await sink.claim('t', 0, 0, never)).epoch;
  assert.deepEqual([await claim(), await claim(), await claim()], [1, 2, 3]);
  await database.query('UPDATE kafka_offsets SET epoch = 1');
  assert.equal(await claim(), 4, '2 and 3 may still be on their way to the database');
  await sink.close();
  await database.drop();
});
