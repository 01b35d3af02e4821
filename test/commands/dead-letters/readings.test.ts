import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeDexParsedBlockMessage } from '../../../proto/full-codec.js';
import { readMessage } from '../../../src/commands/dead-letters/describe-message.js';
import { hexdump, printable } from '../../../src/commands/dead-letters/letter-text.js';
import { readTradeRow } from '../../../src/commands/dead-letters/read-row.js';
import { Random } from '../../../src/commands/demo/generator/random.js';
import { encodeTrade } from '../../support/batches.js';
import { messageOf, SLOT, tradeOf, transactionOf } from '../../support/messages.js';

const MESSAGE = encodeDexParsedBlockMessage(
  messageOf([
    transactionOf([tradeOf(), tradeOf()]),
    transactionOf([], { Index: 6 }),
    transactionOf([tradeOf()], { Index: 7 }),
  ]),
);

describe('a message is read by hand', () => {
  test('to its end where it is whole', () => {
    const { slot, parts, stop } = readMessage(MESSAGE);
    assert.equal(slot, SLOT);
    assert.equal(stop, null);
    assert.deepEqual(Object.fromEntries(parts), {
      Header: 1,
      Transactions: 3,
      'Transactions.Status': 3,
      'Transactions.Header': 3,
      'Transactions.Trades': 3,
    });
  });

  test('up to the field that is cut off, which is named', () => {
    const { slot, parts, stop } = readMessage(MESSAGE.subarray(0, -1));
    assert.equal(slot, SLOT);
    assert.equal(parts.get('Transactions'), 2);
    assert.equal(stop?.path, 'Transactions[2]');
    assert.match(stop?.text ?? '', /^cut off: \d+ bytes/);
    assert.ok((stop?.at ?? 0) > 100);
  });

  test('down to what is wrong inside of a part', () => {
    const bytes = Uint8Array.from(MESSAGE);
    const at = Buffer.from(bytes).lastIndexOf(Buffer.from('Pumpswap'));
    bytes[at - 1] = 200; // its length
    const { stop, parts } = readMessage(bytes);
    assert.equal(stop?.path, 'Transactions[2].Trades[0].Dex.ProtocolFamily');
    assert.equal(stop?.at, at - 2);
    assert.equal(parts.get('Transactions'), 2);
  });

  test('whatever is in it, without an end that never comes', (context) => {
    const seed = Number(process.env.SEED ?? 5);
    context.diagnostic(`seed ${seed}`);
    const random = new Random(seed);
    for (let i = 0; i < 3_000; i++) {
      const bytes = Uint8Array.from(MESSAGE);
      for (let flips = random.between(1, 4); flips > 0; flips--) {
        bytes[random.between(0, bytes.length - 1)] = random.between(0, 255);
      }
      const { stop } = readMessage(i % 2 === 0 ? bytes : bytes.subarray(0, random.between(0, bytes.length)));
      assert.ok(stop === null || (stop.at <= bytes.length && stop.path.length > 0));
    }
    assert.deepEqual(readMessage(new Uint8Array(20_000).fill(0x7b)).stop?.text.slice(0, 11), 'nested more');
    assert.equal(readMessage(new Uint8Array(0)).stop, null);
  });
});

describe('an encoded row is read by hand', () => {
  const row = encodeTrade({
    block_slot: SLOT,
    market: 'evil',
    bought_amount_raw: 1_234,
    sold_amount_raw: 0,
    price: 1.5,
    block_time: Date.parse('2026-08-01T10:00:00Z'),
    kafka_offset: 9,
  });

  test('field by field', () => {
    const { fields, stop } = readTradeRow(row);
    const values = new Map(fields);
    assert.equal(stop, null);
    assert.deepEqual(
      [
        'block_slot',
        'market',
        'side',
        'bought_amount_raw',
        'sold_amount_raw',
        'price',
        'success',
        'block_time',
        'kafka_offset',
      ].map((name) => values.get(name)),
      [String(SLOT), 'evil', null, '1234', '0', '1.5', 'true', '2026-08-01T10:00:00.000Z', '9'],
    );
  });

  test('as far as it goes where it is damaged', () => {
    assert.match(readTradeRow(Uint8Array.of(0, 3)).stop ?? '', /a row of 3 columns/);
    assert.match(readTradeRow(new Uint8Array(0)).stop ?? '', /no row/);
    const cut = readTradeRow(row.subarray(0, 16));
    assert.deepEqual(cut.fields, [['block_slot', String(SLOT)]]);
    assert.match(cut.stop ?? '', /^tx_index: reaches over the end at byte 16/);
    assert.match(readTradeRow(Uint8Array.of(...row, 1, 2)).stop ?? '', /^2 bytes more/);
    const odd = Uint8Array.from(row);
    new DataView(odd.buffer).setInt32(2, 4);
    assert.match(readTradeRow(odd).fields[0]?.[1] ?? '', /^\\x[0-9a-f]{8}, no int8/);
  });
});

describe('what is printed of a letter', () => {
  test('is a dump of its first bytes', () => {
    const bytes = Uint8Array.from({ length: 40 }, (_, i) => i + 0x3c);
    assert.deepEqual(hexdump(bytes, 18), [
      '00000000  3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b  |<=>?@ABCDEFGHIJK|',
      `00000010  4c 4d${' '.repeat(42)}  |LM|`,
    ]);
    assert.deepEqual(hexdump(new Uint8Array(0), 256), []);
  });

  test('cannot steer a terminal', () => {
    assert.equal(printable('a\x1b[31mb\nc\u202ed é'), 'a\ufffd[31mb\ufffdc\ufffdd é');
    assert.equal(printable('x'.repeat(500)).length, 401);
  });
});
