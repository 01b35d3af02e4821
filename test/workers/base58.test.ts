import assert from 'node:assert/strict';
import { test } from 'node:test';
import bs58 from 'bs58';
import { AddressTooLongError, addressOf, BASE58_MAX_BYTES, encodeBase58 } from '../../src/workers/base58.js';

test('keys give the same text the first time and when remembered', () => {
  for (let n = 0; n < 256; n++) {
    const key = new Uint8Array(32).map((_, i) => (i * 7 + n) & 0xff);
    assert.equal(encodeBase58(key), bs58.encode(key));
    assert.equal(encodeBase58(key.slice()), bs58.encode(key));
  }
});

test('a remembered key is found by its own bytes, wherever they lie in a buffer', () => {
  const buffer = new Uint8Array(96).map((_, i) => i * 3);
  for (const start of [0, 1, 32, 64]) {
    const key = buffer.subarray(start, start + 32);
    assert.equal(encodeBase58(key), bs58.encode(key.slice()));
  }
});

test('leading zero bytes are ones', () => {
  assert.equal(encodeBase58(new Uint8Array(32)), '1'.repeat(32));
  assert.equal(encodeBase58(Uint8Array.of(0, 0, 1)), '112');
});

test('an address without bytes is none, one of more than the limit is refused', () => {
  assert.equal(addressOf(new Uint8Array(0)), null);
  assert.equal(addressOf(undefined), null);
  assert.equal(encodeBase58(new Uint8Array(BASE58_MAX_BYTES)).length, BASE58_MAX_BYTES);
  assert.throws(() => encodeBase58(new Uint8Array(BASE58_MAX_BYTES + 1)), AddressTooLongError);
});
