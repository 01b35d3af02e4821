import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uint64 } from '../../proto/full-codec.js';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { DuplicateWindow } from '../../src/sink/duplicates.js';
import {
  type SlabResult,
  TASK_COLUMN,
  TASK_STRIDE,
  TRANSACTION_COLUMN,
  TRANSACTION_STRIDE,
} from '../../src/workers/messages.js';
import { decodeSlab } from '../../src/workers/slab.js';
import { type Row, readRows } from '../support/copy-rows.js';
import * as m from '../support/messages.js';

const OPTIONS = { messageMaxBytes: 10_000_000 };
let runs = 1_000;

function decode(run: number, records: readonly m.TestRecord[]): SlabResult {
  return decodeSlab(m.slabOf(records, { run }), OPTIONS);
}

/** For each transaction, whether its rows were written. */
function written(result: SlabResult): boolean[] {
  const { transactions } = result;
  return Array.from({ length: transactions.length / TRANSACTION_STRIDE }, (_, i) => {
    const at = i * TRANSACTION_STRIDE;
    return transactions[at + TRANSACTION_COLUMN.end]! > transactions[at + TRANSACTION_COLUMN.start]!;
  });
}

const one = m.messageOf([m.transactionOf([m.tradeOf()])]);

test('rows of a repeat are left out, in the same slab and in a later one of the same run', () => {
  const run = ++runs;
  const first = decode(run, [
    { value: one, offset: 1 },
    { value: one, offset: 2 },
  ]);
  assert.deepEqual(written(first), [true, false]);
  const second = decode(run, [{ value: one, offset: 3 }]);
  assert.deepEqual(written(second), [false]);
  assert.equal(second.trades.length, 0);
  const index = [...second.transactions];
  assert.deepEqual(index.slice(0, 2), [...first.transactions].slice(0, 2), 'it is named all the same');
  assert.equal(index[TRANSACTION_COLUMN.rows], 1);
  assert.equal(index[TRANSACTION_COLUMN.fingerprint], first.transactions[TRANSACTION_COLUMN.fingerprint]);
});

test('nothing is left out on the word of another run, of a higher offset, or without a run', () => {
  const run = ++runs;
  assert.deepEqual(written(decode(run, [{ value: one, offset: 5 }])), [true]);
  assert.deepEqual(written(decode(run, [{ value: one, offset: 4 }])), [true], 'a slab that overtook it may never land');
  assert.deepEqual(written(decode(++runs, [{ value: one, offset: 6 }])), [true], 'what another run wrote may be gone');
  assert.deepEqual(written(decode(0, [{ value: one }, { value: one }])), [true, true]);
});

test('nothing is left out on the word of a slab that failed, whose rows are gone', () => {
  const run = ++runs;
  const broken = m.slabOf(
    [
      { value: one, offset: 1 },
      { value: one, offset: 2 },
    ],
    { run },
  );
  const end = broken.index.length - TASK_STRIDE;
  broken.index[end + TASK_COLUMN.length] = 1e9;
  assert.throws(() => decodeSlab(broken, OPTIONS), /lies within its buffer/);
  assert.deepEqual(written(decode(run, [{ value: one, offset: 3 }])), [true]);
});

test('a repeat that says anything else is written, so that the conflict is seen', () => {
  const base = () => m.tradeOf();
  const side = (amount: bigint) => ({ ...base(), Sell: { ...base().Sell, Amount: uint64(amount) } });
  const variants = [
    m.transactionOf([base()]),
    m.transactionOf([base()], { Signature: new Uint8Array(64).fill(7) }),
    m.transactionOf([base(), base()]),
    m.transactionOf([{ ...base(), Fee: uint64(77n) }]),
    m.transactionOf([side(123_456n)]),
    m.transactionOf([base()], { Status: { Success: false } }),
  ];
  const run = ++runs;
  const records = variants.map((transaction, i) => ({ value: m.messageOf([transaction]), offset: 10 + i }));
  const result = decode(run, records);
  assert.deepEqual(
    written(result),
    variants.map(() => true),
  );
  const window = new DuplicateWindow(100, 1_000);
  assert.equal(window.firstDeliveries(result, 0).conflicts, variants.length - 1);
});

test('the window lets pass the same rows whether or not the worker leaves out repeats', () => {
  const stream = takeMessages(400, { seed: 11, poisonShare: 0 }).filter(({ partition }) => partition === 0);
  const pass = (run: number) => {
    const window = new DuplicateWindow(10_000, 1_000);
    const rows: unknown[] = [];
    let dropped = 0;
    for (let at = 0; at < stream.length; at += 4) {
      const records = stream.slice(at, at + 4).map(({ value }, i) => ({ value, offset: at + i }));
      const first = window.firstDeliveries(decode(run, records), 0);
      rows.push(...readRows(Buffer.concat(first.rows)).map(withoutUsd));
      dropped += first.droppedRows;
    }
    return { rows, dropped };
  };
  const all = pass(0);
  assert.ok(all.rows.length > 100 && all.dropped > 100);
  assert.deepEqual(pass(++runs), all);
});

/** The SOL price counts each trade once, repeats only where they are not left out. */
function withoutUsd(row: Row): unknown[] {
  return Object.entries(row).filter(([name]) => !/usd|asymmetry/.test(name));
}
