import assert from 'node:assert/strict';
import { type PageChecks, type Row, testPage } from '../support/doc-page.js';
import { script } from '../support/least-privilege.js';
import { type DatabaseStage, marketStage } from './stages.js';
import { baseOf, groupBy, type LandedMarket, type LandedTrade, landedMarket, quoteOf, sum } from './trades.js';

interface Stage extends DatabaseStage {
  readonly market: LandedMarket;
  /** The market that the page's MARKET stands for. */
  readonly chosen: string;
}

const TOLERANCE = 1e-9;

/** Trades whose two values in USD disagree, worth more than all others: the generator makes none. */
const DOUBTFUL = `
  CREATE TEMP TABLE doubtful AS SELECT * FROM solana_dex_trades WHERE success AND NOT is_router AND side IS NOT NULL AND amount_usd > 0 ORDER BY 1, 2, 3 LIMIT 5;
  UPDATE doubtful SET trade_index = trade_index + 100, amount_usd = 1e7, price_usd = 1e7, price_asymmetry = 0.8, market = market || '1', trader = trader || '1';
  INSERT INTO solana_dex_trades SELECT * FROM doubtful`;

async function open(): Promise<Stage> {
  const stage = await marketStage();
  await script(stage.database.url, DOUBTFUL);
  const chosen = stage.folder.replaced("'MARKET'").slice(1, -1);
  return { ...stage, market: await landedMarket(stage.database), chosen };
}

/** Numbers of a query against those reckoned here: the same keys, in any order, and values that are as good as equal. */
function same(
  rows: readonly Row[],
  key: string,
  expected: ReadonlyMap<string, Readonly<Record<string, number | null>>>,
): void {
  assert.deepEqual(rows.map((row) => row[key]).sort(), [...expected.keys()].sort());
  for (const row of rows)
    for (const [name, value] of Object.entries(expected.get(row[key] ?? '') ?? {}))
      near(row[name], value, `${row[key]} ${name}`);
}

function near(found: string | null | undefined, expected: number | null, what: string): void {
  if (expected === null) assert.equal(found, null, what);
  else
    assert.ok(
      Math.abs(Number(found) - expected) <= TOLERANCE * Math.abs(expected),
      `${what}: ${found}, expected ${expected}`,
    );
}

const agrees = ({ asymmetry }: LandedTrade): boolean => (asymmetry ?? 0) <= 0.1;

function mapped<T>(groups: ReadonlyMap<string, T[]>, of: (group: T[]) => Record<string, number | null>) {
  return new Map([...groups].map(([key, group]) => [key, of(group)]));
}

/** Sum of what is known, null where nothing is. */
function usdOf(trades: readonly LandedTrade[]): number | null {
  const known = trades.filter(({ usd }) => usd !== null);
  return known.length === 0 ? null : sum(known.map(({ usd }) => usd));
}

function candle(trades: readonly LandedTrade[]): Record<string, number | null> {
  const prices = trades.map(({ price }) => price ?? 0);
  const [open = 0, close = 0] = [prices[0], prices.at(-1)];
  return { open, close, high: Math.max(...prices), low: Math.min(...prices), trades: trades.length };
}

const priced = ({ side, price }: LandedTrade): boolean => side !== null && (price ?? 0) > 0;

/** Bins are named as PostgreSQL prints their start. */
function binned(trades: readonly LandedTrade[], minutes: number): Map<string, LandedTrade[]> {
  const width = minutes * 60_000;
  return groupBy(trades, ({ timeMs }) =>
    new Date(timeMs - (timeMs % width)).toISOString().replace('T', ' ').replace('.000Z', '+00'),
  );
}

/** Legs by mint, what was sold below zero. */
function legs(trades: readonly LandedTrade[]) {
  return trades.flatMap((trade) => [
    { mint: trade.boughtMint, amount: trade.bought ?? 0, usd: trade.usd === null ? null : -trade.usd },
    { mint: trade.soldMint, amount: -(trade.sold ?? 0), usd: trade.usd },
  ]);
}

const CHECKS: PageChecks<Stage> = {
  '-- Volume per venue': ({ rows, stage: { market } }) => {
    const trades = market.effective.filter((trade) => trade.side !== null && agrees(trade));
    const venue = (group: LandedTrade[]) => ({
      trades: group.length,
      usd: usdOf(group),
      without_usd: group.filter(({ usd }) => usd === null).length,
    });
    same(
      rows,
      'program',
      mapped(
        groupBy(trades, ({ program }) => program),
        venue,
      ),
    );
  },
  '-- Volume of each token, SOL and the stablecoins left out': ({ rows, stage: { market } }) => {
    const groups = groupBy(legs(market.effective), ({ mint }) => mint);
    for (const { mint, trades, usd } of rows) {
      const group = groups.get(mint ?? '') ?? [];
      assert.equal(Number(trades), group.length);
      near(usd, sum(group.map((leg) => (leg.usd === null ? null : Math.abs(leg.usd)))), `volume of ${mint}`);
    }
  },
  '-- Candles of any width': ({ rows, stage: { market, chosen } }) => {
    const trades = market.effective.filter((trade) => trade.market === chosen && priced(trade));
    same(
      rows,
      'start',
      mapped(binned(trades, 5), (group) => ({ ...candle(group), usd: usdOf(group) })),
    );
  },
  '-- Candles of a minute, from the view': ({ rows, stage: { market, chosen } }) => {
    const trades = market.effective.filter((trade) => trade.market === chosen && priced(trade));
    const volumes = (group: LandedTrade[]) => ({
      base_volume: sum(group.map(baseOf)),
      quote_volume: sum(group.map(quoteOf)),
      usd_volume: usdOf(group),
    });
    same(
      rows,
      'minute',
      mapped(binned(trades, 1), (group) => ({ ...candle(group), ...volumes(group) })),
    );
  },
  '-- Candles without holes: a minute without a trade keeps the close before it': ({ rows }) => {
    const minutes = rows.map(({ minute }) => Date.parse(minute ?? ''));
    assert.ok(minutes.every((minute, i) => i === 0 || minute - minutes[i - 1]! === 60_000));
    for (const [i, { trades, open: opened }] of rows.entries())
      if (trades === '0') assert.equal(opened, rows[i - 1]?.close);
  },
  '-- Price by volume (VWAP) per market': ({ rows, stage: { market } }) => {
    const vwap = (group: LandedTrade[]) => ({
      vwap: sum(group.map(quoteOf)) / sum(group.map(baseOf)),
      trades: group.length,
    });
    same(
      rows,
      'market',
      mapped(
        groupBy(market.effective.filter(priced), (trade) => trade.market ?? ''),
        vwap,
      ),
    );
  },
  '-- Last price of each market': ({ rows, stage: { market } }) => {
    const last = (group: LandedTrade[]) => ({ price: group.at(-1)?.price ?? null });
    const trades = market.effective.filter(({ price }) => (price ?? 0) > 0);
    same(
      rows,
      'market',
      mapped(
        groupBy(trades, (trade) => trade.market ?? ''),
        last,
      ),
    );
  },
  '-- SOL in USD per minute, from pools of SOL and a stablecoin': ({ rows }) => {
    for (const { minute, sol_usd: price } of rows)
      assert.ok(Number(price) > 185 && Number(price) < 190, `${minute}: ${price}`); // the generator's is 187.5
  },
  '-- Top traders by volume': ({ rows, stage: { market } }) => {
    const groups = groupBy(market.effective.filter(agrees), ({ trader }) => trader);
    const expected = [...groups]
      .map(([trader, group]) => ({ trader, usd: usdOf(group) ?? 0 }))
      .sort((a, b) => b.usd - a.usd);
    assert.deepEqual(
      rows.map(({ trader }) => trader),
      expected.slice(0, 20).map(({ trader }) => trader),
    );
    for (const [i, { usd }] of rows.entries()) near(usd, expected[i]?.usd ?? 0, `trader ${i}`);
  },
  '-- What a trader did to each token': ({ rows, stage: { market, folder } }) => {
    const trader = folder.replaced("'TRADER'").slice(1, -1);
    const groups = groupBy(legs(market.effective.filter((trade) => trade.trader === trader)), ({ mint }) => mint);
    assert.equal(rows.length, groups.size);
    for (const { mint, trades, net_usd: usd } of rows) {
      const group = groups.get(mint ?? '') ?? [];
      assert.equal(Number(trades), group.length);
      assert.ok(
        Math.abs(Number(usd) - sum(group.map((leg) => leg.usd))) <
          1e-6 * sum(group.map((leg) => Math.abs(leg.usd ?? 0))) + 1e-6,
        `${mint}`,
      );
    }
  },
  "-- Network fees per payer: the fee is the transaction's and stands on each of its trades": ({
    rows,
    stage: { market },
  }) => {
    const transactions = [...groupBy(market.effective, ({ slot, txIndex }) => `${slot} ${txIndex}`).values()].map(
      ([first]) => first!,
    );
    const fees = (group: LandedTrade[]) => ({
      transactions: group.length,
      sol: sum(group.map(({ feeLamports }) => feeLamports)) / 1e9,
    });
    const expected = mapped(
      groupBy(transactions, ({ feePayer }) => feePayer),
      fees,
    );
    for (const { fee_payer: payer, transactions: count, sol } of rows) {
      assert.equal(Number(count), expected.get(payer ?? '')?.transactions);
      near(sol, expected.get(payer ?? '')?.sol ?? 0, `fees of ${payer}`);
    }
  },
  '-- Wash-like repeats: one trader buys and sells about the same amount in one market within 50 slots': ({
    rows,
    stage: { market },
  }) => {
    const sells = groupBy(
      market.effective.filter(({ side }) => side === 'sell'),
      (trade) => `${trade.trader} ${trade.market}`,
    );
    const pairs = new Map<string, number>();
    for (const buy of market.effective.filter(({ side, bought }) => side === 'buy' && (bought ?? 0) > 0)) {
      const key = `${buy.trader} ${buy.market}`;
      const matching = (sells.get(key) ?? []).filter(
        ({ slot, sold }) =>
          Math.abs(slot - buy.slot) <= 50 && (sold ?? 0) >= 0.9 * buy.bought! && (sold ?? 0) <= 1.1 * buy.bought!,
      );
      if (matching.length > 0) pairs.set(key, (pairs.get(key) ?? 0) + matching.length);
    }
    assert.equal(rows.length, Math.min(20, pairs.size));
    for (const row of rows) assert.equal(Number(row.pairs), pairs.get(`${row.trader} ${row.market}`));
  },
  '-- What a sum over the table itself would count twice': ({ rows, stage: { market } }) => {
    const landed = market.all.filter(({ success, slot }) => success && !market.orphans.has(slot));
    same(
      rows,
      'is_router',
      mapped(
        groupBy(landed, ({ isRouter }) => (isRouter ? 't' : 'f')),
        (group) => ({ rows: group.length, usd: usdOf(group) }),
      ),
    );
  },
  '-- What each router moved, as it says itself': ({ rows, stage: { market } }) => {
    const routed = groupBy(
      market.all.filter(({ isRouter, success }) => isRouter && success),
      ({ program }) => program,
    );
    same(
      rows,
      'program',
      mapped(routed, (group) => ({ swaps: group.length, usd: usdOf(group) })),
    );
  },
  '-- Cautious volume beside the plain one': ({ rows: [row], stage: { market } }) => {
    near(row?.plain, usdOf(market.effective), 'plain volume');
    near(
      row?.cautious,
      usdOf(market.effective.filter((trade) => trade.side !== null && agrees(trade))),
      'cautious volume',
    );
    assert.ok(Number(row?.plain) > Number(row?.cautious) + 4e7);
  },
  '-- The most doubtful values': ({ rows, stage: { market } }) =>
    assert.equal(rows.length, market.effective.filter((trade) => !agrees(trade)).length),
  '-- Failed transactions per venue: their trades never happened': ({ rows, stage: { market } }) => {
    const failed = (group: LandedTrade[]) => ({
      failed: group.filter(({ success }) => !success).length,
      rows: group.length,
    });
    same(
      rows,
      'program',
      mapped(
        groupBy(market.all, ({ program }) => program),
        failed,
      ),
    );
  },
  '-- Trades that were taken back': ({ rows, stage: { market } }) => {
    const groups = groupBy(
      market.all.filter(({ slot }) => market.orphans.has(slot)),
      ({ slot }) => String(slot),
    );
    assert.equal(rows.length, Math.min(20, groups.size));
    for (const { slot, trades } of rows) assert.equal(Number(trades), groups.get(slot ?? '')?.length);
  },
  '-- Only what is settled: 150 slots, about a minute, behind the newest header': ({
    rows: [row],
    stage: { market },
  }) => {
    const settled = market.effective.filter(({ slot }) => slot <= market.newestHeader - 150);
    assert.equal(Number(row?.trades), settled.length);
    near(row?.usd, usdOf(settled), 'settled volume');
  },
  '-- How much is NULL': ({
    rows: [row],
    stage: {
      market: { effective },
    },
  }) => {
    assert.equal(Number(row?.trades), effective.length);
    assert.equal(Number(row?.side), effective.filter(({ side }) => side === null).length);
    assert.equal(Number(row?.amount_usd), effective.filter(({ usd }) => usd === null).length);
  },
};

testPage('docs/query-the-data.md', open, CHECKS);
