import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LagHistory } from '../../../src/commands/lag/lag-history.js';
import type { Measurement } from '../../../src/commands/lag/lag-watch.js';
import { PositionReader } from '../../../src/commands/lag/positions.js';
import { type RoledDatabase, roledDatabase, script } from '../../support/least-privilege.js';

const MINUTE_MS = 60_000;
const UP = { up: true, seenAtMs: 0, error: null };
const stored = { partition: 0, nextOffset: 40, epoch: 1, owner: 'engine', committedAtMs: 0 };
const measured: Measurement = {
  group: 'g',
  topic: 't',
  topicPartitions: 2,
  partitions: [
    {
      partition: 0,
      stored,
      held: { partition: 0, low: 10, high: 100 },
      position: 40,
      lag: 60,
      expired: 0,
      lagSeconds: 1.5,
    },
    { partition: 1, stored: null, held: null, position: null, lag: null, expired: 0, lagSeconds: null },
  ],
  useful: true,
  completeness: [],
  sources: { kafka: UP, postgres: UP },
};

let database: RoledDatabase;
const readers: PositionReader[] = [];
before(async () => {
  database = await roledDatabase();
});
after(async () => {
  for (const reader of readers) await reader.close();
  await database.drop();
});

function historyOf(databaseUrl: string): LagHistory {
  const reader = new PositionReader({ databaseUrl, group: 'g', topic: 't' });
  readers.push(reader);
  return new LagHistory((text, values) => reader.write(text, values));
}

const rows = () =>
  database.query(
    'SELECT group_id, topic, partition, low_watermark, high_watermark, next_offset, lag, lag_seconds FROM ingest_lag_history ORDER BY measured_at, partition',
  );

test('a row per partition is written once a minute, by the role that watches, with NULL for what is not known', async () => {
  const history = historyOf(database.urls.monitor);
  for (const nowMs of [0, 1_000, MINUTE_MS - 1]) await history.keep(measured, nowMs);
  const [first, second, ...more] = await rows();
  assert.deepEqual(more, []);
  const of = { group_id: 'g', topic: 't' };
  assert.deepEqual(first, {
    ...of,
    partition: 0,
    low_watermark: '10',
    high_watermark: '100',
    next_offset: '40',
    lag: '60',
    lag_seconds: 1.5,
  });
  assert.deepEqual(second, {
    ...of,
    partition: 1,
    low_watermark: null,
    high_watermark: null,
    next_offset: null,
    lag: null,
    lag_seconds: null,
  });
  await history.keep(measured, MINUTE_MS);
  assert.equal((await rows()).length, 4);
  await history.keep({ ...measured, sources: { kafka: UP, postgres: { ...UP, up: false } } }, 9 * MINUTE_MS);
  await history.keep({ ...measured, partitions: [] }, 9 * MINUTE_MS);
  assert.equal((await rows()).length, 4, 'nothing is written of what nobody answered');
  await history.keep(measured, -5 * MINUTE_MS);
  assert.equal((await rows()).length, 6, 'nor does a clock that is set back end it');
});

test('rows go when they are older than 30 days, and results of completeness after 400', async () => {
  await script(
    database.url,
    "INSERT INTO ingest_lag_history (measured_at, group_id, topic, partition) VALUES (now() - interval '29 days', 'g', 'old', 0), (now() - interval '31 days', 'g', 'older', 0)",
  );
  await historyOf(database.urls.monitor).keep(measured, 0);
  const topics = await database.query("SELECT DISTINCT topic FROM ingest_lag_history WHERE topic <> 't'");
  assert.deepEqual(topics, [{ topic: 'old' }]);
  const result = (age: string) =>
    `INSERT INTO completeness_results (checked_at, measure, diff_ratio, flagged, since, until, compared_to) VALUES (now() - interval '${age}', 'trades', 0, false, now(), now(), '${age}')`;
  // Old ones first: each statement takes out what is too old, and its own row with it.
  await script(database.urls.engine, `${result('399 days')}; ${result('401 days')}; ${result('1 day')}`);
  const kept = await database.query('SELECT compared_to FROM completeness_results ORDER BY checked_at');
  assert.deepEqual(kept, [{ compared_to: '399 days' }, { compared_to: '1 day' }]);
});

test('a role that may not write it, a schema that does not have it and a database that is gone stop nobody', async () => {
  const before = (await rows()).length;
  await historyOf(database.urls.reader).keep(measured, 0);
  assert.equal((await rows()).length, before);
  await historyOf(database.urls.monitor.replace(/:\d+\//, ':1/')).keep(measured, 0);
  await script(database.urls.owner, 'ALTER TABLE ingest_lag_history RENAME TO elsewhere');
  await historyOf(database.urls.monitor).keep(measured, 0);
  await script(database.urls.owner, 'ALTER TABLE elsewhere RENAME TO ingest_lag_history');
  assert.equal((await rows()).length, before);
});
