import type { ExpectedRow } from './generator/expected-row.js';

/** float8 columns may differ by the order of two operations, no more. */
const RELATIVE_ERROR_MAX = 1e-12;

/** What is wrong with a row, a sentence per column; empty where it is as expected. Columns not expected are not looked at. */
export function differences(actual: Readonly<Record<string, unknown>>, expected: ExpectedRow): string[] {
  return Object.entries(expected)
    .filter(([column, value]) => !same(actual[column], value))
    .map(([column, value]) => `${column} is ${JSON.stringify(actual[column])}, not ${JSON.stringify(value)}`);
}

function same(actual: unknown, expected: string | number | boolean | null): boolean {
  if (actual === expected) return true;
  if (actual === null || actual === undefined || expected === null) return false;
  if (typeof expected === 'string') return String(actual) === expected;
  if (typeof expected !== 'number' || typeof actual !== 'number') return false;
  return Math.abs(actual - expected) <= RELATIVE_ERROR_MAX * Math.abs(expected);
}
