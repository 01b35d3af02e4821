import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DexTradeEvent, ParsedDexTransaction } from '../../proto/generated/full.js';
import type { SlabResult, SolVolume } from '../../src/workers/messages.js';
import { decodeSlab } from '../../src/workers/slab.js';
import { type Row, readRows } from '../support/copy-rows.js';
import * as m from '../support/messages.js';

const MINT = m.key(m.PARTIES.mint);
const SOL_AT_200: SolVolume = { sol: 10, usd: 2_000, trades: 3 };

function decode(transactions: readonly ParsedDexTransaction[], solVolume = m.NO_VOLUME): SlabResult {
  return decodeSlab(m.slabOf([{ value: m.messageOf(transactions) }], { solVolume }), { messageMaxBytes: 1_000_000 });
}

function rowOf(trade: DexTradeEvent, solVolume = m.NO_VOLUME): Row {
  const rows = readRows(decode([m.transactionOf([m.tradeOf(trade)])], solVolume).trades);
  assert.equal(rows.length, 1);
  return rows[0]!;
}

function assertUsd(row: Row, amount: number | null, source: string | null, price: number | null): void {
  assert.deepEqual([row.amount_usd, row.usd_source, row.price_usd], [amount, source, price]);
}

/** `sol` SOL sold for `usd` USDC in a pool of the two. */
function solSale(sol: number, usd: number, more: DexTradeEvent = {}): DexTradeEvent {
  return m.tradeOf({
    Market: m.marketOf(m.WRAPPED_SOL, m.USDC),
    Buy: m.leg(m.USDC, usd * 1e6),
    Sell: m.leg(m.WRAPPED_SOL, sol * 1e9),
    ...more,
  });
}

/** What a slab of these trades, each in a transaction of its own, says of the price of SOL. */
function observed(
  trades: readonly DexTradeEvent[],
  solVolume = m.NO_VOLUME,
  more: ParsedDexTransaction = {},
): SolVolume {
  const transactions = trades.map((trade, i) => m.transactionOf([trade], { Index: i, ...more }));
  return decode(transactions, solVolume).solVolume;
}

test('the message’s own figure comes first, even before a stablecoin', () => {
  const row = rowOf({ Buy: m.leg(MINT, 2_000_000, { AmountInUsd: 64 }), Sell: m.leg(m.USDC, 60_000_000) });
  assertUsd(row, 64, 'amount_in_usd', 32);
});

test('of two figures in the message the bought side’s counts', () => {
  const row = rowOf({
    Buy: m.leg(MINT, 2_000_000, { AmountInUsd: 64 }),
    Sell: m.leg(m.WRAPPED_SOL, 1, { AmountInUsd: 32 }),
  });
  assertUsd(row, 64, 'amount_in_usd', 32);
});

test('a figure on the sold side alone beats a stablecoin on the bought side', () => {
  const row = rowOf({ Buy: m.leg(m.USDC, 60_000_000), Sell: m.leg(MINT, 2_000_000, { AmountInUsd: 64 }) });
  assertUsd(row, 64, 'amount_in_usd', 32);
});

for (const [what, figure] of [
  ['0', 0],
  ['a negative figure', -5],
  ['an infinite figure', Number.POSITIVE_INFINITY],
  ['no number', Number.NaN],
] as const) {
  test(`${what} in AmountInUsd means unknown`, () => {
    const row = rowOf({ Buy: m.leg(MINT, 2_000_000, { AmountInUsd: figure }), Sell: m.leg(m.USDC, 60_000_000) });
    assertUsd(row, 60, 'stablecoin', 30);
  });
}

for (const [symbol, mint] of [
  ['USDC', m.USDC],
  ['USDT', m.USDT],
  ['PYUSD', '2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo'],
  ['USD1', 'USD1ttGY1N17NEEHLmELoaybftRBUSErhqYiQzvEmuB'],
  ['USDG', '2u1tszSeqZ3qBWF3uNGPFc8TzMk2tdiwknnRMWGWjGWH'],
] as const) {
  test(`${symbol} counts as a dollar`, () => {
    assertUsd(rowOf({ Sell: m.leg(mint, 60_000_000) }), 60, 'stablecoin', 30);
  });
}

test('a stablecoin comes before SOL times the reference', () => {
  const row = rowOf({ Buy: m.leg(m.WRAPPED_SOL, 1e9), Sell: m.leg(m.USDC, 190_000_000) }, SOL_AT_200);
  assertUsd(row, 190, 'stablecoin', null);
});

test('a SOL leg counts at the reference price, native or wrapped', () => {
  assertUsd(rowOf({}, SOL_AT_200), 100, 'sol_reference', 50);
  assertUsd(rowOf({ Sell: m.leg(m.NATIVE_SOL, 250_000_000) }, SOL_AT_200), 50, 'sol_reference', 25);
});

test('what cannot be valued is NULL, never 0', () => {
  assertUsd(rowOf({}), null, null, null);
  assertUsd(rowOf({ Sell: m.leg(m.USDC, 0) }), null, null, null);
  assertUsd(rowOf({ Sell: m.leg(m.key(70), 5) }, SOL_AT_200), null, null, null);
});

test('a reference on fewer than three trades is none', () => {
  assertUsd(rowOf({}, { sol: 10, usd: 2_000, trades: 2 }), null, null, null);
});

test('a stablecoin side without Currency has no value', () => {
  assertUsd(rowOf({ Sell: { Amount: 60_000_000 } }, SOL_AT_200), null, null, null);
});

test('without a side there is a value but no price', () => {
  assertUsd(rowOf({ Market: null, Sell: m.leg(m.USDC, 60_000_000) }), 60, 'stablecoin', null);
});

test('a base amount of 0 has a value but no price', () => {
  assertUsd(rowOf({ Buy: m.leg(MINT, 0), Sell: m.leg(m.USDC, 60_000_000) }), 60, 'stablecoin', null);
});

test('where both legs have a value their asymmetry is kept', () => {
  const row = rowOf({ Buy: m.leg(MINT, 1, { AmountInUsd: 90 }), Sell: m.leg(m.USDC, 110_000_000) });
  assert.equal(row.price_asymmetry, 0.1);
  assert.equal(rowOf({ Sell: m.leg(m.USDC, 60_000_000) }).price_asymmetry, null);
});

test('the asymmetry of values near the largest float stays a number', () => {
  const huge = 3.4e38;
  const row = rowOf({
    Buy: m.leg(MINT, 1, { AmountInUsd: huge }),
    Sell: m.leg(m.WRAPPED_SOL, 1, { AmountInUsd: huge }),
  });
  assert.equal(row.price_asymmetry, 0);
});

test('a SOL/stablecoin pool trade is observed, whichever way it goes', () => {
  assert.deepEqual(observed([solSale(2, 400)]), { sol: 2, usd: 400, trades: 1 });
  const bought = solSale(2, 400, { Buy: m.leg(m.NATIVE_SOL, 2e9), Sell: m.leg(m.USDT, 400e6) });
  assert.deepEqual(observed([bought]), { sol: 2, usd: 400, trades: 1 });
});

test('the slab’s own trades make a reference as soon as there are three', () => {
  const sales = [solSale(1, 200), solSale(1, 200), solSale(1, 200)];
  const transactions = [...sales, m.tradeOf()].map((trade, i) => m.transactionOf([trade], { Index: i }));
  const rows = readRows(decode(transactions).trades);
  assertUsd(rows[3]!, 100, 'sol_reference', 50);
  assertUsd(readRows(decode(transactions.slice(1)).trades)[2]!, null, null, null);
});

test('only the slab’s own volume is reported', () => {
  assert.deepEqual(observed([solSale(1, 210)], SOL_AT_200), { sol: 1, usd: 210, trades: 1 });
});

test('routers, failed transactions, self-paired pools, dust and other pairs are not observed', () => {
  const nothing = { sol: 0, usd: 0, trades: 0 };
  assert.deepEqual(observed([solSale(1, 200, { Market: null })]), nothing);
  assert.deepEqual(observed([solSale(1, 200)], m.NO_VOLUME, { Status: null }), nothing);
  assert.deepEqual(observed([solSale(1, 200, { Market: m.marketOf(m.WRAPPED_SOL, m.NATIVE_SOL) })]), nothing);
  assert.deepEqual(observed([solSale(0.001, 0.2)]), nothing);
  assert.deepEqual(observed([m.tradeOf(), solSale(0, 200)]), nothing);
});

test('no single trade weighs more than 10,000 USD', () => {
  assert.deepEqual(observed([solSale(1_000, 200_000)]), { sol: 50, usd: 10_000, trades: 1 });
});

test('a trade more than twice off the reference is not believed', () => {
  const sales = [solSale(1, 410), solSale(1, 99), solSale(1, 390), solSale(1, 110)];
  assert.deepEqual(observed(sales, SOL_AT_200), { sol: 2, usd: 500, trades: 2 });
});

test('a repeat of a transaction within the slab is observed once', () => {
  const transaction = m.transactionOf([solSale(1, 200)]);
  assert.deepEqual(decode([transaction, transaction]).solVolume, { sol: 1, usd: 200, trades: 1 });
});
