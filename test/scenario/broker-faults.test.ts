import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../kafka/until.js';
import { ANSWER, REQUEST } from '../support/mock-cluster.js';
import { onScene } from './scene.js';
import { TOPIC } from './stage.js';

const BROKERS = [1, 2, 3] as const;
const CLUSTER = { brokers: BROKERS.length, sessionTimeoutMs: 6_000 };
/** `KAFKA_GROUP_ID` of the stage's engines. */
const GROUP = 'scenario';
/** The client hears of moves within half a second, and gives up after one what it asked in vain. */
const IMPATIENT = {
  KAFKA_PROPERTIES: 'topic.metadata.refresh.interval.ms=500;socket.timeout.ms=1000;reconnect.backoff.max.ms=200',
};

// They mostly wait for time-outs, so they may do so at once.
describe('an engine whose broker', { concurrency: 4 }, () => {
  test('is down for a while lands what the others lead, and the rest when it is up again', () =>
    onScene(CLUSTER, async ({ cluster, stage, send, endsClean }) => {
      const engine = stage.engine(IMPATIENT);
      await send(40);
      await stage.settled();
      for (const broker of BROKERS.slice(0, 2)) {
        const before = await stage.progress();
        await cluster.down(broker);
        const sending = send(40);
        await until('what the others lead lands', async () => (await stage.progress()) > before);
        await cluster.up(broker);
        await sending;
      }
      await stage.settled();
      await endsClean(engine);
    }));

  test('goes away with all the others lands everything when they are back', () =>
    onScene(CLUSTER, async ({ cluster, stage, send, endsClean }) => {
      const engine = stage.engine(IMPATIENT);
      await send(40);
      await stage.settled();
      await Promise.all(BROKERS.map((broker) => cluster.down(broker)));
      await until('the client says so', () => /refused|brokers are down|disconnected/i.test(engine.output));
      await Promise.all(BROKERS.map((broker) => cluster.up(broker)));
      await send(40);
      await stage.settled();
      await endsClean(engine);
    }));

  test('answers late lands everything', () =>
    onScene(CLUSTER, async ({ cluster, stage, send, endsClean }) => {
      await Promise.all(BROKERS.map((broker) => cluster.slow(broker, 150)));
      const engine = stage.engine();
      await send(40);
      await stage.settled();
      await endsClean(engine);
    }));

  test('gives the lead of partitions away under load is followed to the new leader', () =>
    onScene(CLUSTER, async ({ cluster, stage, send, endsClean }) => {
      const engine = stage.engine(IMPATIENT);
      for (const broker of BROKERS) {
        const sending = send(60);
        for (const partition of [0, 1, 2, 3]) await cluster.moveLeader(TOPIC, partition, broker);
        await sending;
      }
      await stage.settled();
      await endsClean(engine);
    }));

  test('coordinates the group and moves that to others, or cannot be reached, does not stop the landing', () =>
    onScene(CLUSTER, async ({ cluster, stage, send, endsClean }) => {
      const [first, second, last] = BROKERS;
      await cluster.moveCoordinator(GROUP, first);
      const engine = stage.engine(IMPATIENT);
      for (const broker of [first, second, last]) {
        await cluster.moveCoordinator(GROUP, broker);
        await send(20);
        await stage.settled();
      }
      const before = await stage.progress();
      await cluster.failNext(REQUEST.findCoordinator, 20, ANSWER.coordinatorNotAvailable);
      await cluster.down(last);
      const sending = send(40);
      await until('what the others lead lands', async () => (await stage.progress()) > before);
      await cluster.up(last);
      await cluster.heal(REQUEST.findCoordinator);
      await sending;
      await stage.settled();
      await endsClean(engine);
    }));

  test('answers fetches with errors gives everything in the end', () =>
    onScene(CLUSTER, async ({ cluster, stage, send, endsClean }) => {
      const engine = stage.engine(IMPATIENT);
      await send(20);
      await stage.settled();
      await cluster.failNext(REQUEST.fetch, 6, ANSWER.notLeader);
      await cluster.failNext(REQUEST.fetch, 6, ANSWER.unknown);
      await send(40);
      await stage.settled();
      await endsClean(engine);
    }));

  test('refuses every commit does not hold progress up, and the log says so', () =>
    onScene(CLUSTER, async ({ cluster, stage, send, endsClean }) => {
      await cluster.failNext(REQUEST.offsetCommit, 500, ANSWER.unknown);
      const engine = stage.engine();
      await send(40);
      await stage.settled();
      await until('a commit has failed', () => engine.output.includes('kafka_commit_failed'));
      await send(40);
      await stage.settled();
      await endsClean(engine);
    }));

  test('answers no commit in time does not hold progress up, nor the exit', () =>
    onScene(CLUSTER, async ({ cluster, stage, send, endsClean }) => {
      for (const broker of BROKERS) await cluster.delayNext(broker, REQUEST.offsetCommit, 100, 600_000);
      const engine = stage.engine();
      for (let round = 0; round < 3; round += 1) {
        await send(20);
        await stage.settled();
      }
      await endsClean(engine);
      assert.ok(engine.output.includes('engine_started'));
    }));
});
