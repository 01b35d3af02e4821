import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { takeMessages } from '../src/commands/demo/generator/generator.js';
import type { Decoder } from '../src/engine-dispatch.js';
import { Pipeline, type PipelineObserver } from '../src/engine-pipeline.js';
import { EngineError } from '../src/errors.js';
import { CaptureWriter } from '../src/ingest/capture-file.js';
import { CaptureSource } from '../src/ingest/capture-source.js';
import type { SourceMessage } from '../src/ingest/source.js';
import { DecodePool } from '../src/workers/decode-pool.js';
import { until } from './kafka/until.js';
import { createSink } from './support/batches.js';
import { testDatabase } from './support/database.js';

const TOPIC = 'solana.dextrades.proto';
const CRASHES = ['KILLS THE WORKER', 'EATS ALL MEMORY', 'THROWS'];
const HANG = 'HANGS THE WORKER';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipeline-'));
});
after(async () => {
  await rm(folder, { recursive: true });
});

/** Good messages with one poisonous one of each kind among them, and the offsets of those. */
async function writeCapture(path: string, poisons: readonly string[]): Promise<{ trades: number; poisoned: string[] }> {
  const offsets = new Map<number, number>();
  const poisoned: string[] = [];
  const messages: SourceMessage[] = [];
  const keys = new Set<string>();
  const push = (partition: number, value: Uint8Array<ArrayBuffer>): number => {
    const offset = offsets.get(partition) ?? 0;
    offsets.set(partition, offset + 1);
    messages.push({ topic: TOPIC, partition, offset, timestampMs: 1_790_000_000_000, key: null, value });
    return offset;
  };
  takeMessages(160, { seed: 3, poisonShare: 0, transactionsPerSlot: 20 }).forEach((message, i) => {
    if (i % 40 === 20) {
      const partition = i % 4;
      const poison = poisons[Math.floor(i / 40)];
      if (poison !== undefined) poisoned.push(`${partition}/${push(partition, Uint8Array.from(Buffer.from(poison)))}`);
    }
    push(message.partition, message.value);
    for (const { slot, txIndex, tradeIndex } of message.trades) keys.add(`${slot}/${txIndex}/${tradeIndex}`);
  });
  const writer = new CaptureWriter(path, TOPIC);
  await writer.write(messages);
  await writer.close();
  return { trades: keys.size, poisoned: poisoned.sort() };
}

for (const { about, poisons, errorClass, limits } of [
  {
    about: 'kill or fill a worker',
    poisons: CRASHES,
    errorClass: 'worker_crashed',
    limits: { taskTimeoutMs: 120_000, slabMaxBytes: 200_000 },
  },
  {
    about: 'hang a worker',
    poisons: [HANG],
    errorClass: 'worker_timeout',
    // Long enough for a good message of a busy machine; one message a slab, so that it need not be searched for.
    limits: { taskTimeoutMs: 8_000, slabMaxBytes: 1 },
  },
])
  test(`messages that ${about} become dead letters alone, byte for byte; all others land`, async () => {
    const path = join(folder, errorClass);
    const { trades, poisoned } = await writeCapture(path, poisons);
    const source = await CaptureSource.open(path);
    const database = await testDatabase();
    const sink = createSink(database.url);
    await sink.open();
    const decoder = await DecodePool.start({
      threads: 2,
      taskTimeoutMs: limits.taskTimeoutMs,
      messageMaxBytes: 1_000_000,
      heapMb: 32,
      workerFile: new URL('./workers/fixtures/poison-worker.js', import.meta.url),
    });
    const failures: Error[] = [];
    const pipeline = createPipeline(source, sink, decoder, (error) => failures.push(error), limits.slabMaxBytes);
    await source.start(pipeline);
    await until(
      'everything has landed',
      () => failures.length > 0 || pipeline.partitions.every(({ landed, highWatermark }) => landed === highWatermark),
      { timeoutMs: 240_000 },
    );
    await source.stop();
    assert.deepEqual(failures, []);
    assert.equal(pipeline.budget.used, 0, 'every byte reserved was released');
    pipeline.close();
    await sink.close();
    await decoder.close();

    const [row] = await database.query<{ all: string; keys: string }>(
      'SELECT count(*) AS all, count(DISTINCT (block_slot, tx_index, trade_index)) AS keys FROM solana_dex_trades',
    );
    assert.deepEqual(row, { all: String(trades), keys: String(trades) });
    const letters = await database.query<{ at: string; payload: Buffer; error_class: string }>(
      `SELECT partition || '/' || kafka_offset AS at, payload, error_class FROM ingest_dead_letters ORDER BY 1`,
    );
    assert.deepEqual(
      letters.map(({ at }) => at),
      poisoned,
    );
    assert.deepEqual(letters.map(({ payload }) => payload.toString()).sort(), [...poisons].sort());
    for (const { payload, error_class } of letters) assert.equal(error_class, errorClass, payload.toString());
    await database.drop();
  });

test('workers that cannot start any more stop the engine and condemn no message', async () => {
  const path = join(folder, 'broken');
  await writeCapture(path, CRASHES);
  const other = await testDatabase();
  const source = await CaptureSource.open(path);
  const sink = createSink(other.url);
  await sink.open();
  const broken = new EngineError('WORKER_BOOT', 'no thread starts any more');
  const decoder: Decoder = { threads: 1, capacity: 2, inFlight: 0, run: () => Promise.reject(broken) };
  const failures: Error[] = [];
  const pipeline = createPipeline(source, sink, decoder, (error) => failures.push(error));
  await source.start(pipeline);
  await until('the engine stops', () => failures.length > 0);
  await source.stop();
  pipeline.close();
  await sink.close();
  assert.deepEqual(failures, [broken]);
  assert.deepEqual(await other.query('SELECT FROM ingest_dead_letters'), []);
  assert.deepEqual(await other.query('SELECT FROM kafka_offsets WHERE next_offset > 0'), []);
  await other.drop();
});

function createPipeline(
  source: CaptureSource,
  sink: ReturnType<typeof createSink>,
  decoder: Decoder,
  failed: PipelineObserver['failed'],
  slabMaxBytes = 200_000,
): Pipeline {
  const nothing = (): void => {};
  return new Pipeline({
    source,
    sink,
    decoder,
    observer: {
      received: nothing,
      decoded: nothing,
      deduplicated: nothing,
      landed: nothing,
      workerFailed: nothing,
      gap: nothing,
      warn: nothing,
      failed,
    },
    lanes: 2,
    batchMaxRows: 200,
    batchMaxBytes: 1_000_000,
    batchLingerMs: 5,
    budgetBytes: 16_000_000,
    slabMaxBytes,
    slabLingerMs: 5,
    slabAttempts: 2,
    duplicateWindowEntries: 10_000,
    duplicateWindowMs: 240_000,
    groupId: 'group',
    gapPolicy: 'halt',
    commitIntervalMs: 1_000,
  });
}
