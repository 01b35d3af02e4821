import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type SharedBroker, sharedBroker } from './shared-broker.js';
import { Stage } from './stage.js';

describe('two engines in one group under load', () => {
  let broker: SharedBroker;

  before(async () => {
    broker = await sharedBroker();
  });
  after(() => broker.release());

  for (const strategy of ['cooperative-sticky', 'roundrobin', 'consumer']) {
    test(`join, stop, die and join again without a gap, a repeat or a stale write under ${strategy}`, async () => {
      const stage = await Stage.open(`rebalance-${strategy}`, broker, { seed: 21 });
      const environment = { KAFKA_ASSIGNMENT_STRATEGY: strategy };
      const owners = (count: number) =>
        stage.until(`${count} engines own the partitions`, async () => (await stage.owners()) === count);
      const movesOn = async (): Promise<void> => {
        const before = await stage.positions();
        const moved = async (): Promise<boolean> => {
          const now = await stage.positions();
          return [0, 1, 2, 3].every((partition) => (now.get(partition) ?? 0) > (before.get(partition) ?? 0));
        };
        await stage.until('every partition moves on', moved);
      };
      try {
        const load = stage.load();
        const first = stage.engine(environment);
        await movesOn();
        const second = stage.engine(environment);
        await owners(2);
        await movesOn();

        await first.stopUnderLoad();
        await owners(1);
        await movesOn();

        const third = stage.engine(environment);
        await owners(2);
        await second.kill();
        await owners(1);
        await movesOn();
        await load.stop();
        await stage.settled();
        assert.deepEqual(await third.stop(), { code: 0, signal: null }, third.output);
        await stage.assertLedger();
      } finally {
        await stage.close();
      }
    });
  }
});
