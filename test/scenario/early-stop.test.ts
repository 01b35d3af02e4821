import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { readdresser } from '../chaos/line.js';
import type { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { Stage } from './stage.js';

describe('SIGTERM while the engine starts', () => {
  let stage: Stage;
  before(async () => {
    stage = await Stage.open();
    await stage.send(takeMessages(40, { seed: 71, transactionsPerSlot: 20 }));
  });
  after(() => stage.close());

  async function assertEndsWell(engine: EngineProcess): Promise<void> {
    assert.deepEqual(await engine.ended(), { code: 0, signal: null }, engine.output);
    assert.match(engine.output, /"stopped"/);
    const after = engine.output.slice(engine.output.indexOf('"shutdown"'));
    assert.doesNotMatch(after, /the group gives us/, 'it joined after it was told to stop');
  }

  for (const words of [1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 24])
    test(`at word ${words} to the broker exits 0`, async () => {
      const port = Number(stage.broker.brokers.split(':').at(-1));
      const proxy = await new TcpProxy(port).listen();
      const readdress = readdresser(port, proxy.port);
      let said = 0;
      let engine: EngineProcess | null = null;
      proxy.use((from, chunk) => {
        if (from === 'server') readdress(chunk);
        else if (++said === words) engine?.signal('SIGTERM');
        return 'pass';
      });
      engine = stage.engine({ KAFKA_BROKERS: `127.0.0.1:${proxy.port}` });
      assert.deepEqual(await engine.ended(), { code: 0, signal: null }, engine.output);
      assert.match(engine.output, /"stopped"/);
      await proxy.close();
    });

  test('and waits for its database exits 0 and joins no group', async () => {
    const { engine: url } = stage.database.urls;
    const proxy = await new TcpProxy(Number(new URL(url).port)).listen();
    let held = false;
    proxy.use((_, __, { client, server }) => {
      held = true;
      client.pause();
      server.pause();
      return 'pass';
    });
    const engine = stage.engine({ DATABASE_URL: proxy.url(url) });
    await until('it talks to its database', () => held, { explain: () => engine.output });
    engine.signal('SIGTERM');
    await engine.says(/"shutdown"/);
    proxy.clear();
    proxy.cut();
    await assertEndsWell(engine);
    await proxy.close();
  });

  for (const migrates of ['true', 'false'])
    test(`and waits for a database that is not there exits 0 with DATABASE_MIGRATE=${migrates}`, async () => {
      const proxy = await new TcpProxy(0).listen(); // nobody listens at port 0
      const url = proxy.url(stage.database.urls.engine);
      // Whoever went on waiting would be ended by this, and exit 1.
      const settings = { DATABASE_URL: url, DATABASE_MIGRATE: migrates, SHUTDOWN_TIMEOUT_MS: '50000' };
      const engine = stage.engine(settings);
      await engine.says(/"database_waiting"/);
      engine.signal('SIGTERM');
      await assertEndsWell(engine);
      await proxy.close();
    });
});
