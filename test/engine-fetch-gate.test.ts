import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FetchGate } from '../src/engine-fetch-gate.js';

test('a source is held while anybody wants it held, and told once of each change', () => {
  const told: string[] = [];
  const gate = new FetchGate({ hold: () => told.push('hold'), release: () => told.push('release') });
  gate.set('flow', false);
  gate.set('flow', true);
  gate.set('flow', true);
  gate.set('breaker', true);
  gate.set('flow', false);
  assert.deepEqual(told, ['hold']);
  gate.set('breaker', false);
  gate.set('breaker', true);
  gate.set('breaker', false);
  assert.deepEqual(told, ['hold', 'release', 'hold', 'release']);
});
