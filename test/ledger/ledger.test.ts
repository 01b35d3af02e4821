import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { run } from '../kafka/command.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { installAudit } from './audit.js';
import { assertLedger, takeLedger } from './ledger.js';
import { RunningLedger } from './running-ledger.js';
import { installPlaceIndex, RunningReader } from './running-reader.js';
import { SentLog } from './sent-log.js';

const SLOT = 400_000_000;
const SOURCE = { groupId: 'g', topic: 't', firstSlot: 0 };
const CLI = fileURLToPath(new URL('./run.js', import.meta.url));

const trade = (txIndex: number) => ({ slot: SLOT, txIndex, tradeIndex: 0, row: () => ({}) as never });

/** Trade 1; its repeat with trade 2; poison. */
function sentLog(): SentLog {
  const sent = new SentLog();
  sent.add({ partition: 0, timestampMs: 0, trades: [trade(1)], poison: null }, 0);
  sent.add({ partition: 0, timestampMs: 0, trades: [trade(1), trade(2)], poison: null }, 1);
  sent.add({ partition: 0, timestampMs: 0, trades: [], poison: 'random' }, 2);
  return sent;
}

describe('the ledger of a database', () => {
  let database: TestDatabase;
  let client: pg.Client;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-'));
    database = await testDatabase();
    client = new pg.Client(database.url);
    await client.connect();
    await installAudit(client);
    await installPlaceIndex(client);
    await client.query(`SELECT solana_dex_trades_add_partition(${SLOT})`);
  });
  after(async () => {
    await client.end();
    await database.drop();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    await client.query(
      'TRUNCATE kafka_offsets, offsets_audit, solana_dex_trades, ingest_dead_letters, ingest_gaps RESTART IDENTITY',
    );
    await client.query(
      `INSERT INTO kafka_offsets (group_id, topic, partition, next_offset, epoch, owner) VALUES ('g', 't', 0, 0, 1, 'first')`,
    );
  });

  const row = (txIndex: number, offset: number) =>
    `INSERT INTO solana_dex_trades (block_slot, tx_index, trade_index, is_router, success, kafka_partition, kafka_offset)
       VALUES (${SLOT}, ${txIndex}, 0, false, true, 0, ${offset})`;
  const letter = (offset: number) =>
    `INSERT INTO ingest_dead_letters
       (group_id, topic, partition, kafka_offset, payload, payload_format, stage, error_class, error_text)
       VALUES ('g', 't', 0, ${offset}, '', 'message', 'decode', 'malformed', 'poison')`;
  const gap = (from: number, to: number) =>
    `INSERT INTO ingest_gaps (group_id, topic, partition, from_offset, to_offset, reason)
       VALUES ('g', 't', 0, ${from}, ${to}, 'expired')`;
  const advance = (to: number) => `UPDATE kafka_offsets SET next_offset = ${to}`;

  /** Lands these statements in one transaction. */
  const land = (...statements: string[]) => client.query(`BEGIN; ${statements.join('; ')}; COMMIT`);

  async function kinds(): Promise<string[]> {
    const { findings, clean } = await takeLedger(client, SOURCE, sentLog());
    assert.equal(clean, findings.length === 0);
    return findings.map(({ kind, partition, offset }) => `${kind} ${partition}@${offset}`);
  }

  test('is clean where all that was sent landed with its position', async () => {
    await land(row(1, 0), advance(1));
    await land(row(2, 1), letter(2), advance(3));
    assert.deepEqual(await kinds(), []);
    assert.equal((await assertLedger(client, SOURCE, sentLog())).trades.landed, 2);
  });

  test('names a trade that is missing, and a position that is short', async () => {
    await land(row(1, 0), advance(2));
    assert.deepEqual(await kinds(), ['missing-trade 0@1', 'missing-dead-letter 0@2', 'wrong-position 0@2']);
  });

  test('names a row that nobody sent, and one that came of a repeat', async () => {
    await land(row(1, 1), row(2, 1), row(9, 1), letter(2), advance(3));
    assert.deepEqual((await kinds()).sort(), ['out-of-order-trade 0@1', 'unexplained-trade 0@1']);
  });

  test('names a trade that is there twice, where no key forbids it', async () => {
    await client.query('ALTER TABLE solana_dex_trades DROP CONSTRAINT solana_dex_trades_pkey');
    await land(row(1, 0), row(2, 1), row(2, 1), letter(2), advance(3));
    assert.deepEqual(await kinds(), ['duplicated-trade 0@1']);
    await client.query('TRUNCATE solana_dex_trades');
    await client.query('ALTER TABLE solana_dex_trades ADD PRIMARY KEY (block_slot, tx_index, trade_index)');
  });

  test('names dead letters that nobody planned or that came twice, and gaps', async () => {
    await land(row(1, 0), row(2, 1), letter(2), letter(2), letter(0), gap(1, 2), advance(3));
    assert.deepEqual((await kinds()).sort(), [
      'duplicated-dead-letter 0@2',
      'unexplained-dead-letter 0@0',
      'unexplained-gap 0@1',
    ]);
  });

  test('names a row that landed outside of the transaction that moved the position over it', async () => {
    await land(row(1, 0));
    await land(row(2, 1), letter(2), advance(3));
    assert.deepEqual(await kinds(), ['uncovered-row 0@0']);
  });

  test('throws with what is wrong, and where nothing was to land', async () => {
    await assert.rejects(
      assertLedger(client, SOURCE, sentLog()),
      /missing: trade 400000000\/1\/0, sent in partition 0 offset 0/,
    );
    const nothing = new SentLog();
    await assert.rejects(assertLedger(client, SOURCE, nothing), /proves nothing/);
  });

  test('is held while it runs from look to look, and each look shows only what is new', async () => {
    const ledger = new RunningLedger(sentLog());
    const reader = new RunningReader();
    const look = async () => ledger.apply(await reader.look(client)).map(({ kind, offset }) => `${kind} ${offset}`);
    await land(row(1, 0), advance(1));
    assert.deepEqual(await look(), []);
    assert.deepEqual(await look(), []);
    await land(letter(2), advance(3));
    assert.deepEqual(await look(), ['missing-trade 1']);
    await land(row(7, 5));
    assert.deepEqual(await look(), ['out-of-order-trade 5']);
    assert.equal(ledger.position(0), 3);
  });

  test('on the command line exits with 0 where it is clean and with 1 where not, and says what is wrong', async () => {
    const file = join(folder, 'sent.jsonl');
    sentLog().write(file);
    const ledger = (...more: string[]) =>
      run(process.execPath, [CLI, '--sent', file, '--database', database.url, ...more]);
    await land(row(1, 0), advance(1));
    const short = await ledger('--json');
    assert.equal(short.code, 1, short.stderr);
    const { clean, trades, findings } = JSON.parse(short.stdout);
    assert.deepEqual([clean, trades.missing], [false, 1]);
    assert.deepEqual(findings[0].kind, 'missing-trade');
    assert.match((await ledger()).stdout, /missing: trade 400000000\/2\/0, sent in partition 0 offset 1/);
    await land(row(2, 1), letter(2), advance(3));
    const whole = await ledger();
    assert.equal(whole.code, 0, whole.stdout + whole.stderr);
    assert.match(whole.stdout, /clean/);
    assert.equal((await ledger('--group', 'another')).code, 2);
    assert.equal((await run(process.execPath, [CLI])).code, 2);
  });
});
