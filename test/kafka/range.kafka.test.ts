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
  const { code, signal } = await engine.ended();
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

  async function trades(stage: Stage): Promise<number> {
    const [row] = await stage.query<{ count: number }>('SELECT count(*)::int AS count FROM solana_dex_trades');
    return row?.count ?? 0;
  }

  /** Keys of the trades in what the topic holds now. */
  function keysIn(stage: Stage): string[] {
    const trades = stage.sent.all().flatMap((message) => message.trades);
    return trades.map(({ slot, txIndex, tradeIndex }) => `${slot}/${txIndex}/${tradeIndex}`);
  }

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
      // A slow machine takes longer to make it anew than the engine waits for a topic that is gone.
      await assertGaveUp(engine, /created anew|was deleted while it was read/);
      assert.equal((await stage.positions()).get(0), 40);
    }));

  test('a topic created anew that has grown past the position is told by its id, and read from its start when told to', () =>
    onStage('anew-grown', async (stage) => {
      await landFirst(stage, 40);
      const before = await trades(stage);
      const keysBefore = keysIn(stage);
      await broker.admin.deleteTopic(stage.topic);
      await stage.createTopic(1);
      await stage.send(60);
      const refused = stage.engine();
      await assertGaveUp(refused, /deleted and created anew/);
      assert.equal((await stage.positions()).get(0), 40);
      assert.equal(await trades(stage), before);

      const statement = /UPDATE kafka_offsets SET [^;]*;/.exec(refused.output)?.[0];
      assert.ok(statement !== undefined, refused.output);
      await stage.query(statement);
      const engine = stage.engine();
      await stage.settled();
      assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
      assert.equal(await trades(stage), new Set([...keysBefore, ...keysIn(stage)]).size);
    }));

  test('a topic created anew that has grown past the position is read on from there by KAFKA_SOURCE_POLICY=continue', () =>
    onStage('anew-continued', async (stage) => {
      await landFirst(stage, 40);
      await broker.admin.deleteTopic(stage.topic);
      await stage.createTopic(1);
      await stage.send(60);
      const engine = stage.engine({ KAFKA_SOURCE_POLICY: 'continue' });
      await stage.settled();
      assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
      const [row] = await stage.query<{ first: number }>(
        'SELECT min(kafka_offset)::int AS first FROM solana_dex_trades WHERE kafka_offset >= 40',
      );
      assert.ok(row !== undefined && row.first >= 40);
    }));

  test('a topic created anew while it runs, and grown past the position before it looked, stops it', () =>
    onStage('anew-grown-running', async (stage) => {
      await stage.send(40);
      const engine = stage.engine();
      await stage.settled();
      // Stopped, it sees nothing of the topic that is not there in between.
      engine.signal('SIGSTOP');
      await broker.admin.deleteTopic(stage.topic);
      await stage.createTopic(1);
      await stage.send(60);
      engine.signal('SIGCONT');
      await assertGaveUp(engine, /created anew/);
      await assertGaveUp(stage.engine(), /created anew/);
    }));

  test('a topic deleted while it runs ends it with a sentence, and everything that was received has landed', () =>
    onStage('deleted-topic', async (stage) => {
      await stage.send(40);
      const engine = stage.engine({ KAFKA_PROPERTIES: 'topic.metadata.propagation.max.ms=1000' });
      await stage.settled();
      await broker.admin.deleteTopic(stage.topic);
      await assertGaveUp(
        engine,
        /KAFKA_TOPIC: topic range-deleted-topic\.dextrades\.proto was deleted while it was read/,
      );
      await stage.assertLedger();
    }));

  for (const startFrom of ['earliest', 'latest'])
    test(`partitions added while it runs are read from their start with KAFKA_START_FROM=${startFrom}`, () =>
      onStage(`added-${startFrom}`, async (stage) => {
        const engine = stage.engine({
          KAFKA_PROPERTIES: 'topic.metadata.refresh.interval.ms=500',
          KAFKA_START_FROM: startFrom,
        });
        await stage.until('its partition is claimed', async () => (await stage.positions()).size === 1);
        await stage.send(40);
        await stage.settled();
        // Stopped, it hears of the new partitions only when they hold something already.
        engine.signal('SIGSTOP');
        await broker.admin.alterPartitions(stage.topic, 3);
        await stage.spreadOver(3);
        await stage.send(60);
        engine.signal('SIGCONT');
        await stage.settled();
        assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
        await stage.assertLedger();
        assert.equal(stage.sent.partitions.length, 3);
      }));
});
