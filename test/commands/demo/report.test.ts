import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../../../src/commands/demo/ledger.js';
import { amount, ledgerJson, ledgerLines, liveLine, tradeTable } from '../../../src/commands/demo/report.js';
import { Screen, wantsColour } from '../../../src/commands/demo/screen.js';

/** A screen and everything written to it. */
function screenOf(isTTY: boolean, colour = false): { screen: Screen; written: () => string } {
  let text = '';
  const write = (part: string | Uint8Array): boolean => {
    text += part;
    return true;
  };
  return { screen: new Screen({ stream: { write, isTTY }, colour }), written: () => text };
}

const { screen } = screenOf(false);
const NOTHING_LANDED = { trades: [], deadLetters: [], gaps: [], nextOffsets: new Map() };

test('the live line fits 80 columns at the speeds of a catch-up, and the table 100', () => {
  const snapshot = {
    messagesPerSecond: 4_700,
    tradesPerSecond: 50_700,
    megabytesPerSecond: 1_999,
    lag: 12_345,
    p99Ms: 12_345,
  };
  assert.ok(liveLine(599, { ...snapshot, p99Ms: null }, 0, screen).length <= 80);
  assert.ok(liveLine(599, snapshot, 0, screen).length <= 80);
  const mint = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1q';
  const trade = {
    time: new Date(0),
    protocol: 'a_protocol_with_a_name_without_end',
    side: 'sell',
    bought: 18_446_744_073_709.551,
    boughtMint: mint,
    sold: 0.000_000_001,
    soldMint: mint,
    usd: 1.797e308,
    trader: mint,
  };
  const absent = {
    time: null,
    protocol: null,
    side: null,
    bought: null,
    boughtMint: null,
    sold: null,
    soldMint: null,
    usd: null,
    trader: null,
  };
  for (const line of tradeTable([trade, absent], screen)) assert.ok(line.length <= 100, line);
});

test('amounts keep four figures in at most 7 columns', () => {
  const shown = [0, 0.000_001_5, 0.05, 1, 999.96, 1_234.5, 18_446_744_073_709.551, 1e300].map(amount);
  assert.deepEqual(shown, ['0', '1.5e-6', '0.05000', '1.000', '1000', '1.234k', '18.45T', '1.0e+300']);
});

test('the ledger names what is wrong, and a program gets its figures', () => {
  const trade = { slot: 5, txIndex: 6, tradeIndex: 0 };
  const ledger = settle([{ partition: 2, offset: 7, poison: false, trades: [trade] }], NOTHING_LANDED);
  const outcome = { seconds: 12.34, kills: 3, p50Ms: null, p99Ms: null };
  const lines = ledgerLines(ledger, outcome, screen).join('\n');
  assert.match(lines, /missing: trade 5\/6\/0, sent in partition 2 offset 7/);
  assert.match(lines, /killed and started again: 3 times/);
  assert.match(lines, /Not clean\./);
  assert.deepEqual(JSON.parse(ledgerJson(ledger, outcome)), {
    messages: 1,
    trades: { produced: 1, expected: 1, landed: 0, missing: 1, duplicated: 0 },
    deadLetters: 0,
    seconds: 12.3,
    p99Ms: null,
  });
});

test('a terminal has one live line that is written over; elsewhere it comes now and then', () => {
  const terminal = screenOf(true);
  terminal.screen.live('one', 0);
  terminal.screen.lines('stays');
  terminal.screen.live('two', 1);
  assert.equal(terminal.written(), 'one\r\u001b[2Kstays\none\r\u001b[2Ktwo');
  const file = screenOf(false);
  for (let nowMs = 0; nowMs <= 10_000; nowMs += 500) file.screen.live(`at ${nowMs}`, nowMs);
  assert.equal(file.written(), 'at 5000\nat 10000\n');
});

test('colours are for terminals whose user has not said no', () => {
  assert.ok(wantsColour({ isTTY: true }, {}));
  assert.ok(!wantsColour({ isTTY: true }, { NO_COLOR: '1' }));
  assert.ok(!wantsColour({ isTTY: true }, { TERM: 'dumb' }));
  assert.ok(!wantsColour({}, {}));
  assert.equal(screenOf(true, true).screen.red('x'), '\u001b[31mx\u001b[0m');
  assert.equal(screen.red('x'), 'x');
});
