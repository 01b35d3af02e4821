import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type StartOffsets, startOffset } from '../../src/ingest/start-offset.js';

const PARTITION = { topic: 't', partition: 0 };
const HELD = { low: 10, high: 90 };
const client = (committed: number | null, forTime: number | null = null): StartOffsets => ({
  committed: async () => committed,
  offsetForTime: async () => forTime,
});

test('a partition without a stored position starts at the group’s offset, else as configured', async () => {
  for (const from of ['latest', 'earliest', 'added', 5] as const)
    assert.equal(await startOffset(client(40), PARTITION, HELD, from), 40);
  assert.equal(await startOffset(client(null), PARTITION, HELD, 'latest'), 90);
  assert.equal(await startOffset(client(null), PARTITION, HELD, 'earliest'), 10);
  assert.equal(await startOffset(client(null), PARTITION, HELD, 'added'), 10);
  assert.equal(await startOffset(client(null, 33), PARTITION, HELD, 1_760_000_000_000), 33);
  assert.equal(await startOffset(client(null), PARTITION, HELD, 1_760_000_000_000), 90, 'nothing is as young as that');
});
