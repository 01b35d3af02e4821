import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PostgresSink } from '../../src/sink/postgres-sink.js';
import type { Claim } from '../../src/sink/sink.js';
import {
  batchOf,
  countTrades,
  createSink,
  encodeTrade,
  never,
  positions,
  SLOT,
  summary,
  TOPIC,
  trades,
  tradesPart,
} from '../support/batches.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

async function withSink(body: (sink: PostgresSink, database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await testDatabase();
  const sink = createSink(database.url);
  try {
    await sink.open();
    await body(sink, database);
  } finally {
    await sink.close();
    await database.drop();
  }
}

const claim = (sink: PostgresSink, partition = 0, start = 100): Promise<Claim> =>
  sink.claim(TOPIC, partition, start, never);

describe('a claim', () => {
  test('of a partition without a position starts where it is told', () =>
    withSink(async (sink) => {
      assert.equal(await sink.position(TOPIC, 3, never), null);
      assert.deepEqual(await claim(sink, 3, 77), {
        topic: TOPIC,
        partition: 3,
        epoch: 1,
        nextOffset: 77,
        previousOwner: null,
      });
      assert.equal(await sink.position(TOPIC, 3, never), 77);
    }));

  test('of a partition with a position raises the epoch, keeps the position and names the owner before', () =>
    withSink(async (sink, database) => {
      await claim(sink);
      const other = createSink(database.url, { ownerId: 'owner-b' });
      await other.open();
      assert.deepEqual(await claim(other, 0, 5), {
        topic: TOPIC,
        partition: 0,
        epoch: 2,
        nextOffset: 100,
        previousOwner: 'owner-a',
      });
      await other.close();
    }));
});

describe('a batch', () => {
  test('lands rows of several partitions with their positions', () =>
    withSink(async (sink, database) => {
      const [first, second] = [await claim(sink, 0), await claim(sink, 1, 0)];
      const outcomes = await sink.write(
        0,
        batchOf(
          tradesPart(first, 100, 110, trades(3)),
          tradesPart(
            second,
            0,
            4,
            trades(2, (i) => ({ tx_index: 10 + i, market: 'pool' })),
          ),
        ),
        never,
      );
      assert.deepEqual(summary(outcomes), [
        { kind: 'landed', rowsInserted: 3, rowsDuplicate: 0 },
        { kind: 'landed', rowsInserted: 2, rowsDuplicate: 0 },
      ]);
      assert.equal(await countTrades(database), 5);
      assert.deepEqual(await positions(database), { 0: 110, 1: 4 });
      const rows = await database.query(
        'SELECT tx_index, market, kafka_partition FROM solana_dex_trades WHERE market IS NOT NULL ORDER BY 1',
      );
      assert.deepEqual(rows, [
        { tx_index: 10, market: 'pool', kafka_partition: 1 },
        { tx_index: 11, market: 'pool', kafka_partition: 1 },
      ]);
    }));

  test('without rows moves the position', () =>
    withSink(async (sink, database) => {
      const outcomes = await sink.write(1, batchOf(tradesPart(await claim(sink), 100, 250)), never);
      assert.deepEqual(summary(outcomes), [{ kind: 'landed', rowsInserted: 0, rowsDuplicate: 0 }]);
      assert.deepEqual(await positions(database), { 0: 250 });
    }));

  test('may hold stretches of one partition that follow one another', () =>
    withSink(async (sink, database) => {
      const mine = await claim(sink);
      await sink.write(
        0,
        batchOf(
          tradesPart(mine, 100, 110, trades(1)),
          tradesPart(mine, 110, 120, [{ block_slot: SLOT + 1, tx_index: 0 }]),
        ),
        never,
      );
      assert.deepEqual(await positions(database), { 0: 120 });
      assert.equal(await countTrades(database), 2);
    }));

  test('makes the table partitions it needs, for any slot there can be', () =>
    withSink(async (sink, database) => {
      const slots = [0, 215_999, 216_000, SLOT, Number.MAX_SAFE_INTEGER];
      await sink.write(
        0,
        batchOf(
          tradesPart(
            await claim(sink),
            100,
            101,
            slots.map((slot) => ({ block_slot: slot, tx_index: 0 })),
          ),
        ),
        never,
      );
      const rows = await database.query<{ block_slot: string }>('SELECT block_slot FROM solana_dex_trades ORDER BY 1');
      assert.deepEqual(
        rows.map((row) => Number(row.block_slot)),
        slots,
      );
    }));

  test('keeps the raw bytes of what could not be decoded', () =>
    withSink(async (sink, database) => {
      const failure = {
        offset: 103,
        timestampMs: 1_700_000_000_123,
        key: new Uint8Array([1, 0, 255]),
        payload: new Uint8Array([0, 1, 2, 254]),
        errorClass: 'truncated',
        errorText: 'ended \0 early',
      };
      const part = tradesPart(await claim(sink), 100, 110, trades(1), {
        failures: [failure, { ...failure, offset: 104, timestampMs: 1e300, key: null }],
      });
      await sink.write(0, batchOf(part), never);
      const rows = await database.query(
        `SELECT kafka_offset, kafka_timestamp, kafka_key, payload, payload_format, stage, error_class, error_text, status FROM ingest_dead_letters ORDER BY id`,
      );
      const expected = {
        kafka_offset: '103',
        kafka_timestamp: new Date(1_700_000_000_123),
        kafka_key: Buffer.from([1, 0, 255]),
        payload: Buffer.from([0, 1, 2, 254]),
        payload_format: 'message',
        stage: 'decode',
        error_class: 'truncated',
        error_text: 'ended \ufffd early',
        status: 'new',
      };
      assert.deepEqual(rows, [expected, { ...expected, kafka_offset: '104', kafka_timestamp: null, kafka_key: null }]);
    }));

  test('that counts its rows wrongly is refused whole', () =>
    withSink(async (sink, database) => {
      const part = { ...tradesPart(await claim(sink), 100, 110, trades(3)), tradeRows: 2 };
      await assert.rejects(sink.write(0, batchOf(part), never), { code: 'INVARIANT' });
      assert.equal(await countTrades(database), 0);
      assert.deepEqual(await positions(database), { 0: 100 });
    }));
});

describe('the offsets row decides:', () => {
  test('a part of an older epoch is fenced and the rest of the batch lands', () =>
    withSink(async (sink, database) => {
      const [lost, kept] = [await claim(sink, 0), await claim(sink, 1)];
      await createSinkAndClaim(database, 0);
      const outcomes = await sink.write(
        0,
        batchOf(
          tradesPart(lost, 100, 110, trades(2)),
          tradesPart(
            kept,
            100,
            105,
            trades(1, () => ({ tx_index: 9 })),
          ),
        ),
        never,
      );
      assert.deepEqual(summary(outcomes), [
        { kind: 'fenced', epoch: 2 },
        { kind: 'landed', rowsInserted: 1, rowsDuplicate: 0 },
      ]);
      assert.equal(await countTrades(database), 1);
      assert.deepEqual(await positions(database), { 0: 100, 1: 105 });
    }));

  test('a part that has landed already is not written again', () =>
    withSink(async (sink, database) => {
      const part = tradesPart(await claim(sink), 100, 110, trades(2));
      await sink.write(0, batchOf(part), never);
      assert.deepEqual(summary(await sink.write(0, batchOf(part), never)), [
        { kind: 'landed', rowsInserted: 2, rowsDuplicate: 0 },
      ]);
      assert.equal(await countTrades(database), 2);
    }));

  test('a part beyond the position is rewound', () =>
    withSink(async (sink, database) => {
      const mine = await claim(sink);
      await sink.write(0, batchOf(tradesPart(mine, 100, 110, trades(2))), never);
      await database.query('UPDATE kafka_offsets SET next_offset = 104');
      await database.query('DELETE FROM solana_dex_trades');
      assert.deepEqual(summary(await sink.write(0, batchOf(tradesPart(mine, 110, 120)), never)), [
        { kind: 'rewound', nextOffset: 104 },
      ]);
      assert.deepEqual(await positions(database), { 0: 104 });
    }));

  test('a claim the database has forgotten is put back, and the part is rewound', () =>
    withSink(async (sink, database) => {
      await claim(sink);
      const mine = await claim(sink);
      await database.query(
        `UPDATE kafka_offsets SET next_offset = 90, epoch = 1, owner = 'an earlier one', claimed_at = claimed_at - interval '1 hour'`,
      );
      assert.deepEqual(summary(await sink.write(0, batchOf(tradesPart(mine, 100, 120)), never)), [
        { kind: 'rewound', nextOffset: 90 },
      ]);
      const again = await sink.write(0, batchOf(tradesPart(mine, 90, 120, trades(2))), never);
      assert.deepEqual(summary(again), [{ kind: 'landed', rowsInserted: 2, rowsDuplicate: 0 }]);
      assert.deepEqual(await database.query('SELECT next_offset, epoch, owner FROM kafka_offsets'), [
        { next_offset: '120', epoch: '2', owner: 'owner-a' },
      ]);
    }));

  test('a rival’s claim stands that was made after the database forgot ours', () =>
    withSink(async (sink, database) => {
      await claim(sink);
      await claim(sink);
      const mine = await claim(sink);
      await database.query(
        `UPDATE kafka_offsets SET next_offset = 90, epoch = 2, owner = 'rival', claimed_at = now() + interval '1 second'`,
      );
      assert.deepEqual(summary(await sink.write(0, batchOf(tradesPart(mine, 90, 120, trades(2))), never)), [
        { kind: 'fenced', epoch: 2 },
      ]);
      assert.equal(await countTrades(database), 0);
    }));

  test('a position that no history of ours leads to stops everything', () =>
    withSink(async (sink, database) => {
      const mine = await claim(sink);
      await database.query('UPDATE kafka_offsets SET next_offset = 105');
      await assert.rejects(sink.write(0, batchOf(tradesPart(mine, 100, 110, trades(1))), never), {
        code: 'DATABASE_OFFSETS_BROKEN',
      });
      await database.query('DELETE FROM kafka_offsets');
      await assert.rejects(sink.write(0, batchOf(tradesPart(mine, 100, 110, trades(1))), never), {
        code: 'DATABASE_OFFSETS_BROKEN',
      });
      assert.equal(await countTrades(database), 0);
    }));

  test('a claim made while rows are being copied fences the batch before it commits', () =>
    withSink(async (sink, database) => {
      const mine = await claim(sink);
      const rival = createSink(database.url, { ownerId: 'owner-b', observer: {} });
      await rival.open();
      let claimed: Promise<Claim> | null = null;
      const racing = createSink(database.url, {
        observer: {
          onCopy: () => {
            claimed ??= claim(rival);
          },
        },
      });
      await racing.open();
      // The trigger holds the write until the rival's claim is there.
      await database.query(`
        CREATE FUNCTION wait_for_claim() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN WHILE NOT EXISTS (SELECT FROM kafka_offsets WHERE owner = 'owner-b') LOOP PERFORM pg_sleep(0.01); END LOOP; RETURN NULL; END $$`);
      await database.query(
        'CREATE TRIGGER wait AFTER INSERT ON solana_slots FOR EACH STATEMENT EXECUTE FUNCTION wait_for_claim()',
      );
      const header = { slot: SLOT, blockTimeMs: null, hash: null, parentSlot: null, parentHash: null, height: null };
      const outcomes = await racing.write(
        0,
        batchOf(tradesPart(mine, 100, 110, trades(2), { slots: [header] })),
        never,
      );
      assert.deepEqual(summary(outcomes), [{ kind: 'fenced', epoch: 2 }]);
      assert.notEqual(claimed, null);
      assert.equal(await countTrades(database), 0);
      await Promise.all([racing.close(), rival.close()]);
    }));
});

describe('a gap', () => {
  test('is written down and moves the position, once', () =>
    withSink(async (sink, database) => {
      const { epoch } = await claim(sink);
      const gap = { topic: TOPIC, partition: 0, epoch, from: 100, to: 400, reason: 'expired', advance: true };
      assert.equal(await sink.recordGap(gap, never), true);
      assert.equal(await sink.recordGap(gap, never), true);
      assert.deepEqual(await positions(database), { 0: 400 });
      assert.deepEqual(await database.query('SELECT from_offset, to_offset, reason FROM ingest_gaps'), [
        { from_offset: '100', to_offset: '400', reason: 'expired' },
      ]);
    }));

  test('that is only to be written down leaves the position', () =>
    withSink(async (sink, database) => {
      const { epoch } = await claim(sink);
      const gap = { topic: TOPIC, partition: 0, epoch, from: 200, to: 400, reason: 'compacted', advance: false };
      assert.equal(await sink.recordGap(gap, never), true);
      assert.equal(await sink.recordGap(gap, never), true);
      assert.deepEqual(await positions(database), { 0: 100 });
      assert.equal((await database.query('SELECT * FROM ingest_gaps')).length, 1);
    }));

  test('that grows from restart to restart is one row, and the position moves over all of it', () =>
    withSink(async (sink, database) => {
      const gap = { topic: TOPIC, partition: 0, from: 100, reason: 'expired' };
      for (const to of [400, 450, 430]) {
        const { epoch } = await claim(sink);
        assert.equal(await sink.recordGap({ ...gap, epoch, to, advance: false }, never), true);
      }
      const rows = (): Promise<object[]> => database.query('SELECT from_offset, to_offset FROM ingest_gaps');
      assert.deepEqual(await rows(), [{ from_offset: '100', to_offset: '450' }]);
      const { epoch } = await claim(sink);
      const last = { ...gap, epoch, to: 500, advance: true };
      assert.equal(await sink.recordGap(last, never), true);
      assert.equal(await sink.recordGap(last, never), true);
      assert.deepEqual(await rows(), [{ from_offset: '100', to_offset: '500' }]);
      assert.deepEqual(await positions(database), { 0: 500 });
      assert.equal(await sink.recordGap({ ...last, to: 600 }, never), false, 'the position is beyond its beginning');
    }));

  test('is not written under a claim that no longer holds', () =>
    withSink(async (sink, database) => {
      const { epoch } = await claim(sink);
      await createSinkAndClaim(database, 0);
      assert.equal(
        await sink.recordGap(
          { topic: TOPIC, partition: 0, epoch, from: 100, to: 400, reason: 'expired', advance: false },
          never,
        ),
        false,
      );
      assert.deepEqual(await database.query('SELECT * FROM ingest_gaps'), []);
      assert.deepEqual(await positions(database), { 0: 100 });
    }));
});

test('the last landed transactions of a partition come oldest first, each once', () =>
  withSink(async (sink) => {
    const [mine, other] = [await claim(sink, 0), await claim(sink, 1)];
    const rows = [5, 5, 3, 9].map((tx, i) => ({
      block_slot: SLOT,
      tx_index: tx,
      trade_index: i,
      kafka_offset: 100 + i,
    }));
    await sink.write(
      0,
      batchOf(tradesPart(mine, 100, 110, rows), tradesPart(other, 100, 101, [{ block_slot: SLOT + 5, tx_index: 1 }])),
      never,
    );
    const keys = async (limit: number): Promise<number[]> => [
      ...(await sink.recentTransactions(TOPIC, 0, limit, never)).pairs,
    ];
    assert.deepEqual(await keys(10), [SLOT, 5, SLOT, 3, SLOT, 9]);
    assert.deepEqual(await keys(2), [SLOT, 3, SLOT, 9]);
    assert.deepEqual(await keys(0), []);
    assert.deepEqual([...(await sink.recentTransactions(TOPIC, 7, 10, never)).pairs], []);
  }));

test('an encoded row of the tests is a row to PostgreSQL, field by field', () =>
  withSink(async (sink, database) => {
    const fields = {
      block_slot: SLOT,
      tx_index: 1,
      bought_amount_raw: 9_999,
      fee_raw: 0,
      price: 1.5,
      block_time: 1_700_000_000_000,
      side: 'buy',
    };
    assert.ok(encodeTrade(fields).length > 0);
    await sink.write(0, batchOf(tradesPart(await claim(sink), 100, 101, [fields])), never);
    assert.deepEqual(
      await database.query(
        'SELECT bought_amount_raw, fee_raw, price, block_time, side, sold_mint FROM solana_dex_trades',
      ),
      [
        {
          bought_amount_raw: '9999',
          fee_raw: '0',
          price: 1.5,
          block_time: new Date(1_700_000_000_000),
          side: 'buy',
          sold_mint: null,
        },
      ],
    );
  }));

async function createSinkAndClaim(database: TestDatabase, partition: number): Promise<void> {
  const other = createSink(database.url, { ownerId: 'owner-b' });
  await other.open();
  await claim(other, partition);
  await other.close();
}

let outside: TestDatabase;
before(async () => {
  outside = await testDatabase();
});
after(() => outside.drop());

test('a wrong password stops the engine with a sentence that does not hold it', async () => {
  const url = new URL(outside.url);
  url.password = 'wr0ng-secret';
  const sink = createSink(url.href);
  await assert.rejects(sink.open(), (error: Error & { code: string }) => {
    assert.equal(error.code, 'DATABASE_AUTHENTICATION');
    assert.match(error.message, /DATABASE_URL/);
    assert.doesNotMatch(JSON.stringify({ ...error, message: error.message, stack: error.stack }), /wr0ng-secret/);
    return true;
  });
  await sink.close();
});

test('an unreadable DATABASE_URL is refused without being printed', async () => {
  const sink = createSink('postgres://user:s3cret@host:notaport/database');
  await assert.rejects(sink.open(), (error: Error & { code: string }) => {
    assert.equal(error.code, 'CONFIG_INVALID');
    assert.doesNotMatch(JSON.stringify({ ...error, message: error.message, cause: error.cause }), /s3cret/);
    return true;
  });
});
