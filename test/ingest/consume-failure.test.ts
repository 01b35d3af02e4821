import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../src/errors.js';
import { consumeFailure, loggedFailure } from '../../src/ingest/consume-failure.js';

const failing = (code: number) => consumeFailure(Object.assign(new Error('Broker: no'), { code }), 'a.topic');

test('a position out of range, a topic that is not there and anything unknown are no end', () => {
  assert.equal(failing(-140), 'outOfRange');
  assert.equal(failing(3), 'unknownTopic');
  assert.equal(failing(-195), 'passing');
});

test('a refusal ends the reading and says what to check', () => {
  for (const code of [29, 30]) {
    const failure = failing(code);
    assert.ok(failure instanceof EngineError);
    assert.equal(failure.code, 'KAFKA_AUTHORIZATION');
    assert.match(failure.message, /a\.topic.*KAFKA_USERNAME/);
  }
});

test('a client that is beyond help ends the reading', () => {
  const failure = failing(-150);
  assert.ok(failure instanceof EngineError);
  assert.equal(failure.code, 'KAFKA_FATAL');
});

test('a line of the log ends the reading where it tells of a fatal error, and no other does', () => {
  const line = '[thrd:main]: Fatal error: Broker: Static consumer fenced by other consumer with same group.instance.id';
  const failure = loggedFailure(0, line);
  assert.equal(failure?.code, 'KAFKA_FATAL');
  assert.match(failure.message, /Static consumer fenced.*KAFKA_PROPERTIES.*group\.instance\.id/);
  assert.doesNotMatch(loggedFailure(0, 'Fatal error: Broker: no')?.message ?? '', /KAFKA_PROPERTIES/);
  assert.equal(loggedFailure(3, '[thrd:main]: Connection refused'), null);
});
