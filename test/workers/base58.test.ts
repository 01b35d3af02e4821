import assert from 'node:assert/strict';
import { test } from 'node:test';
import bs58 from 'bs58';
import {
  AddressTooLongError,
  addressOf,
  BASE58_MAX_BYTES,
  BASE58_MAX_TEXT,
  encodeBase58,
  writeBase58,
} from '../../src/workers/base58.js';
import { randomNumbers } from '../support/random-messages.js';

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

const alphabet = /^[1-9A-HJ-NP-Za-km-z]*$/;

test('32 and 64 bytes, and any other length, give what bs58 gives', () => {
  const random = randomNumbers(8);
  for (let i = 0; i < 6_000; i++) {
    const length = i % 3 === 0 ? 32 : i % 3 === 1 ? 64 : Math.floor(random() * 100);
    const bytes = Uint8Array.from({ length }, () => Math.floor(random() * 256));
    if (i % 5 === 0) bytes.fill(0, 0, Math.floor(random() * (length + 1)));
    if (i % 7 === 0) bytes.fill(255, Math.floor(random() * (length + 1)));
    assert.equal(encodeBase58(bytes), bs58.encode(bytes), Buffer.from(bytes).toString('hex'));
  }
});

test('the smallest and the largest values of each count of leading zero bytes give what bs58 gives', () => {
  for (const length of [1, 31, 32, 33, 63, 64, 65, 255, 256]) {
    for (let zeros = 0; zeros <= Math.min(length, 70); zeros++) {
      for (const fill of [0, 1, 57, 58, 255]) {
        const bytes = new Uint8Array(length).fill(fill, zeros);
        assert.equal(encodeBase58(bytes), bs58.encode(bytes), `${length} ${zeros} ${fill}`);
      }
    }
  }
});

test('an address is written where it should stand, and what stands before it stays', () => {
  const source = new DataView(new ArrayBuffer(512));
  for (const length of [32, 32, 64, 20, 256]) {
    const target = new Uint8Array(10 + BASE58_MAX_TEXT).fill(0xee);
    const end = writeBase58(source, 3, length, target, new DataView(target.buffer), 7);
    assert.deepEqual([...target.subarray(0, 7)], new Array(7).fill(0xee));
    const text = Buffer.from(target.subarray(7, end)).toString('latin1');
    assert.match(text, alphabet);
    assert.equal(text, '1'.repeat(length));
  }
});
