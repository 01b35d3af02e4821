import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRADES, TRADES_FIRST_VOLATILE_COLUMN } from '../../src/tables.js';
import { TRANSACTION_COLUMN, TRANSACTION_STRIDE } from '../../src/workers/messages.js';
import { decodeSlab } from '../../src/workers/slab.js';
import { walkerCases } from '../fuzz/walker-cases.js';
import { type Row, readRows } from '../support/copy-rows.js';
import * as m from '../support/messages.js';

const CASES = 20_000;
const names = TRADES.columns.map(([name]) => name);
const stable = names.slice(0, names.indexOf(TRADES_FIRST_VOLATILE_COLUMN));

function stableColumns(row: Row): unknown[] {
  return stable.map((name) => row[name]);
}

test('two transactions have one fingerprint where their stable columns are the same, and only there', () => {
  const known = new Map<string, string>();
  const fingerprints = new Map<string, number>();
  let done = 0;
  for (const value of walkerCases(77)) {
    if (done++ === CASES) break;
    const { transactions, trades } = decodeSlab(m.slabOf([{ value }]), { messageMaxBytes: 1e7 });
    for (let at = 0; at < transactions.length; at += TRANSACTION_STRIDE) {
      const column = (name: keyof typeof TRANSACTION_COLUMN): number => transactions[at + TRANSACTION_COLUMN[name]]!;
      const rows = readRows(trades.subarray(column('start'), column('end'))).map(stableColumns);
      const key = `${column('slot')}/${column('txIndex')}/${column('fingerprint')}`;
      const text = JSON.stringify(rows);
      assert.equal(known.get(key) ?? text, text, `case ${done}: two transactions ${key} that differ`);
      known.set(key, text);
      // Bytes that are no text are replaced in rows, and may have been any.
      if (text.includes('\u{fffd}')) continue;
      const contents = `${column('slot')}/${column('txIndex')}/${text}`;
      const fingerprint = column('fingerprint');
      assert.equal(
        fingerprints.get(contents) ?? fingerprint,
        fingerprint,
        `case ${done}: two fingerprints of ${contents}`,
      );
      fingerprints.set(contents, fingerprint);
    }
  }
  assert.ok(known.size > 3_000, `${known.size} contents of transactions were seen`);
});
