import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PartWork } from '../../src/sink/batch-work.js';
import { LetterFlood } from '../../src/sink/letter-flood.js';
import { haltAtFlood, tallyOf } from '../../src/sink/letter-tally.js';
import type { BatchPart } from '../../src/sink/sink.js';
import type { MessageFailure } from '../../src/workers/messages.js';

function failure(offset: number): MessageFailure {
  return { offset, timestampMs: -1, key: null, payload: new Uint8Array(0), errorClass: 'truncated', errorText: 'cut' };
}

function workOf(from: number, to: number, bad: readonly number[], more: Partial<BatchPart> = {}): PartWork {
  return new PartWork({
    topic: 't',
    partition: 3,
    epoch: 1,
    from,
    to,
    messages: to - from,
    trades: [],
    tradeRows: 0,
    tradeBytes: 0,
    slots: [],
    failures: bad.map(failure),
    oldestTimestampMs: -1,
    newestTimestampMs: -1,
    ...more,
  });
}

function refuse(work: PartWork, offset: number, start: number): void {
  const letter = {
    topic: 't',
    partition: 3,
    offset,
    timestampMs: -1,
    key: null,
    payload: new Uint8Array(0),
    payloadFormat: 'copy-row',
    stage: 'sink',
    errorClass: 'sqlstate_23514',
    errorText: 'violates "nobody"',
  } as const;
  work.reject({ place: { chunk: 0, start, end: start + 1 }, letter });
}

const stretches = (work: PartWork): string =>
  tallyOf([work])
    .messages.map(({ units, letters }) => `${letters}/${units}`)
    .join(' ');

describe('the tally of parts that are to land', () => {
  test('puts good and bad messages in the order of their offsets', () => {
    assert.equal(stretches(workOf(100, 110, [])), '0/10');
    assert.equal(stretches(workOf(100, 110, [100, 101, 105])), '1/1 1/1 0/3 1/1 0/4');
    assert.equal(stretches(workOf(100, 110, [109])), '0/9 1/1');
    assert.equal(stretches(workOf(100, 100, [], { messages: 0 })), '');
  });

  test('counts a message once, whether it or a row of it is bad, and however many rows are', () => {
    const work = workOf(0, 4, [2], { tradeRows: 20 });
    refuse(work, 1, 0);
    refuse(work, 1, 1);
    refuse(work, 2, 2);
    assert.equal(stretches(work), '0/1 1/1 1/1 0/1');
    assert.deepEqual(tallyOf([work]).rows, [{ units: 20, letters: 3 }]);
  });

  test('takes offsets that hold no message for no good messages', () => {
    // Every second offset is a transaction's marker, and every message is bad.
    assert.equal(stretches(workOf(0, 6, [0, 2, 4], { messages: 3 })), '1/1 1/1 1/1');
    assert.equal(stretches(workOf(0, 100, [50, 90], { messages: 12 })), '0/10 1/1 1/1');
  });
});

describe('a halt at a flood', () => {
  const flood = new LetterFlood({ percentMax: 5, window: 10_000, inARow: 3 });

  test('names the number, the last letter and what to do about messages that do not decode', () => {
    assert.throws(() => haltAtFlood(flood, [workOf(10, 13, [10, 11, 12])]), {
      code: 'DEAD_LETTER_FLOOD',
      canRetry: false,
      message:
        /^3 messages in a row would become dead letters.*partition 3 of t at offset 12: truncated, cut\. Nothing of the batch was written.*KAFKA_TOPIC.*DEAD_LETTERS_IN_A_ROW.*dead-letters replay/,
    });
  });

  test('names constraints where the database refuses rows', () => {
    const work = workOf(0, 1, [], { tradeRows: 4 });
    for (let row = 0; row < 4; row++) refuse(work, 0, row);
    assert.throws(() => haltAtFlood(flood, [work]), {
      code: 'DEAD_LETTER_FLOOD',
      message: /^The database refuses 4 of the 4 rows.*sqlstate_23514, violates "nobody".*constraints and triggers/,
    });
  });

  test('does not come of parts that are well', () => {
    haltAtFlood(flood, [workOf(0, 10, [3]), workOf(0, 10, [])]);
  });
});
