import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { withFanOut } from '../src/engine-observers.js';
import type { PipelineObserver } from '../src/engine-pipeline.js';
import { RedisFanOut } from '../src/sink/fan-out/redis-fan-out.js';
import { encodeTrade, SLOT } from './support/batches.js';
import { part } from './support/parts.js';

const nothing = (): void => {};
const observer: PipelineObserver = {
  received: nothing,
  decoded: nothing,
  deduplicated: nothing,
  landed: nothing,
  workerFailed: nothing,
  gap: nothing,
  warn: nothing,
  failed: nothing,
};

test('without a Redis nothing stands between the pipeline and its observer', () => {
  assert.equal(withFanOut(observer, null), observer);
});

test('without a Redis its client is not even loaded', () => {
  const script = `
    import { createRequire } from 'node:module';
    await import(${JSON.stringify(new URL('../src/engine.js', import.meta.url).href)});
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(loaded.filter((path) => path.includes('@redis')).length, loaded.length > 10);`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(printed.trim(), '0 true');
});

test('with one, the observer hears first of what landed, and then it is kept to be published', async () => {
  const fanOut = new RedisFanOut({
    config: {
      redisUrl: 'redis://127.0.0.1:1',
      redisStream: 'trades',
      redisStreamMaxlen: 10,
      redisBufferBytes: 1_000_000,
    },
    logger: { info: nothing, warn: nothing, error: nothing },
  });
  const kept: number[] = [];
  const hearing = withFanOut({ ...observer, landed: () => kept.push(fanOut.status.bufferBytes) }, fanOut);
  const row = encodeTrade({ block_slot: SLOT });
  const landed = part({ from: 0, to: 1, trades: [row], tradeRows: 1 });
  hearing.landed(landed, { kind: 'landed', part: landed, rowsInserted: 1, rowsDuplicate: 0 }, 0.1);
  assert.deepEqual(kept, [0]);
  assert.equal(fanOut.status.bufferBytes, row.buffer.byteLength);
  await fanOut.close();
  assert.equal(fanOut.status.dropped, 1);
});
