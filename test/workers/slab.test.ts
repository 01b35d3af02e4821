import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uint64 } from '../../proto/full-codec.js';
import { type SlabResult, TRANSACTION_COLUMN, TRANSACTION_STRIDE } from '../../src/workers/messages.js';
import { buffersOf } from '../../src/workers/result-buffers.js';
import { decodeSlab } from '../../src/workers/slab.js';
import { readRows } from '../support/copy-rows.js';
import * as m from '../support/messages.js';

const OPTIONS = { messageMaxBytes: 1_000_000 };
const good = m.messageOf([m.transactionOf([m.tradeOf()])]);

function decode(records: readonly m.TestRecord[], options = OPTIONS): SlabResult {
  return decodeSlab(m.slabOf(records), options);
}

function decodeValues(...values: m.TestRecord['value'][]): SlabResult {
  return decode(values.map((value) => ({ value })));
}

/** Rows of the transaction index as objects. */
function transactionsOf(result: SlabResult): Record<keyof typeof TRANSACTION_COLUMN, number>[] {
  const { transactions } = result;
  assert.equal(transactions.length % TRANSACTION_STRIDE, 0);
  return Array.from({ length: transactions.length / TRANSACTION_STRIDE }, (_, i) => {
    const columns = Object.entries(TRANSACTION_COLUMN).map(([name, at]) => [
      name,
      transactions[i * TRANSACTION_STRIDE + at],
    ]);
    return Object.fromEntries(columns);
  });
}

function onlyFailure(result: SlabResult): SlabResult['failures'][number] {
  assert.equal(result.failures.length, 1);
  return result.failures[0]!;
}

test('the index of transactions says where each one’s rows lie', () => {
  const two = m.messageOf(
    [
      m.transactionOf([m.tradeOf(), m.tradeOf()], { Index: 7 }),
      m.transactionOf([], { Index: 8 }),
      m.transactionOf([m.tradeOf()], { Index: 9 }),
    ],
    { Slot: 99 },
  );
  const result = decodeValues(good, two);
  const transactions = transactionsOf(result);
  assert.deepEqual(
    transactions.map(({ slot, txIndex, rows, offset }) => [slot, txIndex, rows, offset]),
    [
      [m.SLOT, 5, 1, m.FIRST_OFFSET],
      [99, 7, 2, m.FIRST_OFFSET + 1],
      [99, 9, 1, m.FIRST_OFFSET + 1],
    ],
  );
  let end = 0;
  for (const transaction of transactions) {
    assert.equal(transaction.start, end);
    end = transaction.end;
    const rows = readRows(result.trades.subarray(transaction.start, transaction.end));
    assert.deepEqual(
      rows.map((row) => [row.block_slot, row.tx_index, row.trade_index]),
      Array.from({ length: transaction.rows }, (_, i) => [transaction.slot, transaction.txIndex, i]),
    );
  }
  assert.equal(end, result.trades.length);
});

test('two deliveries of one transaction have one fingerprint, whatever their message', () => {
  const later = m.messageOf([m.transactionOf([m.tradeOf()])], {
    Slot: m.SLOT,
    Timestamp: 1_700_000_000,
    Hash: m.key(1),
  });
  const result = decodeSlab(m.slabOf([{ value: good }, { value: later, timestampMs: 5 }]), OPTIONS);
  const [first, second] = transactionsOf(result);
  assert.equal(first!.fingerprint, second!.fingerprint);
  assert.ok(first!.fingerprint >= 0 && first!.fingerprint < 2 ** 32);
});

test('a change of any trade of a transaction changes its fingerprint', () => {
  const variants = [
    m.transactionOf([m.tradeOf(), m.tradeOf()]),
    m.transactionOf([m.tradeOf({ Fee: 1 }), m.tradeOf()]),
    m.transactionOf([m.tradeOf(), m.tradeOf({ Fee: 1 })]),
    m.transactionOf([m.tradeOf()]),
    m.transactionOf([m.tradeOf(), m.tradeOf()], { Signature: m.key(1) }),
    m.transactionOf([m.tradeOf(), m.tradeOf()], { Status: null }),
  ];
  const result = decodeValues(...variants.map((transaction) => m.messageOf([transaction])));
  assert.equal(new Set(transactionsOf(result).map(({ fingerprint }) => fingerprint)).size, variants.length);
});

test('a zero-byte value, a null value and a header alone are empty messages', () => {
  const result = decodeValues(new Uint8Array(0), null, m.messageOf([]), good);
  assert.deepEqual([result.messages, result.emptyMessages, result.failures.length], [4, 3, 0]);
  assert.equal(readRows(result.trades).length, 1);
});

test('a transaction without trades leaves no rows, and its message is not empty', () => {
  const result = decodeValues(m.messageOf([m.transactionOf([])]));
  assert.deepEqual([result.emptyMessages, result.transactions.length, result.trades.length], [0, 0, 0]);
});

test('the header’s time is the rows’ time where it has one', () => {
  const at = (Timestamp: number) => m.messageOf([m.transactionOf([m.tradeOf()])], { Slot: 1, Timestamp });
  const times = (header: number, timestampMs: number) =>
    readRows(decode([{ value: at(header), timestampMs }]).trades)[0]!.block_time;
  assert.equal(times(1_700_000_000, 5), 1_700_000_000_000);
  assert.equal(times(0, m.TIMESTAMP_MS), m.TIMESTAMP_MS);
  assert.equal(times(-1, m.TIMESTAMP_MS), m.TIMESTAMP_MS);
  assert.equal(times(31_535_999, m.TIMESTAMP_MS), m.TIMESTAMP_MS, 'a second before 1971');
  assert.equal(times(31_536_000, m.TIMESTAMP_MS), 31_536_000_000);
  assert.equal(times(253_402_300_799, 5), 253_402_300_799_000, 'the last second of 9999');
  assert.equal(times(253_402_300_800, 5), 5);
  assert.equal(times(2 ** 53, 0), 0);
  assert.equal(times(0, -1), null);
  assert.equal(times(0, 1e18), null);
});

test('a header that says more than its slot makes a slot, with or without transactions', () => {
  const full = { Slot: 12, Hash: m.key(1), ParentSlot: 10, Height: 9, Timestamp: 1_700_000_000, ParentHash: m.key(2) };
  const result = decodeValues(
    m.messageOf([], full),
    m.messageOf([m.transactionOf([m.tradeOf()])], { Slot: 13, ParentSlot: 12 }),
    m.messageOf([], { Slot: 14 }),
  );
  const nothing = { blockTimeMs: null, hash: null, parentHash: null, height: null };
  assert.deepEqual(result.slots, [
    {
      slot: 12,
      blockTimeMs: 1_700_000_000_000,
      hash: m.address(1),
      parentSlot: 10,
      parentHash: m.address(2),
      height: 9,
    },
    { ...nothing, slot: 13, parentSlot: 12 },
  ]);
  assert.equal(result.failures.length, 0);
});

test('a header’s figures beyond 2^53 are unknown', () => {
  const { slots } = decodeValues(
    m.messageOf([], { Slot: 5, ParentSlot: uint64(2n ** 53n), Height: uint64(2n ** 53n - 1n) }),
  );
  assert.deepEqual([slots[0]!.parentSlot, slots[0]!.height], [null, 2 ** 53 - 1]);
});

test('a message that cannot be read becomes a failure with its bytes, and its neighbours land', () => {
  const poison = new Uint8Array(300).fill(0xff);
  const result = decode([
    { value: good },
    { value: poison, key: new Uint8Array([1, 2]), timestampMs: 77 },
    { value: good },
  ]);
  assert.equal(readRows(result.trades).length, 2);
  assert.deepEqual(onlyFailure(result), {
    offset: m.FIRST_OFFSET + 1,
    timestampMs: 77,
    key: new Uint8Array([1, 2]),
    payload: poison,
    errorClass: 'invalid_wire',
    errorText: onlyFailure(result).errorText,
  });
  assert.match(onlyFailure(result).errorText, /invalid/);
});

test('nothing of a message that ends in garbage lands', () => {
  const whole = m.slabOf([{ value: good }]).packed;
  const result = decodeValues(whole.subarray(0, whole.length - 1));
  assert.deepEqual(
    [result.trades.length, result.transactions.length, onlyFailure(result).errorClass],
    [0, 0, 'truncated'],
  );
});

test('a message over the limit is not read', () => {
  const value = new Uint8Array(1_001);
  const result = decode([{ value }, { value: new Uint8Array(1_000).fill(0xff) }], { messageMaxBytes: 1_000 });
  assert.deepEqual(
    result.failures.map(({ errorClass, payload }) => [errorClass, payload.length]),
    [
      ['too_large', 1_001],
      ['invalid_wire', 1_000],
    ],
  );
});

test('transactions without a slot cannot be keyed', () => {
  for (const header of [null, { Slot: 0, Hash: m.key(1) }]) {
    const result = decodeValues(m.messageOf([m.transactionOf([m.tradeOf()])], header));
    assert.deepEqual([onlyFailure(result).errorClass, result.trades.length, result.slots.length], ['no_slot', 0, 0]);
  }
  assert.equal(decodeValues(m.messageOf([], null)).failures.length, 0);
});

test('a slot above 2^53 - 1 is refused, the one below lands', () => {
  const at = (slot: bigint) => m.messageOf([m.transactionOf([m.tradeOf()])], { Slot: uint64(slot) });
  assert.equal(onlyFailure(decodeValues(at(2n ** 53n))).errorClass, 'slot_out_of_range');
  assert.equal(readRows(decodeValues(at(2n ** 53n - 1n)).trades)[0]!.block_slot, 2 ** 53 - 1);
  assert.equal(
    onlyFailure(decodeValues(m.messageOf([], { Slot: uint64(2n ** 64n - 1n), Height: 1 }))).errorClass,
    'slot_out_of_range',
  );
});

test('a transaction index above 2^31 - 1 costs that transaction only', () => {
  const bad = (Index: number) => m.transactionOf([m.tradeOf()], { Index });
  const result = decodeValues(m.messageOf([bad(3), bad(2 ** 31), bad(4), bad(2 ** 32 - 1)]));
  assert.deepEqual(
    readRows(result.trades).map((row) => row.tx_index),
    [3, 4],
  );
  const { errorClass, errorText } = onlyFailure(result);
  assert.equal(errorClass, 'tx_index_out_of_range');
  assert.match(errorText, /transaction 1: .*2147483648.*transaction 3: .*4294967295/);
});

test('an address of more than 256 bytes costs its transaction only, down to the rows already written', () => {
  const long = m.tradeOf({ Dex: { ProgramAddress: new Uint8Array(257) } });
  const result = decodeValues(
    m.messageOf([
      m.transactionOf([m.tradeOf()], { Index: 1 }),
      m.transactionOf([m.tradeOf(), long], { Index: 2 }),
      m.transactionOf([m.tradeOf()], { Index: 3 }),
    ]),
  );
  assert.deepEqual(
    transactionsOf(result).map(({ txIndex }) => txIndex),
    [1, 3],
  );
  assert.deepEqual(
    readRows(result.trades).map((row) => row.tx_index),
    [1, 3],
  );
  assert.equal(onlyFailure(result).errorClass, 'address_too_long');
});

test('a hash of more than 256 bytes costs the slot’s row, not the trades', () => {
  const header = { Slot: 5, Hash: new Uint8Array(257) };
  const result = decodeValues(m.messageOf([m.transactionOf([m.tradeOf()])], header));
  assert.deepEqual([result.slots.length, readRows(result.trades).length], [0, 1]);
  assert.equal(onlyFailure(result).errorClass, 'address_too_long');
});

test('a message with thousands of bad transactions makes one short failure', () => {
  const bad = Array.from({ length: 1_000 }, () => m.transactionOf([m.tradeOf()], { Index: 2 ** 31 }));
  const { errorText } = onlyFailure(decodeValues(m.messageOf(bad)));
  assert.match(errorText, /and 992 more$/);
  assert.ok(errorText.length < 1_000);
});

test('large values are read from their own buffers', () => {
  const records = [
    { value: good },
    { value: m.messageOf([m.transactionOf([m.tradeOf()])], { Slot: 7 }) },
    { value: good },
  ];
  const result = decodeSlab(m.slabOf(records, { largeBytes: 1 }), OPTIONS);
  assert.deepEqual(
    readRows(result.trades).map((row) => row.block_slot),
    [m.SLOT, 7, m.SLOT],
  );
});

test('every buffer of a result is its own, so that it can be moved', () => {
  const poison = { value: new Uint8Array([0xff]), key: new Uint8Array([1]) };
  const result = decode([{ value: good }, poison, poison]);
  const buffers = buffersOf(result);
  assert.equal(buffers.length, 6);
  assert.equal(new Set(buffers).size, 6);
  assert.equal(result.trades.buffer.byteLength, result.trades.byteLength);
  for (const { payload } of result.failures) assert.equal(payload.buffer.byteLength, payload.byteLength);
  const moved = structuredClone(result, { transfer: buffers });
  assert.equal(readRows(moved.trades).length, 1);
});

test('a result does not change when the next slab is decoded', () => {
  const first = decodeValues(good);
  const before = first.trades.slice();
  decodeValues(m.messageOf([m.transactionOf([m.tradeOf({ Dex: null })])], { Slot: 2 }));
  assert.deepEqual(first.trades, before);
});

test('a slab index that reaches outside its buffers is a fault of ours, not a dead letter', () => {
  const slab = m.slabOf([{ value: good }]);
  assert.throws(() => decodeSlab({ ...slab, packed: slab.packed.slice(0, 10) }, OPTIONS), /lies within its buffer/);
  assert.throws(() => decodeSlab({ ...slab, messages: 2 }, OPTIONS), /a row for every message/);
});
