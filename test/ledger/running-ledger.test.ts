import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Change } from './audit.js';
import { type Look, RunningLedger, type RunningRow } from './running-ledger.js';
import { SentLog } from './sent-log.js';

const trade = (txIndex: number) => ({ slot: 100, txIndex, tradeIndex: 0, row: () => ({}) as never });

/** Partition 0: trade 1, its repeat with trade 2, poison; partition 1: trade 2 again. */
function sentLog(upTo = 3): SentLog {
  const sent = new SentLog();
  const messages = [
    { partition: 0, timestampMs: 0, trades: [trade(1)], poison: null },
    { partition: 0, timestampMs: 0, trades: [trade(1), trade(2)], poison: null },
    { partition: 0, timestampMs: 0, trades: [], poison: 'random' as const },
  ];
  for (const [offset, message] of messages.slice(0, upTo).entries()) sent.add(message, offset);
  sent.add({ partition: 1, timestampMs: 0, trades: [trade(2)], poison: null }, 0);
  return sent;
}

let ids = 0;
const move = (from: number, to: number, xid = 7): Change => {
  ids += 1;
  return { id: ids, xid, partition: 0, owner: 'first', oldEpoch: 1, epoch: 1, from, to };
};
const row = (txIndex: number, offset: number, xid = 7): RunningRow => ({
  slot: 100,
  txIndex,
  tradeIndex: 0,
  partition: 0,
  offset,
  xid,
});
const LETTER = { partition: 0, offset: 2 };
const NOTHING: Look = { changes: [], rows: [], deadLetters: [], beyond: [] };

const kinds = (ledger: RunningLedger, look: Partial<Look>) =>
  ledger.apply({ ...NOTHING, ...look }).map(({ kind, partition, offset }) => `${kind} ${partition}@${offset}`);

describe('the ledger of a running engine', () => {
  const all: Partial<Look> = { changes: [move(0, 3)], rows: [row(1, 0), row(2, 1)], deadLetters: [LETTER] };

  test('is content with what landed in its transaction, from its first message, in one look or in several', () => {
    assert.deepEqual(kinds(new RunningLedger(sentLog()), all), []);
    const ledger = new RunningLedger(sentLog());
    assert.deepEqual(kinds(ledger, { changes: [move(0, 1)], rows: [row(1, 0)] }), []);
    assert.deepEqual(kinds(ledger, { changes: [move(1, 2, 8)], rows: [row(2, 1, 8)] }), []);
    assert.deepEqual(kinds(ledger, { changes: [move(2, 3, 9)], deadLetters: [LETTER] }), []);
    assert.equal(ledger.tradesLanded, 2);
    assert.equal(ledger.position(0), 3);
  });

  test('waits for what is not known yet as sent, and judges it then', () => {
    const sent = sentLog(1);
    const ledger = new RunningLedger(sent);
    assert.deepEqual(kinds(ledger, { changes: [move(0, 2)], rows: [row(1, 0), row(9, 1)] }), []);
    sent.add({ partition: 0, timestampMs: 0, trades: [trade(1), trade(2)], poison: null }, 1);
    assert.deepEqual(kinds(ledger, {}), ['unexplained-trade 0@1', 'missing-trade 0@1']);
  });

  test('finds a trade that is missing below the position', () => {
    assert.deepEqual(kinds(new RunningLedger(sentLog()), { ...all, rows: [row(1, 0)] }), ['missing-trade 0@1']);
  });

  test('misses nothing that another partition brought', () => {
    const ledger = new RunningLedger(sentLog());
    const other = { ...move(0, 1, 5), partition: 1 };
    assert.deepEqual(kinds(ledger, { changes: [other], rows: [{ ...row(2, 0, 5), partition: 1 }] }), []);
    assert.deepEqual(kinds(ledger, { ...all, rows: [row(1, 0)] }), []);
  });

  test('finds a trade that landed twice', () => {
    const ledger = new RunningLedger(sentLog());
    kinds(ledger, all);
    const again = { changes: [{ ...move(0, 1, 5), partition: 1 }], rows: [{ ...row(2, 0, 5), partition: 1 }] };
    assert.deepEqual(kinds(ledger, again), ['duplicated-trade 1@0']);
  });

  test('finds a row that came of a repeat', () => {
    const rows = [row(1, 1), row(2, 1)];
    assert.deepEqual(kinds(new RunningLedger(sentLog()), { ...all, rows }), ['out-of-order-trade 0@1']);
  });

  test('finds a row of another transaction than the one that moved the position over it', () => {
    const rows = [row(1, 0, 6), row(2, 1)];
    assert.deepEqual(kinds(new RunningLedger(sentLog()), { ...all, rows }), ['uncovered-row 0@0']);
  });

  test('finds what is there beyond the position', () => {
    const beyond = [{ partition: 0, offset: 5 }];
    assert.deepEqual(kinds(new RunningLedger(sentLog()), { ...all, beyond }), ['out-of-order-trade 0@5']);
  });

  test('finds a dead letter that is missing, one twice and one that nobody planned', () => {
    const letters = (...deadLetters: Look['deadLetters']) =>
      kinds(new RunningLedger(sentLog()), { ...all, deadLetters });
    assert.deepEqual(letters(), ['missing-dead-letter 0@2']);
    assert.deepEqual(letters(LETTER, LETTER), ['duplicated-dead-letter 0@2']);
    assert.deepEqual(letters(LETTER, { partition: 0, offset: 0 }), ['unexplained-dead-letter 0@0']);
  });

  test('finds a position that jumped between two looks', () => {
    const ledger = new RunningLedger(sentLog());
    kinds(ledger, { changes: [move(0, 1)], rows: [row(1, 0)] });
    const jumped = kinds(ledger, { changes: [move(2, 3)], deadLetters: [LETTER] });
    assert.deepEqual(jumped, ['position-jumped 0@3', 'missing-trade 0@1']);
  });
});
