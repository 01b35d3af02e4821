import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KafkaCluster } from './cluster.js';
import { type SharedBroker, sharedBroker } from './shared-broker.js';
import { Stage } from './stage.js';

describe('a cluster of two brokers', () => {
  let cluster: KafkaCluster;
  let other: SharedBroker;

  before(async () => {
    [cluster, other] = await Promise.all([KafkaCluster.start(), sharedBroker()]);
  });
  after(async () => {
    await cluster.stop();
    await other.release();
  });

  async function onStage(name: string, seed: number, scenario: (stage: Stage) => Promise<void>): Promise<void> {
    await cluster.restartAll();
    const stage = await Stage.open(`cluster-${name}`, cluster, { seed });
    try {
      await scenario(stage);
    } finally {
      await stage.close();
    }
  }

  /** Leaders by partition, once each is led by the first of its replicas. */
  async function preferredLeaders(stage: Stage): Promise<number[]> {
    for (;;) {
      const { leaders, preferred } = await cluster.admin.leaders(stage.topic);
      if (String(leaders) === String(preferred)) return leaders;
      await cluster.admin.electPreferredLeaders().catch(() => {}); // a node may not have caught up yet
    }
  }

  async function everyPartitionMovesOn(stage: Stage): Promise<void> {
    const start = await stage.positions();
    await stage.until('every partition moves on', async () => {
      const now = await stage.positions();
      return [0, 1, 2, 3].every((partition) => (now.get(partition) ?? 0) > (start.get(partition) ?? 0));
    });
  }

  test('leaders that move to the other broker under load, and back, cost nothing', () =>
    onStage('leaders', 71, async (stage) => {
      const load = stage.load();
      const engine = stage.engine();
      await everyPartitionMovesOn(stage);
      const preferred = await preferredLeaders(stage);
      assert.deepEqual([...new Set(preferred)].sort(), [1, 2], 'each broker leads something');

      await cluster.kill(2);
      await stage.until(
        'the other leads all',
        async () => String((await cluster.admin.leaders(stage.topic)).leaders) === '1,1,1,1',
      );
      await everyPartitionMovesOn(stage);

      await cluster.restart(2);
      assert.deepEqual(await preferredLeaders(stage), preferred);
      await everyPartitionMovesOn(stage);
      await load.stop();
      await stage.settled();
      assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
      await stage.assertLedger();
    }));

  test('a line with 100 ms and 1 MB/s to the brokers that is cut now and then slows it down and costs nothing else', () =>
    onStage('slow', 72, async (stage) => {
      const slow = (latencyMs: number, bytesPerSecond: number): void => {
        for (const proxy of cluster.proxies) Object.assign(proxy, { latencyMs, bytesPerSecond });
      };
      const load = stage.load();
      slow(100, 1_000_000);
      const engine = stage.engine({ KAFKA_BROKERS: cluster.slowBrokers });
      for (let cut = 0; cut < 3; cut++) {
        await everyPartitionMovesOn(stage);
        for (const proxy of cluster.proxies) proxy.cut();
      }
      await everyPartitionMovesOn(stage);
      await load.stop();
      slow(0, Number.POSITIVE_INFINITY);
      await stage.settled();
      assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
      await stage.assertLedger();
    }));

  test('a group whose coordinator cannot be reached goes on landing until its session ends, and goes on again with the coordinator', () =>
    onStage('coordinator', 73, async (stage) => {
      const load = stage.load();
      const first = stage.engine();
      await everyPartitionMovesOn(stage);
      await first.stopUnderLoad();
      // From here on the group lives and dies with broker 2, and the topic does not.
      await cluster.admin.moveTo('__consumer_offsets', 2);

      const engine = stage.engine({ KAFKA_SESSION_TIMEOUT_MS: '60000' });
      await everyPartitionMovesOn(stage);
      await cluster.kill(2);
      await stage.until('it misses the coordinator', async () =>
        /GroupCoordinator.*(refused|Disconnected)/.test(engine.output),
      );
      // Commits to Kafka stay unanswered meanwhile.
      await everyPartitionMovesOn(stage);
      assert.doesNotMatch(engine.output, /session timed out/);
      await stage.until('its session ends', async () => engine.output.includes('session timed out'));

      await cluster.restart(2);
      await everyPartitionMovesOn(stage);
      await load.stop();
      await stage.settled();
      assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
      await stage.committed();
      await stage.assertLedger();
    }));

  test('brokers of another cluster are refused with both ids, and taken by KAFKA_SOURCE_POLICY=continue', () =>
    onStage('other', 74, async (stage) => {
      await stage.send(40);
      const first = stage.engine();
      await stage.settled();
      await first.stop();
      const before = await stage.positions();
      await other.admin.createTopic(stage.topic, 4);

      const elsewhere = { KAFKA_BROKERS: `127.0.0.1:${other.address.ports.plain}` };
      const refused = stage.engine(elsewhere);
      assert.equal((await refused.ended()).code, 1, refused.output);
      assert.match(refused.output, /was read from Kafka cluster \S+, and KAFKA_BROKERS leads to cluster \S+/);
      assert.deepEqual(await stage.positions(), before);

      // Accepted, the offsets are held against what is there: the other topic is empty.
      const accepted = stage.engine({ ...elsewhere, KAFKA_SOURCE_POLICY: 'continue' });
      assert.equal((await accepted.ended()).code, 1, accepted.output);
      assert.match(accepted.output, /ends at offset 0/);
    }));
});
