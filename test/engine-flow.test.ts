import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partitionStatus } from '../src/engine-flow.js';
import { OwnedPartition } from '../src/engine-partition.js';
import { RecordAges } from '../src/observe/record-age.js';
import { BatchLane } from '../src/sink/batch-lane.js';
import type { Sink } from '../src/sink/sink.js';

const NOW_MS = 1_760_000_000_000;

test('the lag of a partition is known until nobody has told its end for half a minute', () => {
  const lane = new BatchLane(0, {} as Sink, { maxRows: 1, maxBytes: 1, lingerMs: 0 }, { written() {}, failed() {} });
  const claim = { topic: 't', partition: 0, epoch: 1, nextOffset: 40, previousOwner: null };
  const owned = new OwnedPartition(claim, lane, { attempts: 1, windowEntries: 1, windowMs: 1 });
  const lag = () => partitionStatus(owned, new RecordAges(), NOW_MS).lag;
  assert.equal(lag(), null);
  Object.assign(owned, { lowWatermark: 10, highWatermark: 100 });
  assert.equal(lag(), 60, 'told by the claim, before it was asked for');
  owned.watermarkAtMs = NOW_MS - 29_999;
  assert.equal(lag(), 60);
  owned.watermarkAtMs = NOW_MS - 30_000;
  assert.equal(lag(), null);
});
