import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RefusalFlood } from '../../src/sink/refusal-flood.js';

describe('a flood of refused rows', () => {
  test('is a hundred in batches that are refused whole, one after the other', () => {
    const flood = new RefusalFlood();
    assert.equal(flood.with(99, 99), false);
    flood.record(99, 99);
    assert.equal(flood.with(1, 1), true);
    flood.record(5, 4);
    assert.equal(flood.with(99, 99), false, 'one good row ends the row of bad ones');
  });

  test('is more than one in twenty of the last ten thousand', () => {
    const flood = new RefusalFlood();
    assert.equal(flood.with(10_000, 500), false);
    assert.equal(flood.with(10_000, 501), true);
    for (let i = 0; i < 10; i++) flood.record(1_000, 50);
    assert.equal(flood.with(1_000, 60), true);
    for (let i = 0; i < 10; i++) flood.record(1_000, 0);
    assert.equal(flood.with(1_000, 60), false, 'long past');
  });

  test('is not one bad row, however small the batch, nor a batch without any', () => {
    const flood = new RefusalFlood();
    assert.equal(flood.with(1, 1), false);
    flood.record(0, 0);
    for (let i = 0; i < 99; i++) flood.record(1, 1);
    assert.equal(flood.with(1_000, 0), false);
  });

  test('is told by the share of a batch that is larger than the window', () => {
    const flood = new RefusalFlood();
    assert.equal(flood.with(100_000, 5_000), false);
    assert.equal(flood.with(100_000, 5_001), true);
  });
});
