import assert from 'node:assert/strict';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import type { EngineProcess } from '../kafka/engine-process.js';
import { MockCluster, type MockClusterOptions } from '../support/mock-cluster.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { PARTITIONS, Stage, TOPIC } from './stage.js';

export interface Scene {
  readonly cluster: MockCluster;
  readonly stage: Stage;
  /** Stands in front of the stage's database for those who are given its URL. */
  readonly proxy: TcpProxy;
  /** The engine's DATABASE_URL through the proxy. */
  readonly proxied: string;
  /** Sends the stream's next messages, a few trades each; resolves when the broker has them all. */
  send(count: number): Promise<void>;
  /** Of those only such as hold trades: while the table of trades is locked, none of them lands. */
  sendTrades(count: number): Promise<void>;
  /** {@link Stage.owns} */
  owns(engine: EngineProcess, partitions?: number): Promise<void>;
  /** SIGTERM ends them with 0, and the ledger is clean. */
  endsClean(...engines: EngineProcess[]): Promise<void>;
}

const SLOTS_APART = 1_000;

/** One scenario on a cluster with faults, with a database and engines of its own; everything goes when it is over, however. */
export async function onScene(options: MockClusterOptions, scenario: (scene: Scene) => Promise<void>): Promise<void> {
  const cluster = await MockCluster.start(options);
  await cluster.createTopic(TOPIC, PARTITIONS);
  const stage = await Stage.open({ broker: cluster });
  const proxy = await new TcpProxy(Number(new URL(stage.database.url).port)).listen();
  let startSlot = 440_000_000;
  const next = (count: number, more: object = {}) => {
    startSlot += SLOTS_APART;
    return takeMessages(count, { seed: startSlot, transactionsPerSlot: 20, startSlot, ...more });
  };
  try {
    await scenario({
      cluster,
      stage,
      proxy,
      proxied: proxy.url(stage.database.urls.engine),
      send: (count) => stage.send(next(count)),
      sendTrades: (count) => {
        const messages = next(10 * count, { poisonShare: 0 }).filter(({ trades }) => trades.length > 0);
        return stage.send(messages.slice(0, count));
      },
      owns: (engine, partitions) => stage.owns(engine, partitions),
      endsClean: async (...engines) => {
        for (const engine of engines) assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
        await stage.assertLedger();
      },
    });
  } finally {
    await stage.close();
    await proxy.close();
  }
}
