import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullType } from '../../proto/full-codec.js';
import type { Long64 } from '../../proto/generated/projection.js';
import { unsignedOf as numberOf } from '../../src/workers/units.js';
import { type UndecodableClass, UndecodableError } from '../../src/workers/wire.js';
import {
  bytesField,
  concat,
  fixed32Field,
  fixed64Field,
  group,
  tag,
  varint,
  varintField,
  WIRE,
} from '../support/wire.js';
import { walkedMessage } from './walked-message.js';

const dex = bytesField(2, bytesField(1, Uint8Array.of(1, 2, 3)));
const header = bytesField(1, varintField(1, 77));

function transaction(...parts: readonly Uint8Array[]): Uint8Array {
  return bytesField(2, ...parts);
}
function trade(...parts: readonly Uint8Array[]): Uint8Array {
  return bytesField(5, dex, ...parts);
}

function unsignedOf({ high, low }: Long64): number {
  return numberOf(high, low);
}

function slotOf(bytes: Uint8Array): number | null {
  const decoded = walkedMessage(bytes).Header;
  return decoded === null ? null : unsignedOf(decoded.Slot);
}
function firstTransaction(bytes: Uint8Array) {
  return walkedMessage(bytes).Transactions[0]!;
}
function firstTrade(...parts: readonly Uint8Array[]) {
  return firstTransaction(concat(header, transaction(trade(...parts)))).Trades[0]!;
}

function assertUndecodable(bytes: Uint8Array, errorClass: UndecodableClass): void {
  assert.throws(
    () => walkedMessage(bytes),
    (error) => error instanceof UndecodableError && error.errorClass === errorClass,
  );
}

test('fields may come in any order, Transactions before Header too', () => {
  const bytes = concat(transaction(trade(), varintField(1, 9)), header);
  assert.equal(slotOf(bytes), 77);
  assert.equal(firstTransaction(bytes).Index, 9);
});

test('pieces of a message are merged', () => {
  const bytes = concat(
    bytesField(1, varintField(1, 77), varintField(4, 70)),
    transaction(bytesField(4, varintField(1, 5_000)), trade(), bytesField(4, bytesField(4, Uint8Array.of(8)))),
    bytesField(1, varintField(6, 123)),
  );
  const decoded = walkedMessage(bytes);
  const { Slot, ParentSlot, Timestamp } = decoded.Header!;
  assert.deepEqual([Slot, ParentSlot, Timestamp].map(unsignedOf), [77, 70, 123]);
  const transactionHeader = decoded.Transactions[0]!.Header!;
  assert.equal(unsignedOf(transactionHeader.Fee), 5_000);
  assert.deepEqual([...transactionHeader.Signer], [8]);
});

test('pieces of a trade’s side are merged, down to its currency', () => {
  const piece = (...parts: Uint8Array[]) => bytesField(4, ...parts);
  const { Buy } = firstTrade(
    piece(varintField(1, 5), bytesField(2, varintField(2, 6))),
    piece(bytesField(2, bytesField(13, Uint8Array.of(1)))),
  );
  assert.equal(unsignedOf(Buy!.Amount), 5);
  assert.equal(Buy!.Currency!.Decimals, 6);
  assert.deepEqual([...Buy!.Currency!.MintAddress], [1]);
});

test('the last scalar wins, a default one too', () => {
  assert.equal(slotOf(bytesField(1, varintField(1, 5), varintField(1, 77))), 77);
  assert.equal(slotOf(bytesField(1, varintField(1, 5), varintField(1, 0))), 0);
  assert.equal(firstTransaction(concat(transaction(varintField(1, 3), varintField(1, 4), trade()))).Index, 4);
});

test('unknown fields of every wire type are skipped at every level', () => {
  const unknown = concat(
    varintField(2_000, 1n << 63n),
    fixed64Field(2_001),
    bytesField(2_002, Uint8Array.of(0xff, 0xff)),
    group(2_003, varintField(1, 1), group(2, fixed32Field(3), group(2, bytesField(1))), fixed64Field(1)),
    fixed32Field(2_004),
    varintField(536_870_911, 1),
  );
  const bytes = concat(
    unknown,
    bytesField(1, unknown, varintField(1, 77), unknown),
    transaction(unknown, varintField(1, 9), trade(unknown, varintField(1, 4), bytesField(4, unknown)), unknown),
    unknown,
  );
  assert.equal(slotOf(bytes), 77);
  assert.equal(firstTransaction(bytes).Index, 9);
  assert.equal(firstTransaction(bytes).Trades[0]!.InstructionIndex, 4);
});

test('a field of ours with another wire type is unknown', () => {
  const { InstructionIndex, Buy, Sell, Fee } = firstTrade(
    bytesField(1, Uint8Array.of(1)),
    varintField(4, 1),
    group(5, varintField(1, 9)),
    fixed64Field(7),
  );
  assert.deepEqual([InstructionIndex, Buy, Sell, unsignedOf(Fee)], [0, null, null, 0]);
  assert.equal(slotOf(concat(header, varintField(2, 1), fixed32Field(1))), 77);
});

test('varints padded to ten bytes are accepted as values, tags and lengths', () => {
  const content = varintField(1, 77, 10);
  const padded = concat(tag(1, WIRE.bytes, 10), varint(content.length, 10), content);
  assert.equal(slotOf(padded), 77);
  assert.equal(firstTransaction(transaction(trade(), varintField(1, 9, 10))).Index, 9);
  const success = concat(tag(3, WIRE.bytes, 7), varint(11, 6), varintField(1, 1, 10));
  assert.equal(firstTransaction(transaction(trade(), success)).Status!.Success, true);
  assert.equal(slotOf(concat(header, varintField(900, 1, 10))), 77);
});

test('a varint of eleven bytes is no varint', () => {
  assertUndecodable(bytesField(1, varintField(1, 77, 11)), 'invalid_wire');
  assertUndecodable(concat(header, varintField(900, 77, 11)), 'invalid_wire');
  assertUndecodable(concat(tag(1, WIRE.bytes, 11), varint(0)), 'invalid_wire');
});

test('of a uint32 the bits above 32 are cut off', () => {
  assert.equal(firstTransaction(transaction(trade(), varintField(1, (7n << 32n) + 9n))).Index, 9);
  assert.equal(firstTransaction(transaction(trade(), varintField(1, 2n ** 64n - 1n))).Index, 4_294_967_295);
});

test('a bool above 1 is true', () => {
  for (const value of [2, 128, 1n << 63n]) {
    const bytes = transaction(trade(), bytesField(3, varintField(1, value)));
    assert.equal(firstTransaction(bytes).Status!.Success, true, String(value));
  }
});

test('amounts keep all 64 bits', () => {
  const { Buy } = firstTrade(bytesField(4, varintField(1, 2n ** 64n - 1n)));
  assert.deepEqual([Buy!.Amount.low, Buy!.Amount.high], [-1, -1]);
});

test('invalid UTF-8 does not cost the message', () => {
  const { Dex } = firstTrade(bytesField(2, bytesField(2, Uint8Array.of(0xff, 0x41))));
  assert.deepEqual([...Dex!.ProtocolName], [0xff, 0x41]);
});

test('lists of skipped fields may be packed or not', () => {
  const instruction = bytesField(8, bytesField(3, varint(1), varint(2)), varintField(3, 3), varintField(5, 4));
  assert.equal(firstTrade(instruction, varintField(1, 3)).InstructionIndex, 3);
});

test('messages that are fields of ours may be empty, and hold nothing then', () => {
  const { Dex, Market, Buy, Sell } = firstTrade(bytesField(2), bytesField(3), bytesField(4), bytesField(5));
  assert.deepEqual([...Dex!.ProgramAddress], [1, 2, 3]);
  assert.deepEqual([Market!.BaseCurrency, Buy!.Currency, Sell!.Account], [null, null, null]);
  assert.deepEqual(walkedMessage(concat(bytesField(2), bytesField(2))).Transactions.length, 2);
});

test('a later message finds nothing of an earlier one', () => {
  const full = concat(
    header,
    transaction(varintField(1, 4), trade(bytesField(4, varintField(1, 9)), varintField(7, 3))),
  );
  walkedMessage(full);
  const { Index, Trades } = firstTransaction(transaction(bytesField(5)));
  assert.deepEqual([Index, Trades[0]!.Dex, Trades[0]!.Buy, unsignedOf(Trades[0]!.Fee)], [0, null, null, 0]);
  assert.equal(walkedMessage(new Uint8Array(0)).Header, null);
});

test('more trades than the walker keeps room for are all found', () => {
  const trades = Array.from({ length: 5_000 }, (_, i) => trade(varintField(1, i)));
  const { Transactions } = walkedMessage(concat(transaction(...trades), transaction(trade(varintField(1, 7)))));
  assert.deepEqual(
    Transactions[0]!.Trades.map((found) => found.InstructionIndex),
    Array.from({ length: 5_000 }, (_, i) => i),
  );
  assert.equal(Transactions[1]!.Trades[0]!.InstructionIndex, 7);
});

test('a message of a hundred thousand trades is read, one more is a dead letter', () => {
  const of = (trades: number) =>
    concat(
      header,
      transaction(
        dex,
        new Uint8Array(2 * trades).map((_, i) => (i % 2 === 0 ? 0x2a : 0)),
      ),
    );
  assert.equal(walkedMessage(of(100_000)).Transactions[0]!.Trades.length, 100_000);
  assertUndecodable(of(100_001), 'too_many_trades');
  assertUndecodable(
    concat(
      header,
      new Uint8Array(200_002).map((_, i) => (i % 2 === 0 ? 0x12 : 0)),
    ),
    'too_many_trades',
  );
});

test('groups nest up to a hundred deep, and deeper ones are refused', () => {
  const nested = (depth: number) => {
    let bytes = varintField(1, 1);
    for (let i = 0; i < depth; i++) bytes = group(9, bytes);
    return concat(header, bytes);
  };
  assert.equal(slotOf(nested(50)), 77);
  assertUndecodable(nested(10_000), 'too_deep');
});

test('no bytes are a message', () => {
  assert.deepEqual(walkedMessage(new Uint8Array(0)).Transactions, []);
});

test('a message cut anywhere within its header or a transaction is refused', () => {
  const bytes = concat(header, transaction(trade(bytesField(4, varintField(1, 300))), varintField(1, 9)));
  for (let length = 1; length < bytes.length; length++) {
    if (length === header.length) continue;
    assertUndecodable(bytes.subarray(0, length), 'truncated');
  }
});

test('what is no protobuf is refused', () => {
  assertUndecodable(Uint8Array.of(0x00), 'invalid_wire');
  assertUndecodable(concat(header, tag(1, WIRE.endGroup)), 'invalid_wire');
  assertUndecodable(concat(tag(9, WIRE.startGroup), tag(8, WIRE.endGroup)), 'invalid_wire');
  assertUndecodable(concat(tag(9, 6), Uint8Array.of(1)), 'invalid_wire');
  assertUndecodable(concat(tag(9, WIRE.bytes), varint(2n ** 40n)), 'invalid_wire');
  assertUndecodable(concat(tag(9, WIRE.bytes), varint(0xffff_ffff)), 'truncated');
  assertUndecodable(new TextEncoder().encode('{"Header":{"Slot":1}}'), 'truncated');
});

test('a sub-message that reaches over the end of its parent is refused', () => {
  const over = concat(tag(4, WIRE.bytes), varint(20), varintField(1, 5));
  assertUndecodable(
    concat(header, transaction(bytesField(5, dex, over)), bytesField(9, new Uint8Array(64))),
    'truncated',
  );
});

const signature = bytesField(2, new Uint8Array(64).fill(3));
const account = { Address: new Uint8Array(32).fill(1) };
const instruction = { Index: 3, Depth: 1, Program: { Name: 'token' }, Accounts: [account] };
const otherMessages: Record<string, object> = {
  'TokenBlockMessage with transfers': {
    Transactions: [
      {
        Index: 1,
        Transfers: [
          { Amount: 5, Sender: account, Receiver: account, Currency: { Symbol: 'A' }, Instruction: instruction },
        ],
      },
    ],
  },
  'TokenBlockMessage with balance updates alone': {
    Transactions: [{ BalanceUpdates: [{ BalanceUpdate: { PreBalance: 1 }, Currency: { Symbol: 'A' } }] }],
  },
  'ParsedIdlBlockMessage with balance updates': {
    Transactions: [{ TotalBalanceUpdates: [{ PreBalance: 1, PostBalance: 2, AccountIndex: 3 }] }],
  },
  'ParsedIdlBlockMessage with instructions': {
    Transactions: [{ ParsedIdlInstructions: [{ ...instruction, CallPath: [1, 2], CallerIndex: -1 }] }],
  },
  'BlockMessage with rewards': {
    Rewards: [{ Address: account.Address, Amount: 5, PostBalance: 7, RewardType: 1 }],
    Transactions: [{ Signature: new Uint8Array(64).fill(3), Header: { Fee: 1 } }],
  },
  'BlockMessage without rewards': {
    Transactions: [{ Signature: new Uint8Array(64).fill(3), Header: { Fee: 1 }, Index: 4 }],
  },
};
for (const [name, message] of Object.entries(otherMessages)) {
  test(`a ${name} is no message of this topic`, () => {
    const type = name.split(' ')[0]!;
    const bytes = fullType(type)
      .encode({ Header: { Slot: 5 }, ...message })
      .finish();
    assert.throws(() => walkedMessage(bytes), new RegExp(`this is a ${type}`));
  });
}

test('messages of this topic are never taken for another type, however odd', () => {
  const orderEvents = bytesField(6, varintField(1, 4), varintField(2, 1), bytesField(3), bytesField(5));
  const poolEvents = bytesField(7, varintField(1, 4), bytesField(2), bytesField(3), bytesField(4), bytesField(6));
  const odd = [
    transaction(signature),
    transaction(signature, orderEvents),
    transaction(signature, poolEvents, orderEvents),
    transaction(signature, bytesField(5)),
    transaction(signature, bytesField(5, varintField(1, 4))),
    transaction(signature, bytesField(5, varintField(2, 4))),
    transaction(signature, poolEvents, bytesField(8, varintField(1, 1)), fixed32Field(10)),
    transaction(bytesField(60, signature), poolEvents),
    bytesField(3, signature),
    concat(bytesField(3, bytesField(1, new Uint8Array(32)), varintField(2, 1)), bytesField(4)),
  ];
  for (const [i, bytes] of odd.entries()) {
    assert.doesNotThrow(() => walkedMessage(concat(header, bytes)), `message ${i}`);
  }
});
