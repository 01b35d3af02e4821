import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textOf } from '../../src/workers/text.js';

const utf8 = new TextEncoder();

test('a text keeps everything but NUL and what is no UTF-8', () => {
  assert.equal(textOf(utf8.encode(' \uFEFFtrailing  \n🚀 ')), ' \uFEFFtrailing  \n🚀 ');
  assert.equal(textOf(utf8.encode('\uFEFFstart')), '\uFEFFstart');
  assert.equal(textOf(utf8.encode('a\0b\0')), 'a\uFFFDb\uFFFD');
  assert.equal(textOf(Uint8Array.of(0x41, 0xff, 0xe2, 0x82, 0x42)), 'A\uFFFD\uFFFDB');
  assert.equal(textOf(Uint8Array.of(0xed, 0xa0, 0x80)), '\uFFFD\uFFFD\uFFFD');
});

test('an empty text is no text', () => {
  assert.equal(textOf(new Uint8Array(0)), null);
  assert.equal(textOf(undefined), null);
});
