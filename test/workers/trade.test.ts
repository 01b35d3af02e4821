import assert from 'node:assert/strict';
import { test } from 'node:test';
import bs58 from 'bs58';
import { uint64 } from '../../proto/full-codec.js';
import type { DexTradeEvent, ParsedDexTransaction } from '../../proto/generated/full.js';
import { decodeSlab } from '../../src/workers/slab.js';
import { type Row, readRows } from '../support/copy-rows.js';
import * as m from '../support/messages.js';

const MINT = m.key(m.PARTIES.mint);
const MINT_ADDRESS = m.address(m.PARTIES.mint);
const { signer, owner, tokenAccount } = m.PARTIES;

function rowsOf(trades: readonly DexTradeEvent[], transaction: ParsedDexTransaction = {}): Row[] {
  const message = m.messageOf([m.transactionOf(trades, transaction)]);
  const result = decodeSlab(m.slabOf([{ value: message }]), { messageMaxBytes: 1_000_000 });
  assert.deepEqual(result.failures, []);
  return readRows(result.trades);
}

function rowOf(trade: DexTradeEvent = {}, transaction: ParsedDexTransaction = {}): Row {
  const rows = rowsOf([m.tradeOf(trade)], transaction);
  assert.equal(rows.length, 1);
  return rows[0]!;
}

function assertRow(row: Row, expected: Partial<Row>): void {
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, row[name as keyof Row]])), expected);
}

test('a pool trade gives a row with every column', () => {
  const row = rowOf({ Fee: 1_250, Royalty: 77 });
  assert.deepEqual(row, {
    block_slot: m.SLOT,
    tx_index: 5,
    trade_index: 0,
    instruction_index: 12,
    signature: bs58.encode(m.SIGNATURE),
    protocol_name: 'pump_amm',
    protocol_family: 'Pumpswap',
    program: m.address(m.PARTIES.program),
    market: m.address(m.PARTIES.market),
    is_router: false,
    side: 'buy',
    trader: m.address(owner),
    signer: m.address(signer),
    fee_payer: m.address(m.PARTIES.feePayer),
    bought_mint: MINT_ADDRESS,
    bought_amount_raw: '2000000',
    bought_decimals: 6,
    bought_amount: 2,
    sold_mint: m.WRAPPED_SOL,
    sold_amount_raw: '500000000',
    sold_decimals: 9,
    sold_amount: 0.5,
    base_mint: MINT_ADDRESS,
    quote_mint: m.WRAPPED_SOL,
    price: 0.25,
    fee_raw: '1250',
    royalty_raw: '77',
    tx_fee_lamports: '5000',
    success: true,
    order_id: null,
    block_time: m.TIMESTAMP_MS,
    amount_usd: null,
    price_usd: null,
    usd_source: null,
    price_asymmetry: null,
    kafka_partition: 3,
    kafka_offset: m.FIRST_OFFSET,
  });
});

test('selling the base is a sell, at the quote received per base given', () => {
  const row = rowOf({ Buy: m.leg(m.WRAPPED_SOL, 500_000_000), Sell: m.leg(MINT, 4_000_000) });
  assertRow(row, { side: 'sell', price: 0.125, bought_mint: m.WRAPPED_SOL, sold_mint: MINT_ADDRESS });
});

test('wrapped SOL can be the base', () => {
  const market = m.marketOf(m.WRAPPED_SOL, MINT);
  assertRow(rowOf({ Market: market }), { side: 'sell', price: 4, base_mint: m.WRAPPED_SOL, quote_mint: MINT_ADDRESS });
});

test('native and wrapped SOL are one money when the side is told', () => {
  const market = m.marketOf(m.WRAPPED_SOL, MINT);
  const row = rowOf({ Market: market, Buy: m.leg(m.NATIVE_SOL, 1_000_000_000), Sell: m.leg(MINT, 3_000_000) });
  assertRow(row, { side: 'buy', price: 3, bought_mint: m.NATIVE_SOL, base_mint: m.WRAPPED_SOL });
});

test('a pool paired with itself has no side and no price', () => {
  assertRow(rowOf({ Market: m.marketOf(MINT, MINT) }), { side: null, price: null });
});

test('a pool of wrapped against native SOL is paired with itself', () => {
  const row = rowOf({
    Market: m.marketOf(m.WRAPPED_SOL, m.NATIVE_SOL),
    Buy: m.leg(m.WRAPPED_SOL, 1),
    Sell: m.leg(MINT, 1),
  });
  assertRow(row, { side: null, price: null });
});

test('buying and selling the base at once is no side', () => {
  assertRow(rowOf({ Buy: m.leg(MINT, 1), Sell: m.leg(MINT, 1) }), { side: null, price: null });
});

test('trading neither of the market’s mints as base is no side', () => {
  assertRow(rowOf({ Buy: m.leg(m.key(99), 1) }), { side: null, price: null });
});

test('amounts of 2^63 and beyond keep every digit', () => {
  const row = rowOf({ Buy: m.leg(MINT, uint64(2n ** 64n - 1n)), Sell: m.leg(m.WRAPPED_SOL, uint64(2n ** 63n)) });
  assertRow(row, {
    bought_amount_raw: '18446744073709551615',
    bought_amount: 2 ** 64 / 1e6,
    sold_amount_raw: '9223372036854775808',
    sold_amount: 2 ** 63 / 1e9,
  });
});

test('a base amount of 0 has no price, a quote amount of 0 has the price 0', () => {
  assertRow(rowOf({ Buy: m.leg(MINT, 0) }), { side: 'buy', price: null, bought_amount_raw: '0', bought_amount: 0 });
  assertRow(rowOf({ Sell: m.leg(m.WRAPPED_SOL, 0) }), { side: 'buy', price: 0, sold_amount_raw: '0' });
});

test('a price beyond the doubles is NULL, never infinite', () => {
  const dust = { Amount: 1, Currency: { MintAddress: MINT, Decimals: 300 } };
  const row = rowOf({ Buy: dust, Sell: m.leg(m.WRAPPED_SOL, uint64(2n ** 64n - 1n)) });
  assertRow(row, { bought_amount: 1e-300, bought_decimals: 300, side: 'buy', price: null });
});

test('decimals beyond anything real give an amount of 0, not an error', () => {
  const row = rowOf({ Buy: { Amount: 1, Currency: { MintAddress: MINT, Decimals: 4_294_967_295 } } });
  assertRow(row, { bought_decimals: 4_294_967_295, bought_amount: 0, price: null });
});

test('an owner on either side is the trader', () => {
  const sides = { Buy: m.leg(MINT, 1), Sell: m.leg(m.WRAPPED_SOL, 1, m.ownedBy(owner)) };
  assertRow(rowOf(sides), { trader: m.address(owner), signer: m.address(signer) });
});

test('an owner beats the address of a native side', () => {
  const native = m.leg(m.NATIVE_SOL, 1, { Account: { Address: m.key(40) } });
  assertRow(rowOf({ Buy: m.leg(MINT, 1, m.ownedBy(owner)), Sell: native }), { trader: m.address(owner) });
});

test('without an owner the address of a native side is the trader', () => {
  const native = m.leg(m.NATIVE_SOL, 1, { Account: { Address: m.key(40) } });
  assertRow(rowOf({ Buy: m.leg(MINT, 1), Sell: native }), { trader: m.address(40) });
});

test('a wrapped side’s address is a token account, never the trader: the signer is', () => {
  const row = rowOf({ Buy: m.leg(MINT, 1), Sell: m.leg(m.WRAPPED_SOL, 1) });
  assertRow(row, { trader: m.address(signer) });
  assert.notEqual(row.trader, m.address(tokenAccount));
});

test('of two owners that differ, the signer is the trader where it is one of them', () => {
  const row = rowOf({ Buy: m.leg(MINT, 1, m.ownedBy(signer)), Sell: m.leg(m.WRAPPED_SOL, 1, m.ownedBy(owner)) });
  assertRow(row, { trader: m.address(signer) });
});

test('of two owners that differ and are not the signer, the one who pays is the trader', () => {
  const row = rowOf({ Buy: m.leg(MINT, 1, m.ownedBy(41)), Sell: m.leg(m.WRAPPED_SOL, 1, m.ownedBy(42)) });
  assertRow(row, { trader: m.address(42) });
});

test('of two native addresses that differ the same rule holds', () => {
  const native = (n: number) => m.leg(m.NATIVE_SOL, 1, { Account: { Address: m.key(n) } });
  assertRow(rowOf({ Buy: native(41), Sell: native(42) }), { trader: m.address(42) });
  assertRow(rowOf({ Buy: native(signer), Sell: native(42) }), { trader: m.address(signer) });
});

test('an empty owner is no owner', () => {
  const closed = { Account: { Address: m.key(tokenAccount), Token: { Mint: MINT } } };
  assertRow(rowOf({ Buy: m.leg(MINT, 1, closed) }), { trader: m.address(signer) });
});

test('the owner of an order is never the trader', () => {
  const order = { Order: { OrderId: new Uint8Array([1, 2]), Owner: m.key(50) } };
  assertRow(rowOf({ Buy: m.leg(MINT, 1, order) }), { trader: m.address(signer), order_id: '5T' });
});

test('without a transaction header there is no signer, no payer, no fee, and perhaps no trader', () => {
  const row = rowOf({ Buy: m.leg(MINT, 1) }, { Header: null });
  assertRow(row, { trader: null, signer: null, fee_payer: null, tx_fee_lamports: null });
});

test('a transaction header without Fee has the fee 0', () => {
  assertRow(rowOf({}, { Header: { Signer: m.key(signer) } }), { tx_fee_lamports: '0', fee_payer: null });
});

test('signer, fee payer and trader are kept apart', () => {
  const row = rowOf();
  assert.equal(new Set([row.signer, row.fee_payer, row.trader]).size, 3);
});

test('mint and decimals come from Currency, never from Token', () => {
  const account = { Address: m.key(tokenAccount), Token: { Mint: m.key(60), Decimals: 2, Owner: m.key(owner) } };
  const row = rowOf({ Buy: { Amount: 7, Currency: { MintAddress: MINT }, Account: account } });
  assertRow(row, { bought_mint: MINT_ADDRESS, bought_decimals: 0, bought_amount: 7 });
});

test('a side without Currency has a raw amount only', () => {
  const row = rowOf({ Buy: { Amount: 7 } });
  assertRow(row, {
    bought_mint: null,
    bought_amount_raw: '7',
    bought_decimals: null,
    bought_amount: null,
    price: null,
  });
});

test('a side without Amount has the amount 0', () => {
  assertRow(rowOf({ Buy: { Currency: m.currency(MINT) } }), { bought_amount_raw: '0', bought_amount: 0 });
});

test('a side that is not there is all NULL', () => {
  const row = rowOf({ Sell: null });
  assertRow(row, {
    sold_mint: null,
    sold_amount_raw: null,
    sold_decimals: null,
    sold_amount: null,
    price: null,
    side: 'buy',
  });
});

test('a market without address is a router row, with a side where it has currencies', () => {
  const row = rowOf({ Market: { BaseCurrency: m.currency(MINT), QuoteCurrency: m.currency(m.WRAPPED_SOL, 9) } });
  assertRow(row, { is_router: true, market: null, side: 'buy', price: 0.25, base_mint: MINT_ADDRESS });
});

test('no market at all is a router row without side', () => {
  assertRow(rowOf({ Market: null }), { is_router: true, market: null, side: null, base_mint: null, quote_mint: null });
});

test('a market without base currency gives no side', () => {
  const row = rowOf({ Market: { MarketAddress: m.key(2), QuoteCurrency: m.currency(m.WRAPPED_SOL) } });
  assertRow(row, { is_router: false, side: null, base_mint: null, quote_mint: m.WRAPPED_SOL });
});

test('a failed transaction’s trades are rows with success false', () => {
  assertRow(rowOf({}, { Status: { Success: false, ErrorMessage: 'slippage' } }), { success: false });
});

test('a transaction without Status did not succeed', () => {
  assertRow(rowOf({}, { Status: null }), { success: false });
});

test('several fills with one instruction index are told apart by their ordinal', () => {
  const fill = (id: number) =>
    m.tradeOf({ InstructionIndex: 8, Buy: m.leg(MINT, 1, { Order: { OrderId: new Uint8Array([id]) } }) });
  const rows = rowsOf([fill(1), fill(2), fill(3)]);
  assert.deepEqual(
    rows.map((row) => [row.trade_index, row.instruction_index, row.order_id]),
    [
      [0, 8, '2'],
      [1, 8, '3'],
      [2, 8, '4'],
    ],
  );
});

test('the order of the buying side comes first, else the selling side’s', () => {
  const order = (id: number) => ({ Order: { OrderId: new Uint8Array([id]) } });
  assertRow(rowOf({ Buy: m.leg(MINT, 1, order(1)), Sell: m.leg(m.WRAPPED_SOL, 1, order(2)) }), { order_id: '2' });
  assertRow(rowOf({ Sell: m.leg(m.WRAPPED_SOL, 1, order(2)) }), { order_id: '3' });
});

test('what is empty is NULL, never an empty text', () => {
  const row = rowOf(
    { Dex: { ProgramAddress: new Uint8Array(0), ProtocolName: '', ProtocolFamily: '' } },
    { Signature: null },
  );
  assertRow(row, { signature: null, program: null, protocol_name: null, protocol_family: null });
});

test('a trade without Dex is a row without protocol', () => {
  assertRow(rowOf({ Dex: null }), { program: null, protocol_name: null, protocol_family: null, market: m.address(2) });
});

test('NUL in a text becomes U+FFFD, and nothing else in it changes', () => {
  const row = rowOf({ Dex: { ProtocolName: '\uFEFF a\0b 🚀 ', ProtocolFamily: '\0' } });
  assertRow(row, { protocol_name: '\uFEFF a\uFFFDb 🚀 ', protocol_family: '\uFFFD' });
});

test('fee and royalty are stored raw, absent ones as 0', () => {
  assertRow(rowOf(), { fee_raw: '0', royalty_raw: '0' });
  assertRow(rowOf({ Fee: uint64(2n ** 64n - 1n), Royalty: uint64(10_000n) }), {
    fee_raw: '18446744073709551615',
    royalty_raw: '10000',
  });
});

test('the largest instruction index and transaction index fit', () => {
  assertRow(rowOf({ InstructionIndex: 4_294_967_295 }, { Index: 2_147_483_647 }), {
    instruction_index: 4_294_967_295,
    tx_index: 2_147_483_647,
  });
});
