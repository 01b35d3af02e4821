import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ClaimOptions, claimPartition } from '../src/engine-claim.js';
import type { Source, Watermarks } from '../src/ingest/source.js';
import type { PostgresSink } from '../src/sink/postgres-sink.js';
import { createSink, never } from './support/batches.js';
import { type TestDatabase, testDatabase } from './support/database.js';

const TOPIC = "it's.dextrades.proto";

let database: TestDatabase;
let sink: PostgresSink;
before(async () => {
  database = await testDatabase();
  sink = createSink(database.url);
  await sink.open();
});
after(async () => {
  await sink.close();
  await database.drop();
});

/** What claiming asks of a source. */
function options(watermarks: () => Watermarks | Promise<Watermarks>, more: Partial<ClaimOptions> = {}): ClaimOptions {
  const source: Pick<Source, 'watermarks' | 'startOffset'> = {
    watermarks: async () => watermarks(),
    startOffset: async (_partition, { high }) => high,
  };
  return {
    source: source as Source,
    sink,
    groupId: "o'group",
    gapPolicy: 'halt',
    warn: () => {},
    onGap: () => {},
    ...more,
  };
}

test('a partition without a position starts where the source says', async () => {
  const { claim } = await claimPartition(
    { topic: TOPIC, partition: 0 },
    options(() => ({ low: 5, high: 70 })),
    never,
  );
  assert.deepEqual([claim.nextOffset, claim.epoch], [70, 1]);
});

test('what the owner before lands until the claim is no position beyond the end', async () => {
  const partition = { topic: TOPIC, partition: 1 };
  await claimPartition(
    partition,
    options(() => ({ low: 0, high: 10 })),
    never,
  );
  let asked = 0;
  const moving = async (): Promise<Watermarks> => {
    asked += 1;
    return { low: 0, high: 10 * asked };
  };
  await database.query('UPDATE kafka_offsets SET next_offset = 10 WHERE partition = 1');
  const { claim, watermarks } = await claimPartition(partition, options(moving), never);
  assert.deepEqual([claim.nextOffset, watermarks.high, asked], [10, 10, 1], 'asked after the claim, and only then');
});

test('a position beyond the end is refused, with the statement to run for this group alone', async () => {
  const partition = { topic: TOPIC, partition: 2 };
  await claimPartition(
    partition,
    options(() => ({ low: 0, high: 100 })),
    never,
  );
  await assert.rejects(
    claimPartition(
      partition,
      options(() => ({ low: 3, high: 20 })),
      never,
    ),
    (error: Error) => {
      assert.equal((error as Error & { code: string }).code, 'KAFKA_OFFSET_ABOVE_END');
      assert.match(
        error.message,
        /SET next_offset = 3, cluster_id = NULL, topic_id = NULL WHERE group_id = 'o''group' AND topic = 'it''s\.dextrades\.proto' AND partition = 2;/,
      );
      return true;
    },
  );
});

test('a position that expired is a gap row and a halt, or a gap row and a jump, by policy', async () => {
  const partition = { topic: TOPIC, partition: 3 };
  await claimPartition(
    partition,
    options(() => ({ low: 0, high: 100 })),
    never,
  );
  const expired = () => ({ low: 250, high: 300 });
  const gaps = () => database.query('SELECT from_offset::int, to_offset::int FROM ingest_gaps WHERE partition = 3');
  await assert.rejects(claimPartition(partition, options(expired), never), { code: 'KAFKA_OFFSET_OUT_OF_RANGE' });
  assert.deepEqual(await gaps(), [{ from_offset: 100, to_offset: 250 }]);
  const { claim } = await claimPartition(partition, options(expired, { gapPolicy: 'continue' }), never);
  assert.equal(claim.nextOffset, 250);
  assert.deepEqual(await gaps(), [{ from_offset: 100, to_offset: 250 }]);
});
