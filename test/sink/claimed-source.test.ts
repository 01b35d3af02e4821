import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EngineError } from '../../src/errors.js';
import type { PostgresSink } from '../../src/sink/postgres-sink.js';
import { createSink, never, TOPIC } from '../support/batches.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

let database: TestDatabase;
let sink: PostgresSink;
before(async () => {
  database = await testDatabase();
  sink = createSink(database.url, { groupId: "o'group" });
  await sink.open();
});
after(async () => {
  await sink.close();
  await database.drop();
});

const claim = (partition: number, clusterId: string | null, topicId: string | null, acceptOther = false) =>
  sink.claim(TOPIC, partition, 70, never, { clusterId, topicId, acceptOther });

async function stored(partition: number): Promise<unknown[]> {
  const rows = await database.query(
    `SELECT epoch::int, cluster_id, topic_id FROM kafka_offsets WHERE partition = ${partition}`,
  );
  return Object.values(rows[0] as Record<string, unknown>);
}

async function refused(claiming: Promise<unknown>, says: RegExp): Promise<void> {
  const error: EngineError = await claiming.then(
    () => assert.fail('it was not refused'),
    (reason: EngineError) => reason,
  );
  assert.equal(error.code, 'KAFKA_SOURCE_CHANGED');
  assert.match(error.message, says);
}

test('a claim keeps the ids of the cluster and the topic beside the position', async () => {
  await claim(0, 'c1', 't1');
  assert.deepEqual(await stored(0), [1, 'c1', 't1']);
  await claim(0, 'c1', 't1');
  assert.deepEqual(await stored(0), [2, 'c1', 't1']);
});

test('a position of another cluster is refused with the statement to run, and the row stays as it was', async () => {
  await claim(1, 'c1', 't1');
  await refused(
    claim(1, 'c2', 't9'),
    /cluster c1, .* cluster c2.*SET next_offset = 0, cluster_id = NULL, topic_id = NULL WHERE group_id = 'o''group'.*KAFKA_SOURCE_POLICY=continue/s,
  );
  assert.deepEqual(await stored(1), [1, 'c1', 't1']);
});

test('a position of an earlier topic of the same name is refused, however far the new one has grown', async () => {
  await claim(2, 'c1', 't1');
  await refused(claim(2, 'c1', 't2'), /deleted and created anew/);
  assert.deepEqual(await stored(2), [1, 'c1', 't1']);
});

test('where it is to be accepted, the row takes the new ids and keeps its position', async () => {
  await claim(3, 'c1', 't1');
  const { nextOffset } = await claim(3, 'c2', 't2', true);
  assert.equal(nextOffset, 70);
  assert.deepEqual(await stored(3), [2, 'c2', 't2']);
});

test('ids that the row or the broker does not know are no difference, and none is forgotten', async () => {
  await claim(4, null, null);
  await claim(4, 'c1', 't1');
  assert.deepEqual(await stored(4), [2, 'c1', 't1']);
  await claim(4, null, null);
  assert.deepEqual(await stored(4), [3, 'c1', 't1']);
});

test('after the statement was run, the position is the beginning and the ids are taken anew', async () => {
  await claim(5, 'c1', 't1');
  await database.query(
    'UPDATE kafka_offsets SET next_offset = 0, cluster_id = NULL, topic_id = NULL WHERE partition = 5',
  );
  assert.equal((await claim(5, 'c2', 't2')).nextOffset, 0);
  assert.deepEqual(await stored(5), [2, 'c2', 't2']);
});
