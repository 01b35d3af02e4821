import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { ENTRY_FIELDS } from '../../src/sink/fan-out/stream-entry.js';
import { Stage } from '../scenario/stage.js';
import { WatchedEngine } from '../scenario/watched-engine.js';
import { readPage } from '../support/doc-blocks.js';
import { DocFolder } from '../support/doc-commands.js';
import { type PageStage, testPage } from '../support/doc-page.js';
import { RedisServer, withoutRedis } from '../support/redis-server.js';
import { MODEST } from './stages.js';

/** A Redis in which an engine has published some trades, and still runs. */
async function publishedStage(): Promise<PageStage> {
  const redis = await RedisServer.start();
  const stage = await Stage.open();
  await stage.send(takeMessages(60, { seed: 31, transactionsPerSlot: 20 }));
  const engine = await WatchedEngine.of(stage.engine({ REDIS_URL: redis.url }));
  await stage.settled();
  await engine.sees('trades are published', 'redis_published_total', {}, (sum) => sum > 50);
  const folder = new DocFolder({ dotEnv: MODEST, replace: { 'localhost:6379': `127.0.0.1:${redis.port}` } });
  return {
    folder,
    close: async () => {
      folder.close();
      await stage.close();
      await redis.close();
    },
  };
}

describe('docs/redis.md', () => {
  it('names every field of an entry, and no other', () => {
    const [, table = ''] = /## What an entry holds\n([\s\S]*?)\n## /.exec(readPage('docs/redis.md')) ?? [];
    const named = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
    );
    assert.deepEqual(named.toSorted(), [...ENTRY_FIELDS].sort());
  });
});

if (withoutRedis() === false)
  testPage('docs/redis.md', publishedStage, {
    'node live.mjs redis://localhost:6379 0': ({ printed }) =>
      assert.match(printed, /^\w+: [\d.e+-]+ \w{32,44} for [\d.e+-]+ \w{32,44}$/m),
    'redis-cli -u redis://localhost:6379 XGROUP CREATE solana:dextrades alerts 0': ({ printed }) =>
      assert.match(printed, /^OK\n[\s\S]*block_slot\n\d+\n[\s\S]*worker-1\n2\n$/),
  });
else it('the commands of docs/redis.md', { skip: withoutRedis() }, () => {});
