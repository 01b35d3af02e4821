import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TopicWatch } from '../../src/ingest/topic-watch.js';

const TOPIC = 'x.dextrades.proto';
const HERE = { clusterId: 'c1', topicId: 't1', partitions: 4 };
const GONE = { clusterId: 'c1', topicId: null, partitions: null };

test('the same cluster and topic is no news, however the number of partitions grows', () => {
  const watch = new TopicWatch(TOPIC);
  assert.equal(watch.apply(HERE, 0), null);
  assert.equal(watch.apply({ ...HERE, partitions: 8 }, 5_000), null);
});

test('another topic id means that the topic was created anew, and is told once', () => {
  const watch = new TopicWatch(TOPIC);
  watch.apply(HERE, 0);
  const error = watch.apply({ ...HERE, topicId: 't2' }, 5_000);
  assert.equal(error?.code, 'KAFKA_SOURCE_CHANGED');
  assert.match(error.message, /x\.dextrades\.proto was deleted and created anew/);
  assert.equal(watch.apply({ ...HERE, topicId: 't2' }, 10_000), null);
});

test('another cluster id is told with both ids', () => {
  const watch = new TopicWatch(TOPIC);
  watch.apply(HERE, 0);
  const error = watch.apply({ ...HERE, clusterId: 'c2' }, 5_000);
  assert.equal(error?.code, 'KAFKA_SOURCE_CHANGED');
  assert.match(error.message, /cluster c1 to c2/);
});

test('an id that a broker does not give changes nothing, and does not make the known one forgotten', () => {
  const watch = new TopicWatch(TOPIC);
  watch.apply(HERE, 0);
  assert.equal(watch.apply({ clusterId: null, topicId: null, partitions: 4 }, 5_000), null);
  assert.equal(watch.apply({ ...HERE, topicId: 't2' }, 10_000)?.code, 'KAFKA_SOURCE_CHANGED');
});

test('a topic created anew between two looks is found by its id', () => {
  const watch = new TopicWatch(TOPIC);
  watch.apply(HERE, 0);
  assert.equal(watch.apply(GONE, 5_000), null);
  assert.equal(watch.apply({ ...HERE, topicId: 't2' }, 10_000)?.code, 'KAFKA_SOURCE_CHANGED');
});

test('a topic that stays unknown was deleted; one that is back in time was not', () => {
  const watch = new TopicWatch(TOPIC);
  watch.apply(HERE, 0);
  assert.equal(watch.apply(GONE, 5_000), null);
  assert.equal(watch.apply(HERE, 15_000), null);
  assert.equal(watch.apply(GONE, 20_000), null);
  assert.equal(watch.apply(GONE, 39_999), null);
  const error = watch.apply(GONE, 40_000);
  assert.equal(error?.code, 'KAFKA_TOPIC_UNKNOWN');
  assert.match(error.message, /KAFKA_TOPIC: topic x\.dextrades\.proto was deleted/);
});

test('answers around an outage are no stretch in which the topic was unknown', () => {
  const watch = new TopicWatch(TOPIC);
  watch.apply(HERE, 0);
  watch.apply(GONE, 5_000);
  watch.unanswered();
  assert.equal(watch.apply(GONE, 60_000), null);
  assert.equal(watch.apply(GONE, 80_000)?.code, 'KAFKA_TOPIC_UNKNOWN');
});
