import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import pg from 'pg';
import { encodeDexParsedBlockMessage } from '../../proto/full-codec.js';
import type { LetterReplayer } from '../../src/sink/letter-replay.js';
import { batchOf, createSink, encodeTrade, never, summary, TOPIC, tradesPart, until } from '../support/batches.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { ANY_LETTER, createReplayer, decodeHere, insertLetter, letterStates } from '../support/letters.js';
import { isLockWaitedFor } from '../support/lock-waits.js';
import { messageOf, SLOT, tradeOf, transactionOf } from '../support/messages.js';
import { TcpProxy } from '../support/tcp-proxy.js';

/** Two transactions, of two trades and of one. */
const MESSAGE = encodeDexParsedBlockMessage(
  messageOf([transactionOf([tradeOf(), tradeOf()]), transactionOf([tradeOf()], { Index: 6 })], {
    Slot: SLOT,
    ParentSlot: SLOT - 1,
    Timestamp: 1_760_000_000,
  }),
);
/** The second transaction cannot be keyed. */
const PARTLY = encodeDexParsedBlockMessage(
  messageOf([transactionOf([tradeOf()]), transactionOf([tradeOf()], { Index: 2 ** 31 })]),
);
const UNREADABLE = Uint8Array.of(0x12, 0xff, 0xff, 0xff, 0xff, 0x0f, 1);

async function scene(
  body: (database: TestDatabase, replayer: LetterReplayer) => Promise<void>,
  url: (database: TestDatabase) => string = ({ url }) => url,
): Promise<void> {
  const database = await testDatabase();
  const replayer = createReplayer(url(database));
  try {
    await body(database, replayer);
  } finally {
    await replayer.close();
    await database.drop();
  }
}

const keys = (database: TestDatabase): Promise<string[]> =>
  database
    .query<{ key: string }>(`SELECT tx_index || '/' || trade_index AS key FROM solana_dex_trades ORDER BY 1`)
    .then((rows) => rows.map(({ key }) => key));

const REPLAYED = { status: 'replayed', attempts: 1, replayed: true, lastClass: null };

describe('a replay of a message', () => {
  test('lands its trades and its slot header and marks the letter, once and for all', () =>
    scene(async (database, replayer) => {
      const id = await insertLetter(database, { payload: MESSAGE, partition: 2, offset: 41 });
      assert.deepEqual(await replayer.replay(id), { kind: 'replayed', rows: 3, duplicates: 0 });
      assert.deepEqual(await replayer.replay(id), { kind: 'done' });
      assert.deepEqual(await keys(database), ['5/0', '5/1', '6/0']);
      assert.deepEqual(await letterStates(database), [{ ...REPLAYED, rows: 3 }]);
      const places = await database.query(
        'SELECT DISTINCT kafka_partition AS p, kafka_offset::int AS o, block_slot::int AS s FROM solana_dex_trades',
      );
      assert.deepEqual(places, [{ p: 2, o: 41, s: SLOT }]);
      assert.deepEqual(
        await database.query('SELECT slot::int, parent_slot::int FROM solana_slots WHERE parent_slot IS NOT NULL'),
        [{ slot: SLOT, parent_slot: SLOT - 1 }],
      );
      assert.deepEqual(await database.query('SELECT FROM kafka_offsets'), [], 'positions are none of its business');
    }));

  test('adds nothing to transactions that have landed through a repeat, whole or in another shape', () =>
    scene(async (database, replayer) => {
      const repeat = encodeDexParsedBlockMessage(messageOf([transactionOf([tradeOf()])]));
      await replayer.replay(await insertLetter(database, { payload: repeat, offset: 3 }));
      const id = await insertLetter(database, { payload: MESSAGE, offset: 4 });
      assert.deepEqual(await replayer.replay(id), { kind: 'replayed', rows: 1, duplicates: 2 });
      assert.deepEqual(await keys(database), ['5/0', '6/0']);
      const again = await insertLetter(database, { payload: MESSAGE, offset: 5 });
      assert.deepEqual(await replayer.replay(again), { kind: 'replayed', rows: 0, duplicates: 3 });
      assert.deepEqual(await keys(database), ['5/0', '6/0']);
      assert.deepEqual(
        (await letterStates(database)).map(({ status, rows }) => [status, rows]),
        [
          ['replayed', 1],
          ['replayed', 1],
          ['replayed', 0],
        ],
      );
    }));

  test('that still does not decode leaves the letter open, counts the try and keeps both errors', () =>
    scene(async (database, replayer) => {
      const id = await insertLetter(database, { payload: UNREADABLE, errorClass: 'worker_crashed' });
      for (let tries = 1; tries <= 2; tries++) {
        const outcome = await replayer.replay(id);
        assert.ok(outcome.kind === 'failed');
        assert.equal(outcome.errorClass, 'truncated');
        assert.match(outcome.errorText, /reach over the end/);
        assert.deepEqual(await letterStates(database), [
          { status: 'new', attempts: tries, rows: 0, replayed: false, lastClass: 'truncated' },
        ]);
      }
      const [row] = await database.query('SELECT error_class, last_error_text FROM ingest_dead_letters');
      assert.equal(row?.error_class, 'worker_crashed');
      assert.match(String(row?.last_error_text), /reach over the end/);
    }));

  test('lands what decodes of it by now and leaves the letter open for the rest', () =>
    scene(async (database, replayer) => {
      const id = await insertLetter(database, { payload: PARTLY });
      const outcome = await replayer.replay(id);
      assert.ok(outcome.kind === 'partly');
      assert.deepEqual([outcome.rows, outcome.errorClass], [1, 'tx_index_out_of_range']);
      assert.equal((await replayer.replay(id)).kind, 'failed', 'nothing of it is new');
      assert.deepEqual(await keys(database), ['5/0']);
      assert.deepEqual(await letterStates(database), [
        { status: 'new', attempts: 2, rows: 1, replayed: false, lastClass: 'tx_index_out_of_range' },
      ]);
    }));

  test('works with a decoder that has been mended since', () =>
    scene(async (database, replayer) => {
      const id = await insertLetter(database, { payload: MESSAGE });
      const broken = createReplayer(database.url, async () => {
        const fault = { errorClass: 'invalid_wire', errorText: 'a bug of ours' };
        return { trades: new Uint8Array(0), rows: 0, slots: [], fault };
      });
      assert.equal((await broken.replay(id)).kind, 'failed');
      await broken.close();
      assert.deepEqual(await replayer.replay(id), { kind: 'replayed', rows: 3, duplicates: 0 });
      assert.deepEqual(await letterStates(database), [
        { status: 'replayed', attempts: 2, rows: 3, replayed: true, lastClass: 'invalid_wire' },
      ]);
    }));

  test('of which the database refuses a row lands nothing and says why', () =>
    scene(async (database, replayer) => {
      await database.query('ALTER TABLE solana_dex_trades ADD CONSTRAINT no_sixth CHECK (tx_index <> 6)');
      const id = await insertLetter(database, { payload: MESSAGE });
      const outcome = await replayer.replay(id);
      assert.ok(outcome.kind === 'failed');
      assert.equal(outcome.errorClass, 'sqlstate_23514');
      assert.deepEqual(await keys(database), []);
      await database.query('ALTER TABLE solana_dex_trades DROP CONSTRAINT no_sixth');
      assert.equal((await replayer.replay(id)).kind, 'replayed');
      assert.deepEqual(await keys(database), ['5/0', '5/1', '6/0']);
    }));

  test('with a late header marks the slots that the chain passed by', () =>
    scene(async (database, replayer) => {
      await database.query('INSERT INTO solana_slots (slot) VALUES ($1), ($2)', [SLOT - 1, SLOT - 3]);
      const header = { Slot: SLOT, ParentSlot: SLOT - 2, Timestamp: 1_760_000_000 };
      const payload = encodeDexParsedBlockMessage(messageOf([], header));
      assert.equal((await replayer.replay(await insertLetter(database, { payload }))).kind, 'replayed');
      const orphans = await database.query('SELECT slot::int FROM solana_slots WHERE orphaned');
      assert.deepEqual(orphans, [{ slot: SLOT - 1 }]);
    }));

  test('that holds nothing is done with, and one of a letter that is not there is told', () =>
    scene(async (database, replayer) => {
      const id = await insertLetter(database, { payload: new Uint8Array(0) });
      assert.deepEqual(await replayer.replay(id), { kind: 'replayed', rows: 0, duplicates: 0 });
      assert.deepEqual(await replayer.replay(id + 1), { kind: 'gone' });
    }));

  test('stops with what to do where the role may not', () =>
    scene(async (database) => {
      await database.query(`CREATE ROLE ${database.name} LOGIN PASSWORD 'reader'`);
      await database.query(`GRANT SELECT ON ingest_dead_letters TO ${database.name}`);
      const url = new URL(database.url);
      url.username = database.name;
      url.password = 'reader';
      const id = await insertLetter(database, { payload: UNREADABLE });
      const reader = createReplayer(url.href);
      await assert.rejects(reader.replay(id), { code: 'DATABASE_SCHEMA', message: /ingest_dead_letters/ });
      await reader.close();
      await database.query(`DROP OWNED BY ${database.name}`);
      await database.query(`DROP ROLE ${database.name}`);
    }));
});

describe('a replay of a row that the database refused', () => {
  const row = (fields: Parameters<typeof encodeTrade>[0]) =>
    encodeTrade({ block_slot: SLOT, tx_index: 5, kafka_partition: 1, kafka_offset: 9, ...fields });

  test('lands it beside the other rows of its transaction, once the constraint is gone', () =>
    scene(async (database, replayer) => {
      await database.query(`ALTER TABLE solana_dex_trades ADD CONSTRAINT no_evil CHECK (market <> 'evil')`);
      const sink = createSink(database.url);
      await sink.open();
      const claim = await sink.claim(TOPIC, 1, 9, never);
      const fields = [0, 1, 2].map((trade_index) => ({
        block_slot: SLOT,
        tx_index: 5,
        trade_index,
        market: trade_index === 1 ? 'evil' : 'good',
      }));
      await sink.write(0, batchOf(tradesPart(claim, 9, 10, fields)), never);
      await sink.close();
      assert.deepEqual(await keys(database), ['5/0', '5/2']);
      const [letter] = await database.query<{ id: string }>('SELECT id FROM ingest_dead_letters');
      const id = Number(letter?.id);
      const refused = await replayer.replay(id);
      assert.ok(refused.kind === 'failed');
      assert.equal(refused.errorClass, 'sqlstate_23514');
      await database.query('ALTER TABLE solana_dex_trades DROP CONSTRAINT no_evil');
      assert.deepEqual(await replayer.replay(id), { kind: 'replayed', rows: 1, duplicates: 0 });
      assert.deepEqual(await replayer.replay(id), { kind: 'done' });
      assert.deepEqual(await keys(database), ['5/0', '5/1', '5/2']);
      assert.deepEqual(await letterStates(database), [
        { status: 'replayed', attempts: 2, rows: 1, replayed: true, lastClass: 'sqlstate_23514' },
      ]);
    }));

  test('leaves a transaction alone that has landed from another message meanwhile', () =>
    scene(async (database, replayer) => {
      const other = encodeDexParsedBlockMessage(messageOf([transactionOf([tradeOf()])]));
      await replayer.replay(await insertLetter(database, { payload: other, partition: 1, offset: 12 }));
      for (const trade_index of [0, 1]) {
        const payload = row({ trade_index });
        const id = await insertLetter(database, { payload, format: 'copy-row' });
        assert.deepEqual(await replayer.replay(id), { kind: 'replayed', rows: 0, duplicates: 1 });
      }
      assert.deepEqual(await keys(database), ['5/0']);
    }));

  test('makes the table partition it needs, and tells of bytes that are no row', () =>
    scene(async (database, replayer) => {
      const far = await insertLetter(database, {
        payload: row({ block_slot: 10 * SLOT, trade_index: 0 }),
        format: 'copy-row',
      });
      assert.deepEqual(await replayer.replay(far), { kind: 'replayed', rows: 1, duplicates: 0 });
      const cases = [Uint8Array.of(0, 3), new Uint8Array(0), row({}).subarray(0, 50), Uint8Array.of(...row({}), 1)];
      for (const payload of cases) {
        const outcome = await replayer.replay(await insertLetter(database, { payload, format: 'copy-row' }));
        assert.ok(outcome.kind === 'failed', `${payload.length} bytes`);
        assert.equal(outcome.errorClass, 'row_format');
      }
    }));
});

describe('replays that are disturbed land every row once', () => {
  test('when two of them have the same letters at once', () =>
    scene(async (database) => {
      const ids: number[] = [];
      for (let offset = 0; offset < 20; offset++) {
        const value = messageOf([transactionOf([tradeOf(), tradeOf()], { Index: offset })]);
        ids.push(await insertLetter(database, { payload: encodeDexParsedBlockMessage(value), offset }));
      }
      const replayers = [1, 2, 3].map(() => createReplayer(database.url));
      const outcomes = await Promise.all(
        replayers.map(async (replayer) => {
          const kinds: string[] = [];
          for (const id of ids) kinds.push((await replayer.replay(id)).kind);
          return kinds;
        }),
      );
      await Promise.all(replayers.map((replayer) => replayer.close()));
      for (const [i] of ids.entries()) {
        assert.deepEqual(outcomes.map((kinds) => kinds[i]).sort(), ['done', 'done', 'replayed'], `letter ${i}`);
      }
      assert.equal((await keys(database)).length, 40);
      const states = await letterStates(database);
      assert.ok(states.every(({ rows, attempts }) => rows === 2 && attempts === 1));
    }));

  test('when the answer to the COMMIT is lost, which is told as what it was', async () => {
    const database = await testDatabase();
    const proxy = await new TcpProxy(Number(new URL(database.url).port)).listen();
    const replayer = createReplayer(proxy.url(database.url));
    const id = await insertLetter(database, { payload: MESSAGE });
    const lost = proxy.loseAnswerTo("status = 'replayed'");
    assert.deepEqual(await replayer.replay(id), { kind: 'replayed', rows: 3, duplicates: 0 });
    await lost;
    assert.deepEqual(await letterStates(database), [{ ...REPLAYED, rows: 3 }]);
    assert.equal((await keys(database)).length, 3);

    const other = await insertLetter(database, {
      payload: encodeDexParsedBlockMessage(messageOf([transactionOf([tradeOf()], { Index: 9 })])),
    });
    const cut = proxy.cutBefore("status = 'replayed'");
    assert.deepEqual(await replayer.replay(other), { kind: 'replayed', rows: 1, duplicates: 0 });
    await cut;
    assert.equal((await keys(database)).length, 4);
    await replayer.close();
    await proxy.close();
    await database.drop();
  });

  test('when an engine lands a repeat of the same transactions at the same moment', () =>
    scene(async (database, replayer) => {
      const id = await insertLetter(database, { payload: MESSAGE, offset: 1 });
      const sink = createSink(database.url);
      await sink.open();
      const claim = await sink.claim(TOPIC, 0, 0, never);
      const { trades, rows } = await decodeHere({ ...ANY_LETTER, payload: MESSAGE, offset: 0 }, null as never);
      const part = tradesPart(claim, 0, 1, [], { trades: [trades], tradeRows: rows, tradeBytes: trades.length });
      const holder = new pg.Client(database.url);
      await holder.connect();
      await holder.query('BEGIN; LOCK TABLE kafka_offsets IN EXCLUSIVE MODE');
      const waits = (what: string) => () => isLockWaitedFor(database, what);
      const written = sink.write(0, batchOf(part), never);
      await until('the engine has its rows and waits to commit', waits(`relation = 'kafka_offsets'::regclass`));
      const replayed = replayer.replay(id);
      await until('the replay waits for rows of the engine', waits(`locktype = 'transactionid'`));
      await holder.end();
      assert.deepEqual(summary(await written), [{ kind: 'landed', rowsInserted: 3, rowsDuplicate: 0 }]);
      assert.deepEqual(await replayed, { kind: 'replayed', rows: 0, duplicates: 3 });
      assert.deepEqual(await keys(database), ['5/0', '5/1', '6/0']);
      await sink.close();
    }));
});
