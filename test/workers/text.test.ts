import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TEXT_GROWTH_MAX, writeText } from '../../src/workers/text.js';
import { randomNumbers } from '../support/random-messages.js';

const utf8 = new TextEncoder();

function textOf(bytes: Uint8Array): string {
  const written = Buffer.alloc(2 + TEXT_GROWTH_MAX * bytes.length);
  const source = Uint8Array.of(0x41, ...bytes, 0x42);
  return written.toString('utf8', 1, writeText(source, 1, 1 + bytes.length, written, 1));
}

test('a text keeps everything but NUL and what is no UTF-8', () => {
  assert.equal(textOf(utf8.encode(' \uFEFFtrailing  \n🚀 ')), ' \uFEFFtrailing  \n🚀 ');
  assert.equal(textOf(utf8.encode('\uFEFFstart')), '\uFEFFstart');
  assert.equal(textOf(utf8.encode('a\0b\0')), 'a\uFFFDb\uFFFD');
  assert.equal(textOf(Uint8Array.of(0x41, 0xff, 0xe2, 0x82, 0x42)), 'A\uFFFD\uFFFDB');
  assert.equal(textOf(Uint8Array.of(0xed, 0xa0, 0x80)), '\uFFFD\uFFFD\uFFFD');
});

test('an empty text stays empty', () => {
  assert.equal(textOf(new Uint8Array(0)), '');
});

test('of any bytes it makes what the WHATWG decoder makes', () => {
  const random = randomNumbers(5);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const edges = [
    0, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5,
  ];
  for (let i = 0; i < 50_000; i++) {
    const bytes = Uint8Array.from(
      { length: Math.floor(random() * 8) },
      () => edges[Math.floor(random() * edges.length)]!,
    );
    assert.equal(textOf(bytes), decoder.decode(bytes).replaceAll('\0', '\uFFFD'), Buffer.from(bytes).toString('hex'));
  }
});
