import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { until } from '../kafka/until.js';
import { Stage } from './stage.js';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage.close());

test('a stream with repeats, empty messages and poison lands once, and SIGTERM leaves nothing to replay', async () => {
  await stage.send(takeMessages(200, { seed: 5, poisonShare: 0.05, transactionsPerSlot: 40 }));
  const engine = stage.engine();
  await stage.settled();
  const exit = await engine.stop();
  assert.deepEqual(exit, { code: 0, signal: null }, engine.output);
  await stage.assertLedger();
  const [{ duplicates } = { duplicates: '' }] = await stage.database.query<{ duplicates: string }>(
    'SELECT count(*) - count(DISTINCT (block_slot, tx_index, trade_index)) AS duplicates FROM solana_dex_trades',
  );
  assert.equal(duplicates, '0');
});

test('dead letters hold the message byte for byte, and the messages around them landed', async () => {
  const bad = { partition: 2, trades: [], poison: 'random' as const };
  const huge = Buffer.alloc(10_000_000, 0x5a);
  const kinds = [Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x0f]), Buffer.from('not protobuf at all'), huge];
  const around = takeMessages(40, { seed: 6, transactionsPerSlot: 20, startSlot: 400_000_000, poisonShare: 0 });
  await stage.send([...around.slice(0, 20), ...kinds.map((value) => ({ ...bad, value })), ...around.slice(20)]);
  const engine = stage.engine();
  await stage.settled();
  await engine.stop();
  await stage.assertLedger();
  const letters = await stage.database.query<{ payload: Buffer; error_class: string; kafka_key: Buffer }>(
    'SELECT payload, error_class, kafka_key FROM ingest_dead_letters WHERE partition = 2 ORDER BY kafka_offset DESC LIMIT 3',
  );
  assert.deepEqual(
    letters.map(({ payload }) => payload.length).reverse(),
    kinds.map(({ length }) => length),
  );
  for (const kind of kinds)
    assert.ok(
      letters.some(({ payload }) => payload.equals(kind)),
      `payload of ${kind.length} bytes`,
    );
  assert.ok(letters.some(({ error_class }) => error_class === 'too_large'));
  assert.ok(letters.every(({ kafka_key }) => kafka_key.toString() === 'k'));
});

test('a stretch of nothing but empty messages moves the position', async () => {
  const empty = { value: new Uint8Array(0), trades: [], poison: null };
  await stage.send(Array.from({ length: 500 }, (_, i) => ({ ...empty, partition: i % 4 })));
  const engine = stage.engine();
  await stage.settled();
  await engine.stop();
  await stage.assertLedger();
});

test('record writes a capture that replay lands in another database, the same rows, however often', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replay-'));
  const capture = join(folder, 'capture');
  const record = stage.engine({}, ['record', capture, '--messages', String(stage.end)]);
  assert.equal((await record.ended()).code, 0, record.output);
  const other = await Stage.open();
  for (let run = 0; run < 2; run += 1) {
    const replay = other.engine({ KAFKA_BROKERS: '' }, ['replay', capture]);
    assert.equal((await replay.ended()).code, 0, replay.output);
  }
  const sums = `SELECT count(*), sum(hashtext(t::text)) FROM (SELECT ${COMPARED} FROM solana_dex_trades) t`;
  assert.deepEqual(await other.database.query(sums), await stage.database.query(sums));
  await other.close();
  await rm(folder, { recursive: true });
});

/** Everything that does not hang on when which slab was decoded. */
const COMPARED =
  'block_slot, tx_index, trade_index, signature, market, side, trader, bought_mint, bought_amount_raw, sold_amount_raw, price, block_time, kafka_partition, kafka_offset';

test('a replay whose claims another engine takes fails, and says that it needs a group of its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replay-'));
  const capture = join(folder, 'capture');
  const record = stage.engine({}, ['record', capture, '--messages', String(stage.end)]);
  assert.equal((await record.ended()).code, 0, record.output);
  const other = await Stage.open();
  await other.database.query(`
    CREATE FUNCTION take() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN UPDATE kafka_offsets SET owner = 'another', epoch = epoch + 1; RETURN NULL; END $$;
    CREATE TRIGGER taken AFTER INSERT ON kafka_offsets FOR EACH STATEMENT EXECUTE FUNCTION take()`);
  const replay = other.engine({ KAFKA_BROKERS: '' }, ['replay', capture]);
  assert.equal((await replay.ended()).code, 1, replay.output);
  assert.match(replay.output, /give the replay a KAFKA_GROUP_ID of its own/);
  await other.close();
  await rm(folder, { recursive: true });
});

test('after a failure of its own, the first signal lets an engine drain on', async () => {
  const engine = stage.engine({ DATABASE_LANES: '2', SHUTDOWN_TIMEOUT_MS: '60000' });
  await stage.owns(engine);
  await stage.database.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'insufficient_privilege'; END $$;
    CREATE TRIGGER refused BEFORE UPDATE ON kafka_offsets FOR EACH ROW WHEN (NEW.partition = 1) EXECUTE FUNCTION refuse()`);
  const lock = await stage.lockPosition(0);
  const messages = takeMessages(40, { seed: 9, startSlot: 420_000_000, poisonShare: 0, transactionsPerSlot: 10 });
  await stage.send(messages.filter(({ partition }) => partition === 0));
  await until('partition 0 waits', () => lock.isWaitedFor());
  await stage.send(messages.filter(({ partition }) => partition !== 0));
  await engine.says(/"engine_failed"/);
  engine.signal('SIGTERM');
  await engine.says(/stopping already/);
  await lock.release();
  assert.equal((await engine.ended()).code, 1, engine.output);
  assert.doesNotMatch(engine.output, /shutdown_forced|shutdown_deadline/);
  await stage.database.query('DROP FUNCTION refuse CASCADE');
});

test('a second signal ends a process that is still draining', async () => {
  // A database that takes no write keeps the engine from draining.
  const engine = stage.engine({ SHUTDOWN_TIMEOUT_MS: '60000' });
  await stage.owns(engine);
  const lock = await stage.lockOffsets();
  await stage.send(takeMessages(20, { seed: 8, startSlot: 410_000_000, poisonShare: 0, transactionsPerSlot: 10 }));
  await until('a write waits for the lock', () => lock.isWaitedFor());
  engine.signal('SIGTERM');
  await engine.says(/"shutdown"/);
  engine.signal('SIGTERM');
  const { code, signal } = await engine.ended();
  // It gives itself two seconds to end, and then ends itself.
  assert.ok(code === 1 || signal === 'SIGKILL', `${code} ${signal}\n${engine.output}`);
  assert.match(engine.output, /"shutdown_forced"/);
  await lock.release();
});
