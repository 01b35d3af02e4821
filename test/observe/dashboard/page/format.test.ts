import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  formatAge,
  formatBytes,
  formatCount,
  formatPercent,
  formatPrice,
  formatSeconds,
  formatUsd,
  formatWhole,
  shortAddress,
} from '../../../../src/observe/dashboard/page/format.mjs';

describe('figures on the page', () => {
  it('are short, and exact while that is short', () => {
    const counts = [null, 0, 0.44, 9, 51.6, 1_234, 9_999, 12_345, 4_561_000, 7.2e9].map(formatCount);
    assert.deepEqual(counts, ['–', '0', '0.4', '9', '52', '1,234', '9,999', '12.3k', '4.56M', '7.20G']);
    assert.equal(formatWhole(1_234_567_890), '1,234,567,890');
    assert.deepEqual([0, 999, 1_000, 13_900_000, 134_217_728].map(formatBytes), [
      '0 B',
      '999 B',
      '1.0 kB',
      '13.9 MB',
      '134 MB',
    ]);
  });

  it('tell durations in the unit a person would', () => {
    const seconds = [null, 0, 0.0014, 0.079, 0.9999, 1.25, 45.2, 200, 7_500, 260_000].map(formatSeconds);
    assert.deepEqual(seconds, [
      '–',
      '0 ms',
      '1.4 ms',
      '79 ms',
      '1.0 s',
      '1.3 s',
      '45 s',
      '3 min 20 s',
      '2 h 5 min',
      '3 days',
    ]);
    assert.equal(formatAge('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:00:01Z')), 'just now');
    assert.equal(formatAge('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:01:00Z')), '1 min ago');
  });

  it('give prices four digits that count, and count many zeros', () => {
    const prices = [null, 0, 187.94, 12_345.6, 1.5, 0.2379, 0.0001265, 0.00003401, 1.8e-10, 2_644_240].map(formatPrice);
    assert.deepEqual(prices, [
      '–',
      '0',
      '187.9',
      '12,346',
      '1.5',
      '0.2379',
      '0.0001265',
      '0.0₄3401',
      '0.0₉18',
      '2,644,240',
    ]);
  });

  it('give money and shares', () => {
    assert.deepEqual([null, 0, 0.001, 5.8, 1_434.9, 2.5e6].map(formatUsd), [
      '–',
      '$0',
      '<$0.01',
      '$5.80',
      '$1,435',
      '$2.50M',
    ]);
    assert.deepEqual([0, 0.004, 0.5, 1].map(formatPercent), ['0 %', '<1 %', '50 %', '100 %']);
    assert.equal(shortAddress('So11111111111111111111111111111111111111112'), 'So11…1112');
  });
});
