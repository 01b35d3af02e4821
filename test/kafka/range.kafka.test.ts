import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EngineProcess } from './engine-process.js';
import { type SharedBroker, sharedBroker } from './shared-broker.js';
import { Stage } from './stage.js';

interface GapRow {
  readonly partition: number;
  readonly from_offset: string;
  readonly to_offset: string;
}

/** Ended by itself, not with success and not by a signal. */
async function assertGaveUp(engine: EngineProcess, says: RegExp): Promise<void> {
  const { code, signal } = await engine.exited;
  assert.ok(signal === null && code !== null && code > 0, `exit code ${code}, signal ${signal}\n${engine.output}`);
  assert.match(engine.output, says);
}

describe('when the source does not hold what was to come next', () => {
  let broker: SharedBroker;

  before(async () => {
    broker = await sharedBroker();
  });
  after(() => broker.release());

  async function onStage(name: string, scenario: (stage: Stage) => Promise<void>, partitions = 1): Promise<void> {
    const stage = await Stage.open(`range-${name}`, broker, { seed: 41, partitions });
    try {
      await scenario(stage);
    } finally {
      await stage.close();
    }
  }

  const gaps = (stage: Stage) => stage.query<GapRow>('SELECT partition, from_offset, to_offset FROM ingest_gaps');

  async function landFirst(stage: Stage, count: number): Promise<void> {
    await stage.send(count);
    const engine = stage.engine();
    await stage.settled();
    await engine.stop();
  }

  test('records deleted while it was away stop it, with a gap row and a sentence, and it goes on when told to', () =>
    onStage('deleted', async (stage) => {
      await landFirst(stage, 40);
      await stage.send(40);
      await broker.admin.deleteRecords(stage.topic, 0, 65);
      const expected = [{ partition: 0, from_offset: '40', to_offset: '65' }];

      await assertGaveUp(stage.engine(), /KAFKA_GAP_POLICY/);
      assert.deepEqual(await gaps(stage), expected);
      assert.equal((await stage.positions()).get(0), 40);

      const engine = stage.engine({ KAFKA_GAP_POLICY: 'continue' });
      await stage.settled();
      assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
      assert.deepEqual(await gaps(stage), expected);
      await stage.assertLedger([{ partition: 0, from: 40, to: 65 }]);
    }));

  for (const strategy of ['cooperative-sticky', 'roundrobin'])
    test(`records deleted while it runs are a gap, and the rest lands, under ${strategy}`, () =>
      onStage(`overtaken-${strategy}`, async (stage) => {
        const engine = stage.engine({ KAFKA_GAP_POLICY: 'continue', KAFKA_ASSIGNMENT_STRATEGY: strategy });
        await stage.send(40);
        await stage.settled();
        // Stopped for a moment, it falls behind; only the answer it was waiting for can still reach it.
        engine.signal('SIGSTOP');
        await stage.send(1);
        await stage.send(80);
        await broker.admin.deleteRecords(stage.topic, 0, 100);
        engine.signal('SIGCONT');
        await stage.settled();
        assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
        const [gap, ...others] = await gaps(stage);
        assert.ok(gap !== undefined && others.length === 0, 'there is one gap');
        assert.ok(Number(gap.from_offset) >= 40 && gap.to_offset === '100', JSON.stringify(gap));
        await stage.assertLedger([{ partition: 0, from: Number(gap.from_offset), to: 100 }]);
      }));

  test('a topic created anew while it was away is refused, and nothing is written', () =>
    onStage('anew', async (stage) => {
      await landFirst(stage, 40);
      await broker.admin.deleteTopic(stage.topic);
      await stage.createTopic(1);
      await stage.send(5);
      await assertGaveUp(stage.engine(), /created anew/);
      assert.equal((await stage.positions()).get(0), 40);
    }));

  test('a topic created anew while it runs is refused, and nothing is written', () =>
    onStage('anew-running', async (stage) => {
      await stage.send(40);
      const engine = stage.engine({ KAFKA_PROPERTIES: 'topic.metadata.refresh.interval.ms=500' });
      await stage.settled();
      await broker.admin.deleteTopic(stage.topic);
      await stage.createTopic(1);
      await stage.send(5);
      await assertGaveUp(engine, /created anew/);
      assert.equal((await stage.positions()).get(0), 40);
    }));

  test('partitions added while it runs are read from their start', () =>
    onStage('added', async (stage) => {
      await stage.send(40);
      const engine = stage.engine({ KAFKA_PROPERTIES: 'topic.metadata.refresh.interval.ms=500' });
      await stage.settled();
      await broker.admin.alterPartitions(stage.topic, 3);
      await stage.spreadOver(3);
      await stage.until('the new partitions are claimed', async () => (await stage.positions()).size === 3);
      await stage.send(60);
      await stage.settled();
      assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
      await stage.assertLedger();
      assert.equal(stage.sent.partitions.length, 3);
    }));
});
