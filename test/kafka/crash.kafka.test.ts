import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { KafkaBroker } from './broker.js';
import { type SharedBroker, sharedBroker } from './shared-broker.js';
import { Stage } from './stage.js';

const RANDOM_KILLS = Number(process.env.KAFKA_TEST_KILLS ?? 8);
/** A killed engine is taken for dead by the group after its session, so each kill costs about that long. */
const SESSION = { KAFKA_SESSION_TIMEOUT_MS: '1500' };

describe('a process that dies', () => {
  let broker: SharedBroker;

  before(async () => {
    broker = await sharedBroker();
  });
  after(() => broker.release());

  test('between the commit to PostgreSQL and the one to Kafka leaves nothing missing and nothing twice', async () => {
    const stage = await Stage.open('crash-between', broker, { seed: 51 });
    try {
      for (let round = 0; round < 3; round++) {
        // Kafka hears of it once a minute, so it knows nothing of what PostgreSQL has just committed.
        const engine = stage.engine({ ...SESSION, KAFKA_COMMIT_INTERVAL_MS: '60000' });
        const before = await stage.progress();
        await stage.send(40);
        await stage.until('a transaction is committed', async () => (await stage.progress()) > before);
        await engine.kill();
        const committed = await broker.admin.committedOffsets(stage.group, stage.topic);
        const told = [...committed.values()].reduce((sum, offset) => sum + offset, 0);
        assert.ok(told < (await stage.progress()), `Kafka was told ${told} already`);
      }
      await stage.send(20);
      const last = stage.engine(SESSION);
      await stage.settled();
      assert.deepEqual(await last.stop(), { code: 0, signal: null }, last.output);
      await stage.assertLedger();
    } finally {
      await stage.close();
    }
  });

  test(`at ${RANDOM_KILLS} random moments under load leaves nothing missing and nothing twice`, async (context) => {
    const stage = await Stage.open('crash-random', broker, { seed: 52 });
    try {
      const load = stage.load();
      for (let kill = 0; kill < RANDOM_KILLS; kill++) {
        const engine = stage.engine(SESSION);
        const before = await stage.progress();
        await stage.until('it lands something', async () => (await stage.progress()) > before);
        const waitMs = randomInt(0, 800);
        context.diagnostic(`killed ${waitMs} ms after its first transaction`);
        await delay(waitMs);
        await engine.kill();
      }
      await load.stop();
      const last = stage.engine(SESSION);
      await stage.settled();
      assert.deepEqual(await last.stop(), { code: 0, signal: null }, last.output);
      await stage.assertLedger();
    } finally {
      await stage.close();
    }
  });

  test('the broker itself, killed twice under load, costs nothing but time', async () => {
    const own = await KafkaBroker.start();
    try {
      const stage = await Stage.open('crash-broker', own, { seed: 53 });
      try {
        const load = stage.load();
        const engine = stage.engine();
        for (let kill = 0; kill < 2; kill++) {
          const before = await stage.progress();
          await stage.until('it lands something', async () => (await stage.progress()) > before);
          await own.kill();
          await own.restart();
        }
        await load.stop();
        await stage.settled();
        assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
        await stage.assertLedger();
      } finally {
        await stage.close();
      }
    } finally {
      await own.stop();
    }
  });
});
