import assert from 'node:assert/strict';
import type { ExpectedRow } from '../../src/commands/demo/generator/expected-row.js';
import { differences } from '../../src/commands/demo/row-difference.js';

/** Compares a landed or decoded row with the known answer, in all columns of the answer. */
export function assertSameRow(actual: Readonly<Record<string, unknown>>, expected: ExpectedRow): void {
  assert.deepEqual(differences(actual, expected), []);
}
