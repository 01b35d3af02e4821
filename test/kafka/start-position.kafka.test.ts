import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Stretch } from '../../src/commands/demo/ledger.js';
import type { EngineEnvironment } from './engine-process.js';
import { type SharedBroker, sharedBroker } from './shared-broker.js';
import { Stage } from './stage.js';

describe('where a partition starts', () => {
  let broker: SharedBroker;

  before(async () => {
    broker = await sharedBroker();
  });
  after(() => broker.release());

  /** One partition of 60 messages, prepared, then read to its end: everything before `start` must have been left alone. */
  async function startsAt(
    name: string,
    prepare: (stage: Stage) => Promise<{ environment: EngineEnvironment; start: number }>,
  ): Promise<void> {
    const stage = await Stage.open(`start-${name}`, broker, { seed: 31, partitions: 1 });
    try {
      await stage.send(60);
      const { environment, start } = await prepare(stage);
      const engine = stage.engine(environment);
      await stage.until('the partition is claimed', async () => (await stage.positions()).size === 1);
      await stage.send(10);
      await stage.settled();
      await engine.stop();
      const skipped: Stretch[] = [{ partition: 0, from: 0, to: start }];
      await stage.assertLedger(skipped);
    } finally {
      await stage.close();
    }
  }

  async function storePosition(stage: Stage, offset: number): Promise<void> {
    await stage.query(
      `INSERT INTO kafka_offsets (group_id, topic, partition, next_offset, epoch, owner) VALUES ($1, $2, 0, $3, 1, 'before')`,
      [stage.group, stage.topic, offset],
    );
  }

  test('the offsets row goes before the group’s committed offset and the configured start', () =>
    startsAt('row', async (stage) => {
      await storePosition(stage, 20);
      await broker.admin.resetOffsets(stage.group, stage.topic, 0, 40);
      return { environment: { KAFKA_START_FROM: 'earliest' }, start: 20 };
    }));

  test('the group’s committed offset goes before the configured start', () =>
    startsAt('group', async (stage) => {
      await broker.admin.resetOffsets(stage.group, stage.topic, 0, 40);
      return { environment: { KAFKA_START_FROM: 'earliest' }, start: 40 };
    }));

  test('earliest is the beginning', () =>
    startsAt('earliest', async () => ({ environment: { KAFKA_START_FROM: 'earliest' }, start: 0 })));

  test('earliest is what is left where records were deleted', () =>
    startsAt('earliest-left', async (stage) => {
      await broker.admin.deleteRecords(stage.topic, 0, 15);
      return { environment: { KAFKA_START_FROM: 'earliest' }, start: 15 };
    }));

  test('latest is the end', () =>
    startsAt('latest', async () => ({ environment: { KAFKA_START_FROM: 'latest' }, start: 60 })));

  test('a time is the first record at or after it', () =>
    startsAt('time', async (stage) => {
      const timeMs = stage.sent.timestampOf(0, 30);
      const start = stage.sent.firstAtOrAfter(0, timeMs);
      assert.ok(start > 0 && start <= 30);
      return { environment: { KAFKA_START_FROM: new Date(timeMs).toISOString() }, start };
    }));

  test('a time after the last record is the end', () =>
    startsAt('time-after', async () => ({
      environment: { KAFKA_START_FROM: new Date(Date.now() + 86_400_000).toISOString() },
      start: 60,
    })));
});
