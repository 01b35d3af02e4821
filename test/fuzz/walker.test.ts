import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import type { GeneratorOptions } from '../../src/commands/demo/generator/options.js';
import { walkerCases } from './walker-cases.js';
import { walkerDifference } from './walker-difference.js';

const SEED = 20_260_730;
const CASES = 6_000;

/** Messages that walker and reference once differed on, and shapes that a fuzz meets too seldom. */
const FOUND: readonly (readonly [what: string, hex: string])[] = [
  ['a group of field 0 a hundred deep', `${'1b'.repeat(100)}00`],
  ['a group a hundred deep, with a field in it', `${'1b'.repeat(100)}0800`],
  ['a group a hundred deep, with nothing in it', `${'1b'.repeat(100)}${'1c'.repeat(100)}`],
  ['a length of five bytes that says 2^32 - 1', '12ffffffff0f'],
  ['a length of five bytes that says 2^32', '12ffffffff1f'],
  ['a tag of ten bytes with a bit above 32', '8a80808080808080800100'],
  ['a varint of eleven bytes whose end is missing', '0a0b08ffffffffffffffffffff'],
  ['a known field under a tag of two bytes', '8a000108'],
];

for (const [what, hex] of FOUND) {
  test(`walker and reference agree on ${what}`, () => {
    assert.equal(walkerDifference(Buffer.from(hex, 'hex')), null);
  });
}

test(`walker and reference agree on ${CASES} cases of seed ${SEED}`, () => {
  let done = 0;
  for (const bytes of walkerCases(SEED)) {
    if (done === CASES) break;
    assert.equal(walkerDifference(bytes), null, `case ${done}: ${Buffer.from(bytes).toString('hex')}`);
    done += 1;
  }
});

const OPTIONS: readonly (readonly [what: string, options: Partial<GeneratorOptions>])[] = [
  ['as the stream is', {}],
  ['with many bad messages', { poisonShare: 0.3 }],
  ['with USD figures everywhere', { usdShare: 1 }],
  ['without USD figures', { usdShare: 0 }],
  ['with mostly failed transactions', { failedShare: 0.9 }],
  ['of few tokens and traders', { tokens: 5, traders: 3 }],
  ['with skipped and orphaned slots', { skippedSlotShare: 0.3, orphanedSlotShare: 0.3 }],
  ['in small messages', { messageTransactionsMax: 2 }],
];

for (const [what, options] of OPTIONS) {
  test(`walker and reference agree on generated messages ${what}`, () => {
    const messages = takeMessages(80, { seed: SEED, transactionsPerSlot: 12, tokens: 200, traders: 500, ...options });
    let trades = 0;
    for (const [i, message] of messages.entries()) {
      assert.equal(walkerDifference(message.value), null, `message ${i}`);
      trades += message.trades.length;
    }
    assert.ok(trades > 40, `${trades} trades were compared`);
  });
}
