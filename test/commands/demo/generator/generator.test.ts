import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { generateMessages, takeMessages } from '../../../../src/commands/demo/generator/generator.js';
import { type GeneratedMessage, POISON_KINDS } from '../../../../src/commands/demo/generator/message.js';
import type { GeneratorOptions } from '../../../../src/commands/demo/generator/options.js';
import { pack } from '../../../../src/ingest/packer.js';
import { TRADES, TRADES_FIRST_VOLATILE_COLUMN } from '../../../../src/tables.js';
import { decodeSlab } from '../../../../src/workers/slab.js';
import { readRows } from '../../../support/copy-rows.js';
import { assertSameRow } from '../../../support/expected-rows.js';

/** Small enough to make thousands of messages in a moment. */
const SMALL = { transactionsPerSlot: 12, tokens: 200, traders: 500 } satisfies Partial<GeneratorOptions>;

function fingerprint(messages: readonly GeneratedMessage[]): string {
  const hash = createHash('sha256');
  for (const { partition, key, timestampMs, value, poison } of messages) {
    hash.update(`${partition} ${key?.length} ${timestampMs} ${poison} ${value.length}\n`).update(value);
    if (key !== null) hash.update(key);
  }
  return hash.digest('hex');
}

test('the same seed gives the same messages to the byte, and another seed gives others', () => {
  const one = fingerprint(takeMessages(300, { ...SMALL, seed: 7 }));
  assert.equal(fingerprint(takeMessages(300, { ...SMALL, seed: 7 })), one);
  assert.notEqual(fingerprint(takeMessages(300, { ...SMALL, seed: 8 })), one);
});

test('every message decodes to exactly the rows it was made for, and every planned poison to none', () => {
  const kinds = new Set<string>();
  takeMessages(2_500, { ...SMALL, poisonShare: 0.02 }).forEach((message, offset) => {
    const { partition, timestampMs, key, value, poison } = message;
    const task = pack(
      [{ topic: 'demo', partition, offset, timestampMs, key, value }],
      { sol: 0, usd: 0, trades: 0 },
      0,
    );
    const result = decodeSlab(task, { messageMaxBytes: 8_000_000 });
    if (poison !== null) kinds.add(poison);
    assert.equal(result.failures.length, poison === null ? 0 : 1, `${poison} at ${offset}`);
    const rows = readRows(result.trades);
    assert.equal(rows.length, message.trades.length);
    rows.forEach((row, place) => {
      assertSameRow(row, message.trades[place]!.row());
    });
  });
  assert.deepEqual([...kinds].sort(), [...POISON_KINDS].sort());
});

test('the known answer has every column that is a function of the transaction, in the order of the table', () => {
  const trade = takeMessages(50, SMALL).find(({ trades }) => trades.length > 0)!.trades[0]!;
  const names = TRADES.columns.map(([name]) => name);
  assert.deepEqual(Object.keys(trade.row()), names.slice(0, names.indexOf(TRADES_FIRST_VOLATILE_COLUMN)));
});

test('the corner cases of the stream all turn up', () => {
  const seen = new Set<string>();
  const signatures = new Map<string, number>();
  const keys = new Set<string>();
  let slot = 0;
  for (const message of takeMessages(6_000, { ...SMALL, skippedSlotShare: 0.05, orphanedSlotShare: 0.05 })) {
    if (message.key === null) seen.add('null key');
    if (slot !== 0 && message.slot > slot + 1) seen.add('skipped slot');
    slot = Math.max(slot, message.slot);
    for (const trade of message.trades) {
      const key = `${trade.slot}/${trade.txIndex}/${trade.tradeIndex}`;
      if (keys.has(key)) continue;
      keys.add(key);
      const row = trade.row();
      const raws = [row.bought_amount_raw, row.sold_amount_raw].map((raw) => BigInt(String(raw)));
      if (raws.some((raw) => raw > 1n << 63n)) seen.add('amount above 2^63');
      if (raws.some((raw) => raw === 0n)) seen.add('zero amount');
      if (row.is_router) seen.add(row.base_mint === null ? 'router without currencies' : 'router');
      if (!row.success) seen.add('failed');
      if (row.order_id !== null && trade.tradeIndex > 1) seen.add('several fills');
      if (!row.is_router && row.side === null) seen.add('self-paired pool');
      if (row.trader !== row.signer) seen.add('relayed');
      if (row.protocol_name === null) seen.add('no protocol name');
      if ([row.bought_mint, row.sold_mint].includes('11111111111111111111111111111111')) seen.add('native SOL');
      const earlier = signatures.get(String(row.signature));
      if (earlier !== undefined && earlier !== trade.slot) seen.add('included again after a fork');
      signatures.set(String(row.signature), trade.slot);
    }
  }
  assert.deepEqual([...seen].sort(), [
    'amount above 2^63',
    'failed',
    'included again after a fork',
    'native SOL',
    'no protocol name',
    'null key',
    'relayed',
    'router',
    'router without currencies',
    'self-paired pool',
    'several fills',
    'skipped slot',
    'zero amount',
  ]);
});

test('repeats come in the partition of the first, within a few offsets', () => {
  const first = new Map<string, { partition: number; place: number }>();
  const places = [0, 0, 0, 0];
  const distances: number[] = [];
  for (const message of takeMessages(3_000, SMALL)) {
    const place = places[message.partition]!++;
    const transactions = new Set(message.trades.map(({ slot, txIndex }) => `${slot}/${txIndex}`));
    for (const key of transactions) {
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, { partition: message.partition, place });
      else {
        assert.equal(message.partition, earlier.partition);
        distances.push(place - earlier.place);
      }
    }
  }
  distances.sort((one, other) => one - other);
  assert.ok(distances[0]! >= 1);
  assert.ok(distances[Math.floor(distances.length * 0.95)]! <= 12, `95 % within ${distances.at(-1)}`);
});

test('other numbers of partitions are filled, and time never goes back', () => {
  const partitions = new Set<number>();
  let before = 0;
  let count = 0;
  for (const message of generateMessages({ ...SMALL, partitions: 2 })) {
    partitions.add(message.partition);
    assert.ok(message.timestampMs >= before);
    before = message.timestampMs;
    if (++count === 500) break;
  }
  assert.deepEqual([...partitions].sort(), [0, 1]);
});
