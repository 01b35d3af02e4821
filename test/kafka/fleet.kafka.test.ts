import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EngineEnvironment, EngineProcess } from './engine-process.js';
import { type SharedBroker, sharedBroker } from './shared-broker.js';
import { Stage } from './stage.js';

/** A killed engine is taken for dead by the group after its session. */
const SESSION_MS = 6_000;
/** A batch waits this long for more, so that under load something is in flight whenever an engine comes or goes. */
const IN_FLIGHT = { BATCH_LINGER_MS: '150', KAFKA_SESSION_TIMEOUT_MS: String(SESSION_MS) };
const PARTITIONS = [0, 1, 2, 3];

describe('a fleet of engines under load', () => {
  let broker: SharedBroker;

  before(async () => {
    broker = await sharedBroker();
  });
  after(() => broker.release());

  async function onStage(name: string, seed: number, scenario: (stage: Stage) => Promise<void>): Promise<void> {
    const stage = await Stage.open(`fleet-${name}`, broker, { seed });
    try {
      await scenario(stage);
    } finally {
      await stage.close();
    }
  }

  const owners = (stage: Stage, count: number) =>
    stage.until(`${count} engines own the partitions`, async () => (await stage.owners()) === count);

  async function everyPartitionMovesOn(stage: Stage): Promise<void> {
    const start = await stage.positions();
    await stage.until('every partition moves on', async () => {
      const now = await stage.positions();
      return PARTITIONS.every((partition) => (now.get(partition) ?? 0) > (start.get(partition) ?? 0));
    });
  }

  const stopped = (engine: EngineProcess): Promise<void> => engine.stopUnderLoad();

  for (const [size, strategy] of [
    [2, 'cooperative-sticky'],
    [3, 'cooperative-sticky'],
    [3, 'roundrobin'],
  ] as const)
    test(`${size} engines that join and leave in a loop in mid-batch cost nothing under ${strategy}`, () =>
      onStage(`loop-${size}-${strategy}`, 60 + size, async (stage) => {
        const environment: EngineEnvironment = { ...IN_FLIGHT, KAFKA_ASSIGNMENT_STRATEGY: strategy };
        const load = stage.load();
        const engines = Array.from({ length: size }, () => stage.engine(environment));
        await owners(stage, size);
        for (let round = 0; round < size + 1; round++) {
          const oldest = engines.shift()!;
          const start = await stage.progress();
          await stage.until('something lands', async () => (await stage.progress()) > start);
          // Every other one gets no chance to land what it holds. The next joins while the group does not know yet.
          const leaving = round % 2 === 0 ? stopped(oldest) : oldest.kill();
          const next = stage.engine(environment);
          engines.push(next);
          await leaving;
          await stage.until('the next one has begun', async () => next.output.includes('"starting"'));
          await owners(stage, size);
        }
        await everyPartitionMovesOn(stage);
        await load.stop();
        await stage.settled();
        await Promise.all(engines.map(stopped));
        await stage.assertLedger();
      }));

  test('one replica, four, and one again under load cost nothing', () =>
    onStage('replicas', 65, async (stage) => {
      const load = stage.load();
      const first = stage.engine(IN_FLIGHT);
      await everyPartitionMovesOn(stage);
      const others = [stage.engine(IN_FLIGHT), stage.engine(IN_FLIGHT), stage.engine(IN_FLIGHT)];
      await owners(stage, 4);
      await everyPartitionMovesOn(stage);
      await Promise.all(others.map(stopped));
      await owners(stage, 1);
      await everyPartitionMovesOn(stage);
      await load.stop();
      await stage.settled();
      await stopped(first);
      await stage.assertLedger();
    }));

  test('of two deployments in one group, the one that slept through its session writes nothing once the other took over', () =>
    onStage('deployments', 66, async (stage) => {
      const load = stage.load();
      const blue = [stage.engine(IN_FLIGHT), stage.engine(IN_FLIGHT)];
      await owners(stage, 2);
      const green = [stage.engine(IN_FLIGHT), stage.engine(IN_FLIGHT)];
      await owners(stage, 4);
      await everyPartitionMovesOn(stage);

      for (const engine of blue) engine.signal('SIGSTOP');
      await owners(stage, 2);
      await everyPartitionMovesOn(stage);
      const slept = blue.map(({ output }) => output.length);
      for (const engine of blue) engine.signal('SIGCONT');
      await owners(stage, 4);
      const woken = /session timed out|claimed by another engine|"engine\.kind":"revoke"/;
      await stage.until('each has heard that it is out', async () =>
        blue.every(({ output }, index) => woken.test(output.slice(slept[index]))),
      );
      await everyPartitionMovesOn(stage);

      await Promise.all(blue.map(stopped));
      await load.stop();
      await stage.settled();
      await Promise.all(green.map(stopped));
      await stage.assertLedger();
    }));

  test('of two engines with one group.instance.id, the first ends and says that the other took its place', () =>
    onStage('instance', 67, async (stage) => {
      // Nobody dies here: an engine whose claims are taken is to hear of it from the group, however long that takes.
      const environment = {
        ...IN_FLIGHT,
        KAFKA_SESSION_TIMEOUT_MS: '45000',
        KAFKA_PROPERTIES: 'group.instance.id=blue-0',
      };
      const load = stage.load();
      const first = stage.engine(environment);
      await everyPartitionMovesOn(stage);
      const second = stage.engine(environment);
      await stage.until('the first ends', async () => !first.running);
      const { code } = await first.ended();
      assert.equal(code, 1, first.output);
      assert.match(first.output, /"engine_failed".*same group\.instance\.id.*KAFKA_PROPERTIES/);
      await everyPartitionMovesOn(stage);
      await load.stop();
      await stage.settled();
      await stopped(second);
      await stage.assertLedger();
    }));
});
