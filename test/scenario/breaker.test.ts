import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../kafka/until.js';
import { onScene } from './scene.js';
import { WatchedEngine } from './watched-engine.js';

const SESSION_MS = 8_000;
/** Long enough for all that is done meanwhile, on a machine however busy. */
const OPEN_MS = 25_000;
const READY_OPEN_MS = 1_500;
const BUDGET_BYTES = 4_194_304;
const LARGE_BYTES = 500_000;

interface Components {
  readonly database: { readonly breaker: 'closed' | 'half-open' | 'open'; readonly breaker_open_ms: number | null };
  readonly memory: { readonly inflight_bytes: number };
}

/** What `/health` says of the database and of memory. */
async function healthOf(engine: WatchedEngine) {
  const { database, memory } = (await engine.health('/health')).body.components as Components;
  return { breaker: database.breaker, openMs: database.breaker_open_ms, inflightBytes: memory.inflight_bytes };
}

const tells = (engine: WatchedEngine, state: number): Promise<number> =>
  engine.sees(`the metric tells ${state}`, 'circuit_breaker_state', { name: 'postgres' }, (sum) => sum === state);

test('an open circuit breaker stops the fetching and not the polling, and closes by way of half open with everything landed', (context) =>
  onScene({ sessionTimeoutMs: SESSION_MS }, async ({ stage, proxy, proxied, send, owns, endsClean }) => {
    const engine = stage.engine({
      DATABASE_URL: proxied,
      BREAKER_OPEN_MS: String(OPEN_MS),
      READY_BREAKER_OPEN_MS: String(READY_OPEN_MS),
      DATABASE_FLUSH_TIMEOUT_MS: '10000',
      KAFKA_MAX_POLL_INTERVAL_MS: String(SESSION_MS),
      MEMORY_BUDGET_BYTES: String(BUDGET_BYTES),
      BATCH_MAX_BYTES: '1000000',
    });
    const value = new Uint8Array(LARGE_BYTES).fill(0x5a);
    const sendLarge = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await stage.send([{ partition: i % 4, value, trades: [], poison: 'random' }]);
    };
    await send(20);
    // Last, so that the engine knows how large messages are when it asks for as many as its budget holds.
    await sendLarge(4);
    await stage.settled();
    await owns(engine);
    const watch = await WatchedEngine.of(engine);
    const membership = async (): Promise<unknown> => [
      await stage.database.query('SELECT partition, owner, epoch FROM kafka_offsets ORDER BY 1'),
      (await watch.metrics()).sum('kafka_consumer_rebalances_total'),
    ];
    const before = await membership();
    await watch.answers('/ready', 200);
    assert.equal((await healthOf(watch)).breaker, 'closed');
    await tells(watch, 0);

    // The database is gone: whoever asks for it is hung up on.
    proxy.use((_from, _chunk, { client, server }) => {
      client.destroy();
      server.destroy();
      return 'drop';
    });
    proxy.cut();
    await sendLarge(1);
    await until('the breaker is open', async () => (await healthOf(watch)).breaker === 'open');
    await tells(watch, 2);

    // More than the budget comes meanwhile, for longer than the group's patience.
    await sendLarge(12);
    await send(20);
    let most = 0;
    await until('it was open for longer than a session lasts', async () => {
      const { breaker, openMs, inflightBytes } = await healthOf(watch);
      assert.equal(breaker, 'open');
      most = Math.max(most, inflightBytes);
      return (openMs ?? 0) > SESSION_MS + 1_000;
    });
    context.diagnostic(`${most} bytes in flight at the most while the breaker was open`);
    assert.ok(most < 2 * LARGE_BYTES, `${most} bytes in flight: it went on fetching`);
    await watch.answers('/ready', 503, /the database has been given up for \d+ s/);

    // It takes connections and says nothing: what is tried next hangs, and fails.
    proxy.blackHole();
    await until('the breaker is half open', async () => {
      const { breaker, inflightBytes } = await healthOf(watch);
      assert.ok(inflightBytes <= BUDGET_BYTES + LARGE_BYTES, `${inflightBytes} bytes in flight`);
      return breaker === 'half-open';
    });
    await tells(watch, 1);
    await until('the breaker is open again', async () => (await healthOf(watch)).breaker === 'open');

    proxy.clear();
    await until('the breaker is closed', async () => {
      const { breaker, inflightBytes } = await healthOf(watch);
      most = Math.max(most, inflightBytes);
      return breaker === 'closed';
    });
    assert.ok(most <= BUDGET_BYTES + LARGE_BYTES, `${most} bytes in flight`);
    await tells(watch, 0);
    await stage.settled();
    assert.deepEqual(await membership(), before, 'the same member has the same partitions, and nothing was rebalanced');
    await watch.answers('/ready', 200);
    assert.equal((await healthOf(watch)).openMs, null);
    await endsClean(engine);
  }));
