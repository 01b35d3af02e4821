import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../../src/sink/connection.js';
import { SolVolumes } from '../../src/sink/sol-volume.js';
import { batchOf, createSink, never, SLOT, TOPIC, type TradeFields, tradesPart } from '../support/batches.js';
import { testDatabase } from '../support/database.js';
import { USDC, WRAPPED_SOL } from '../support/messages.js';

test('the SOL price of a time is told by the SOL/stablecoin trades that landed around it, and by no single one', async () => {
  const database = await testDatabase();
  const sink = createSink(database.url);
  await sink.open();
  const claim = await sink.claim(TOPIC, 0, 0, never);
  const sol = (price_usd: number, amount_usd: number, more: TradeFields = {}): TradeFields => ({
    base_mint: WRAPPED_SOL,
    quote_mint: USDC,
    price_usd,
    amount_usd,
    usd_source: 'stablecoin',
    ...more,
  });
  const fields = [
    sol(180, 900),
    sol(182, 1_000_000), // weighs no more than 10,000
    sol(184, 92),
    sol(4_000, 5_000),
    sol(180, 0.5),
    sol(90, 1_000, { success: false }),
    sol(95, 1_000, { is_router: true }),
    sol(100, 1_000, { usd_source: 'sol_reference' }),
    sol(110, 1_000, { base_mint: USDC }),
    sol(120, 1_000, { block_slot: SLOT - 5_000 }),
  ];
  const trades = fields.map((trade, tx_index) => ({ block_slot: SLOT, tx_index, ...trade }));
  await sink.write(0, batchOf(tradesPart(claim, 0, 1, trades)), never);
  await sink.close();
  const options = { url: database.url, applicationName: 'test', stallTimeoutMs: 5_000, lockTimeoutMs: 0 };
  const connection = await Connection.open(options);
  const volumes = new SolVolumes();
  const volume = await volumes.near(connection, SLOT + 10);
  assert.equal(volume.trades, 3);
  assert.ok(Math.abs(volume.usd - (900 + 10_000 + 92)) < 1e-6);
  assert.ok(Math.abs(volume.sol - (900 / 180 + 10_000 / 182 + 92 / 184)) < 1e-6);
  assert.equal(await volumes.near(connection, SLOT + 40), volume, 'is not asked again for its neighbours');
  assert.deepEqual(await volumes.near(connection, SLOT + 1_000), { sol: 0, usd: 0, trades: 0 });
  await connection.end();
  await database.drop();
});
