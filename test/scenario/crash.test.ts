import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { Random } from '../../src/commands/demo/generator/random.js';
import { until } from '../kafka/until.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { Stage } from './stage.js';

/** A killed member is missed after this long; the mock broker keeps the first member of a group waiting for 3 s. */
const CLASSIC = { KAFKA_ASSIGNMENT_STRATEGY: 'cooperative-sticky', KAFKA_SESSION_TIMEOUT_MS: '4000' };

/** The mock broker's group is stuck for good when it elects the dead member: by then its session must be over. */
const restartDelay = () => delay(4_000);

let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage.close());

test('an engine killed between the PostgreSQL COMMIT and the Kafka commit loses and doubles nothing', async () => {
  // The Kafka commit comes a minute after: whenever the kill comes, it comes in between.
  const late = { ...CLASSIC, KAFKA_COMMIT_INTERVAL_MS: '60000' };
  await stage.send(takeMessages(60, { seed: 21, transactionsPerSlot: 20 }));
  const engine = stage.engine(late);
  await stage.settled();
  await engine.kill();
  await restartDelay();
  await stage.send(takeMessages(60, { seed: 22, transactionsPerSlot: 20, startSlot: 380_000_000 }));
  const again = stage.engine(late);
  await stage.settled();
  assert.deepEqual(await again.stop(), { code: 0, signal: null }, again.output);
  await stage.assertLedger();
});

test('engines killed at random moments lose and double nothing', async (context) => {
  const seed = Number(process.env.SEED ?? 7);
  context.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
  for (let kill = 0; kill < 3; kill += 1) {
    const target = (await stage.progress()) + random.between(1, 60);
    await stage.send(
      takeMessages(80, { seed: seed + kill, transactionsPerSlot: 30, startSlot: 390_000_000 + kill * 1_000 }),
    );
    const engine = stage.engine({ ...CLASSIC, BATCH_MAX_ROWS: '20', SLAB_MAX_BYTES: '20000' });
    await until('some of it landed', async () => (await stage.progress()) >= target);
    await engine.kill();
    await restartDelay();
  }
  const last = stage.engine(CLASSIC);
  await stage.settled();
  assert.deepEqual(await last.stop(), { code: 0, signal: null }, last.output);
  await stage.assertLedger();
});

test('SIGTERM at random moments exits 0 and leaves the position exactly behind what landed', async (context) => {
  const seed = Number(process.env.SEED ?? 8);
  context.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
  for (let stop = 0; stop < 3; stop += 1) {
    const target = (await stage.progress()) + random.between(1, 40);
    await stage.send(
      takeMessages(60, { seed: 100 * seed + stop, transactionsPerSlot: 30, startSlot: 395_000_000 + stop * 1_000 }),
    );
    const engine = stage.engine({ BATCH_MAX_ROWS: '20', SLAB_MAX_BYTES: '20000' });
    await until('some of it landed', async () => (await stage.progress()) >= target);
    assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
    assert.ok(engine.output.includes('everything in flight has landed'));
  }
  const last = stage.engine();
  await stage.settled();
  await last.stop();
  await stage.assertLedger();
});

test('a COMMIT whose answer is lost is not landed again', async () => {
  const url = stage.database.urls.engine;
  const proxy = await new TcpProxy(Number(new URL(url).port)).listen();
  const engine = stage.engine({ DATABASE_URL: proxy.url(url) });
  for (let loss = 0; loss < 3; loss += 1) {
    const lost = proxy.loseAnswerTo('kafka_offsets_advance');
    const startSlot = 400_000_000 + loss * 1_000;
    await stage.send(takeMessages(40, { seed: 31 + loss, transactionsPerSlot: 20, startSlot }));
    await lost;
    proxy.clear();
  }
  await stage.settled();
  assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
  await proxy.close();
  await stage.assertLedger();
});

test('two engines in one group, one stopped and one joining under load, lose and double nothing', async () => {
  const group = { ...CLASSIC, BATCH_MAX_ROWS: '50', SLAB_MAX_BYTES: '50000' };
  const send = (seed: number) =>
    stage.send(takeMessages(80, { seed, transactionsPerSlot: 30, startSlot: 410_000_000 + seed * 1_000 }));
  const first = stage.engine(group);
  const second = stage.engine(group);
  await send(41);
  await until('both own partitions', async () => new Set(await stage.owners()).size === 2);
  await send(42);
  await first.stopUnderLoad();
  const third = stage.engine(group);
  await send(43);
  await stage.owns(third, 1);
  await send(44);
  await stage.settled();
  await Promise.all([second.stop(), third.stop()]);
  await stage.assertLedger();
});

test('a database that went back in time is filled again from where it stands', async () => {
  await stage.send(takeMessages(160, { seed: 50, transactionsPerSlot: 20, startSlot: 418_000_000 }));
  const engine = stage.engine();
  await stage.settled();
  // What a failover to a replica that lags does: the newest rows and positions are gone together.
  await stage.database.query(`
    WITH back AS (UPDATE kafka_offsets SET next_offset = next_offset - 30 RETURNING partition, next_offset)
    DELETE FROM solana_dex_trades trades USING back
    WHERE trades.kafka_partition = back.partition AND trades.kafka_offset >= back.next_offset`);
  await stage.database.query(`
    DELETE FROM ingest_dead_letters letters USING kafka_offsets offsets
    WHERE letters.partition = offsets.partition AND letters.kafka_offset >= offsets.next_offset`);
  await stage.send(takeMessages(40, { seed: 51, transactionsPerSlot: 20, startSlot: 420_000_000 }));
  await stage.settled();
  assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
  assert.match(engine.output, /rewound/);
  await stage.assertLedger();
});

test('an engine whose claim was taken lands nothing under it, and asks the group anew whose the partitions are', async () => {
  await stage.send(takeMessages(40, { seed: 60, transactionsPerSlot: 20, startSlot: 428_000_000 }));
  const engine = stage.engine();
  await stage.settled();
  await stage.owns(engine);
  // As a zombie does that comes back: the claims are another's, who then does nothing with them.
  await stage.database.query(`
    CREATE TABLE stale AS SELECT partition, epoch + 1 AS epoch, next_offset FROM kafka_offsets;
    UPDATE kafka_offsets SET epoch = epoch + 1, owner = 'another'`);
  await stage.send(takeMessages(40, { seed: 61, transactionsPerSlot: 20, startSlot: 430_000_000 }));
  await stage.settled();
  await stage.owns(engine);
  assert.match(engine.output, /joins the group anew/);
  const under = await stage.database.query(
    'SELECT FROM kafka_offsets JOIN stale USING (partition) WHERE kafka_offsets.epoch <= stale.epoch',
  );
  assert.equal(under.length, 0, 'each partition was claimed anew before it went on');
  assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
  await stage.assertLedger();
});
