import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockSkewMs, replicasResult, suggestedThresholds } from '../../../src/commands/checks/judgements.js';

test('a clock is only wrong by what the time on the way cannot explain', () => {
  assert.equal(clockSkewMs(1_000, 1_400, 1_200), 0);
  assert.equal(clockSkewMs(1_000, 1_400, 4_400), 3_000);
  assert.equal(clockSkewMs(1_000, 1_400, 500), -500);
});

test('more engines than partitions are warned of, with the number that stands idle', () => {
  assert.equal(replicasResult(4, 4).status, 'ok');
  const { status, detail, advice } = replicasResult(4, 6);
  assert.equal(status, 'warn');
  assert.match(`${detail} ${advice}`, /6 are connected to the database, 2 of them idle Run no more than 4 replicas/);
});

test('suggested thresholds are a quarter of what is written and a minute of it, and never nothing', () => {
  assert.deepEqual(suggestedThresholds(400), { warnBelow: 100, lagAbove: 24_000 });
  assert.deepEqual(suggestedThresholds(0.5), { warnBelow: 1, lagAbove: 1_000 });
});
