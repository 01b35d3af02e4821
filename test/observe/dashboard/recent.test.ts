import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RecentReader } from '../../../src/observe/dashboard/recent.js';
import { until } from '../../kafka/until.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { GROUP, seedDatabase, TOPIC } from './seed.js';

const ACTIVITY = "SELECT pid FROM pg_stat_activity WHERE application_name = 'solana-trades-dashboard' AND datname = $1";

describe('what the page reads from the database', () => {
  let database: TestDatabase;
  let nowMs = 1_000_000;
  let allowed = true;
  const errors: string[] = [];

  function reader(changes: { databaseUrl?: string; groupId?: string } = {}): RecentReader {
    return new RecentReader({
      databaseUrl: database.url,
      groupId: GROUP,
      topic: TOPIC,
      allowed: () => allowed,
      onError: (error) => errors.push(error.message),
      now: () => nowMs,
      ...changes,
    });
  }

  /** Reads until it has read: what a busy machine has no time for is tried again. */
  async function hasRead(recent: RecentReader): Promise<void> {
    await until('it has read', async () => {
      nowMs += 20_000;
      recent.looked();
      await recent.tick();
      return recent.recent !== null;
    });
    errors.length = 0;
  }

  before(async () => {
    database = await testDatabase();
    await seedDatabase(database);
  });
  after(() => database.drop());

  it('is the newest trades with their names, offsets with their owners, dead letters and gaps', async () => {
    const recent = reader();
    await hasRead(recent);
    const { trades, offsets, deadLetters, gaps } = recent.recent!;
    assert.equal(trades.length, 12);
    const [newest] = trades;
    assert.deepEqual(
      [newest?.venue, newest?.side, newest?.price, newest?.amount_usd],
      ['pump_amm', 'buy', 0.0000219, 20],
    );
    assert.deepEqual([newest?.base_symbol, newest?.quote_symbol], ['BONK', 'WSOL']);
    assert.equal(new Set(trades.map(({ signature }) => signature)).size, 12);
    assert.deepEqual(
      offsets.map(({ partition, owner, next_offset }) => [partition, owner, next_offset]),
      [
        [0, 'host-1-abcdef', 100],
        [1, 'host-2-fedcba', 2_000],
      ],
    );
    assert.deepEqual(
      deadLetters.map((row) => [row.class, row.count, row.newest_text]),
      [['truncated', 2, 'cut off: second']],
    );
    assert.equal(gaps, 1);
    await recent.close();
  });

  it('is not read while nobody looks, and its connection goes when nobody does any more', async () => {
    const recent = reader();
    await recent.tick();
    assert.deepEqual([recent.recent, recent.connected], [null, false]);
    await hasRead(recent);
    assert.equal((await database.query(ACTIVITY, [database.name])).length, 1);
    nowMs += 60_000;
    await recent.tick();
    assert.deepEqual([recent.recent, recent.connected], [null, false]);
    while ((await database.query(ACTIVITY, [database.name])).length > 0) await new Promise(setImmediate);
    await recent.close();
  });

  it('is read every few seconds at most, and not while the database is ill', async () => {
    const recent = reader();
    await hasRead(recent);
    const first = recent.recent;
    nowMs += 1_000;
    await recent.tick();
    assert.equal(recent.recent, first);
    nowMs += 4_000;
    allowed = false;
    await recent.tick();
    assert.equal(recent.recent, first);
    allowed = true;
    await recent.tick();
    assert.notEqual(recent.recent, first);
    await recent.close();
  });

  it('is shown without names to a role that may not read the tokens', async () => {
    const role = `dashboard_${database.name}`;
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
    await database.query(
      `GRANT SELECT ON solana_dex_trades, solana_slots, kafka_offsets, ingest_dead_letters, ingest_gaps TO ${role}`,
    );
    const url = new URL(database.url);
    url.username = role;
    url.password = 'x';
    const recent = reader({ databaseUrl: url.href });
    await hasRead(recent);
    assert.deepEqual([recent.recent?.trades[0]?.base_symbol, recent.recent?.trades[0]?.quote_symbol], [null, 'WSOL']);
    await recent.close();
    await database.query(`DROP OWNED BY ${role}`);
    await database.query(`DROP ROLE ${role}`);
  });

  it('is told of once and tried again later where it cannot be read', async () => {
    const recent = reader({ databaseUrl: 'postgres://nobody@127.0.0.1:1/nothing' });
    recent.looked();
    await recent.tick();
    assert.equal(errors.length, 1);
    assert.deepEqual([recent.recent, recent.connected], [null, false]);
    nowMs += 5_000;
    recent.looked();
    await recent.tick();
    assert.equal(errors.length, 1);
    nowMs += 15_000;
    recent.looked();
    await recent.tick();
    assert.equal(errors.length, 2);
    await recent.close();
  });
});
