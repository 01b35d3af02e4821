import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHAOS_DEFAULTS, commandOf, parseChaosOptions } from './options.js';

test('the options of a chaos run have defaults, and the command that repeats a run gives them again', () => {
  assert.deepEqual(parseChaosOptions([]), { ...CHAOS_DEFAULTS });
  const words = [
    '--kills',
    '300',
    '--seed',
    '9',
    '--engines',
    '2',
    '--kafka',
    '--only',
    'zombie,sigterm',
    '--faults',
    '',
  ];
  const options = parseChaosOptions(words);
  assert.deepEqual(options.only, ['zombie', 'sigterm']);
  assert.deepEqual(options.faults, []);
  const again = commandOf(options)
    .split(' ')
    .slice(4)
    .map((word) => (word === "''" ? '' : word));
  assert.deepEqual(parseChaosOptions(again), options);
});

test('options of a chaos run that make no sense are refused with what is possible', () => {
  assert.throws(() => parseChaosOptions(['--kills', '0']), /--kills takes a whole number from 1/);
  assert.throws(() => parseChaosOptions(['--engines', '5']), /from 1 to 4/);
  assert.throws(() => parseChaosOptions(['--only', 'earthquake']), /sigkill.*not earthquake/);
  assert.throws(() => parseChaosOptions(['--seed', '1.5']), /whole number/);
});
