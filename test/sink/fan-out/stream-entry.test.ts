import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeMessages } from '../../../src/commands/demo/generator/generator.js';
import { ENTRY_FIELDS, readEntry } from '../../../src/sink/fan-out/stream-entry.js';
import { decodeSlab } from '../../../src/workers/slab.js';
import { encodeTrade, SLOT } from '../../support/batches.js';
import { readRows } from '../../support/copy-rows.js';
import { slabOf } from '../../support/messages.js';

/** Entries of encoded rows, by field. */
function entriesOf(bytes: Uint8Array): Record<string, string>[] {
  const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Record<string, string>[] = [];
  for (let at = 0; at < chunk.length; ) {
    const flat: string[] = [];
    at = readEntry(chunk, at, flat);
    assert.deepEqual(
      flat.filter((_, i) => i % 2 === 0),
      ENTRY_FIELDS,
      'every entry has every field, in one order',
    );
    entries.push(Object.fromEntries(ENTRY_FIELDS.map((name, i) => [name, flat[2 * i + 1] ?? ''])));
  }
  return entries;
}

test('an entry tells what the row tells, for the rows of a stream', () => {
  const messages = takeMessages(60, { seed: 11, transactionsPerSlot: 60, poisonShare: 0 });
  const records = messages.map(({ value, timestampMs }) => ({ value, timestampMs }));
  const { trades } = decodeSlab(slabOf(records), { messageMaxBytes: 10_000_000 });
  const rows = readRows(trades);
  const entries = entriesOf(trades);
  assert.ok(rows.length > 300, `${rows.length} rows`);
  assert.equal(entries.length, rows.length);
  const nulls = new Set<string>();
  for (const [i, row] of rows.entries())
    for (const field of ENTRY_FIELDS) {
      const value = row[field.replace(/_ms$/, '') as keyof typeof row];
      const text = entries[i]![field]!;
      if (value === null) nulls.add(field);
      if (value === null) assert.equal(text, '', field);
      else if (typeof value === 'number') assert.equal(Number(text), value, field);
      else if (typeof value === 'boolean') assert.equal(text, value ? '1' : '0', field);
      else assert.equal(text, value, field);
    }
  assert.ok(nulls.size > 2, `only ${[...nulls]} were ever NULL`);
});

test('numbers of any size and texts beyond ASCII are told exactly', () => {
  const row = encodeTrade({
    block_slot: 2 ** 40 + 7,
    kafka_offset: Number.MAX_SAFE_INTEGER,
    price: 5e-324,
    amount_usd: 1.7976931348623157e308,
    sold_amount: 0.1 + 0.2,
    protocol_name: 'naïve→交易',
    block_time: 1_760_000_000_123,
    is_router: true,
  });
  const [entry] = entriesOf(row);
  assert.equal(entry?.block_slot, String(2 ** 40 + 7));
  assert.equal(entry?.kafka_offset, '9007199254740991');
  assert.equal(entry?.price, '5e-324');
  assert.equal(entry?.amount_usd, '1.7976931348623157e+308');
  assert.equal(Number(entry?.sold_amount), 0.1 + 0.2);
  assert.equal(entry?.protocol_name, 'naïve→交易');
  assert.equal(entry?.block_time_ms, '1760000000123');
  assert.equal(entry?.is_router, '1');
  assert.equal(entry?.side, '', 'NULL');
});

test('a time before 2000 is told, and one with microseconds to the millisecond', () => {
  const [entry] = entriesOf(encodeTrade({ block_slot: SLOT, block_time: 1 }));
  assert.equal(entry?.block_time_ms, '1');
});

test('what is no row is refused', () => {
  const row = Buffer.from(encodeTrade({ block_slot: SLOT }));
  const other = Buffer.from(row);
  other.writeInt16BE(3);
  assert.throws(() => readEntry(other, 0, []), /A row of 3 columns/);
  assert.throws(() => readEntry(row.subarray(0, row.length - 4), 0, []), /beyond|range/);
});
