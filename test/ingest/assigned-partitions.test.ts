import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssignedPartitions } from '../../src/ingest/assigned-partitions.js';

const at = (partition: number) => ({ topic: 't', partition });
const from = (partition: number, offset: number) => ({ ...at(partition), offset });

test('a partition read for the first time is ours from the call that is under way', () => {
  const assigned = new AssignedPartitions();
  assigned.take([from(0, 10)], 7);
  assert.equal(assigned.standing(at(0), 7), 'ours');
  assert.equal(assigned.standing(at(1), 7), 'foreign');
});

test('one that comes back may have messages of before in the call under way, and in no later one', () => {
  const assigned = new AssignedPartitions();
  assigned.take([from(0, 10)], 1);
  assigned.drop([at(0)]);
  assert.equal(assigned.standing(at(0), 2), 'foreign');
  assigned.take([from(0, 50)], 2);
  assert.equal(assigned.standing(at(0), 2), 'earlier');
  assert.deepEqual(assigned.startOf(at(0)), from(0, 50));
  assert.equal(assigned.standing(at(0), 3), 'ours');
});

test('what comes next moves on, and where the assignment began stays', () => {
  const assigned = new AssignedPartitions();
  assigned.take([from(0, 10), from(1, 0)], 0);
  assigned.moveTo(from(0, 25));
  assert.deepEqual(
    assigned.all().map(({ partition, offset }) => [partition, offset]),
    [
      [0, 25],
      [1, 0],
    ],
  );
  assert.deepEqual(assigned.startOf(at(0)), from(0, 10));
  assert.equal(assigned.size, 2);
});

test('partitions of the same number in two topics are two', () => {
  const assigned = new AssignedPartitions();
  assigned.take([from(0, 10)], 0);
  assert.equal(assigned.has({ topic: 'u', partition: 0 }), false);
});
