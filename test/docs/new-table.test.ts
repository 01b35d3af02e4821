import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type PageChecks, testPage } from '../support/doc-page.js';
import { roledDatabase, script } from '../support/least-privilege.js';
import { landCapture, withMarket } from './market.js';
import { captureStage, type DatabaseStage } from './stages.js';
import { baseOf, groupBy, type LandedTrade, landedMarket, sum } from './trades.js';

const BUCKET_SLOTS = 150;

interface Candle {
  readonly key: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly trades: number;
  readonly base: number;
}

/** The candles the landed rows give, worked out here. */
async function expected({ database }: DatabaseStage): Promise<Candle[]> {
  const { effective } = await landedMarket(database);
  const priced = effective.filter(({ side, price }) => side !== null && (price ?? 0) > 0);
  const groups = groupBy(priced, ({ slot, market }) => `${Math.floor(slot / BUCKET_SLOTS)} ${market}`);
  return [...groups].map(([key, group]) => candleOf(key, group)).sort(byKey);
}

function candleOf(key: string, group: readonly LandedTrade[]): Candle {
  const prices = group.map(({ price }) => price ?? 0);
  const [open = 0, close = 0] = [prices[0], prices.at(-1)];
  return {
    key,
    open,
    high: Math.max(...prices),
    low: Math.min(...prices),
    close,
    trades: group.length,
    base: sum(group.map(baseOf)),
  };
}

async function kept({ database }: DatabaseStage): Promise<Candle[]> {
  const rows = await database.query<Candle>(
    `SELECT bucket || ' ' || market AS key, open, high, low, close, trades::int AS trades, base_volume AS base FROM market_candles`,
  );
  return rows.sort(byKey);
}

const byKey = (a: Candle, b: Candle): number => (a.key < b.key ? -1 : 1);

/** Sums of doubles depend on their order in the last digits. */
const rounded = (candles: readonly Candle[]) =>
  candles.map((candle) => ({ ...candle, base: candle.base.toPrecision(9) }));

async function agree(stage: DatabaseStage): Promise<void> {
  const candles = await kept(stage);
  assert.ok(candles.length > 10);
  assert.deepEqual(rounded(candles), rounded(await expected(stage)));
}

async function marks({ database }: DatabaseStage): Promise<number> {
  const [row] = await database.query<{ marks: number }>('SELECT count(*)::int AS marks FROM market_candles_todo');
  return row?.marks ?? -1;
}

const CHECKS: PageChecks<DatabaseStage> = {
  'node dist/src/main.cjs replay market.capture': async ({ stage }) => assert.ok((await marks(stage)) > 0),
  '-- Work off what is marked': async ({ stage }) => {
    assert.equal(await marks(stage), 0);
    await agree(stage);
  },
  '-- Candles that are not what the trades say': async ({ rows, stage }) => {
    assert.deepEqual(rows, []);
    // A slot that turns out orphaned later takes its trades out of candles that had them.
    const before = await kept(stage);
    const [orphan] = await stage.database.query<{ slot: string }>(
      'UPDATE solana_slots SET orphaned = true WHERE slot = (SELECT max(block_slot) FROM dex_trades WHERE side IS NOT NULL AND price > 0) RETURNING slot',
    );
    assert.equal(await marks(stage), 1);
    await stage.database.query('SELECT market_candles_refresh()');
    const after = await kept(stage);
    assert.notDeepEqual(after, before);
    const [differing] = await stage.database.query<{ trades: number }>(
      'SELECT (SELECT sum(trades) FROM market_candles)::int - (SELECT count(*) FROM dex_trades WHERE side IS NOT NULL AND price > 0)::int AS trades',
    );
    assert.equal(differing?.trades, 0);
    await stage.database.query('UPDATE solana_slots SET orphaned = false WHERE slot = $1', [orphan?.slot]);
    await stage.database.query('SELECT market_candles_refresh()');
    assert.deepEqual(rounded(await kept(stage)), rounded(before));
  },
  '-- ... and worked off': ({ stage }) => agree(stage),
};

testPage('docs/write-a-new-table.md', captureStage, CHECKS);

it('a trigger of one’s own that fails does as docs/write-a-new-table.md says', () =>
  withMarket(async (capture) => {
    const database = await roledDatabase();
    const failing = (body: string) =>
      script(
        database.url,
        `CREATE OR REPLACE FUNCTION failing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN NULL; END $$;
         CREATE OR REPLACE TRIGGER failing AFTER INSERT ON solana_dex_trades
           REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION failing()`,
      );
    try {
      await failing('INSERT INTO gone SELECT 1;');
      await assert.rejects(
        landCapture(capture, database, 'gone'),
        /relation \\+"gone\\+" does not exist.*DATABASE_SCHEMA/,
      );
      await failing('PERFORM 1 / (CASE WHEN EXISTS (SELECT FROM changed WHERE trade_index = 2) THEN 0 ELSE 1 END);');
      await landCapture(capture, database, 'division');
      const [letters] = await database.query<{ rows: number; refused: number }>(
        `SELECT (SELECT count(*) FROM solana_dex_trades WHERE trade_index < 2)::int AS rows,
           (SELECT count(*) FROM ingest_dead_letters WHERE error_class = 'sqlstate_22012')::int AS refused`,
      );
      assert.ok(letters !== undefined && letters.rows > 1_000 && letters.refused > 0);
    } finally {
      await database.drop();
    }
  }));
