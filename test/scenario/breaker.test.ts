import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { onScene } from './scene.js';

const SESSION_MS = 3_000;
const OPEN_MS = 9_000;
const READY_OPEN_MS = 1_500;
const BUDGET_BYTES = 4_194_304;
const LARGE_BYTES = 500_000;

interface Health {
  readonly code: number;
  readonly reasons: readonly string[];
  readonly breaker: 'closed' | 'half-open' | 'open';
  readonly openMs: number | null;
  readonly inflightBytes: number;
  readonly held: boolean;
}

/** What the engine says over HTTP. */
class Watch {
  readonly #port: number;

  constructor(engine: EngineProcess) {
    const line = engine.output.split('\n').find((text) => text.includes('"engine_started"')) ?? '{}';
    this.#port = (JSON.parse(line) as Record<string, { health: number }>)['http.ports']?.health ?? 0;
  }

  async health(): Promise<Health> {
    const { body } = await this.#ask('/health');
    const { reasons, components } = JSON.parse(body);
    const { database, memory } = components;
    return {
      ...{ code: 0, reasons, breaker: database.breaker, openMs: database.breaker_open_ms },
      ...{ inflightBytes: memory.inflight_bytes, held: memory.held },
    };
  }

  async ready(): Promise<{ readonly code: number; readonly reasons: string }> {
    const { code, body } = await this.#ask('/ready');
    return { code, reasons: String(JSON.parse(body).reasons) };
  }

  /** Value of a series, undefined where it is not there. */
  async metric(series: string): Promise<number | undefined> {
    const { body } = await this.#ask('/metrics');
    const line = body.split('\n').find((text) => text.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  }

  async #ask(path: string): Promise<{ readonly code: number; readonly body: string }> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}${path}`);
    return { code: answer.status, body: await answer.text() };
  }
}

const STATE = 'circuit_breaker_state{name="postgres"}';

test('an open circuit breaker stops the fetching and not the polling, and closes by way of half open with everything landed', (context) =>
  onScene({ sessionTimeoutMs: SESSION_MS }, async ({ stage, proxy, proxied, send, owns, endsClean }) => {
    const engine = stage.engine({
      DATABASE_URL: proxied,
      BREAKER_OPEN_MS: String(OPEN_MS),
      READY_BREAKER_OPEN_MS: String(READY_OPEN_MS),
      DATABASE_FLUSH_TIMEOUT_MS: '2000',
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
    const watch = new Watch(engine);
    const membership = async (): Promise<unknown> => [
      await stage.database.query('SELECT partition, owner, epoch FROM kafka_offsets ORDER BY 1'),
      await watch.metric('kafka_consumer_rebalances_total'),
    ];
    const before = await membership();
    assert.equal((await watch.ready()).code, 200);
    assert.equal((await watch.health()).breaker, 'closed');
    assert.equal(await watch.metric(STATE), 0);

    // The database is gone: whoever asks for it is hung up on.
    proxy.use((_from, _chunk, { client, server }) => {
      client.destroy();
      server.destroy();
      return 'drop';
    });
    proxy.cut();
    await sendLarge(1);
    await until('the breaker is open', async () => (await watch.health()).breaker === 'open');
    assert.equal(await watch.metric(STATE), 2);

    // More than the budget comes meanwhile, for longer than the group's patience.
    await sendLarge(12);
    await send(20);
    let most = 0;
    await until('it was open for longer than a session lasts', async () => {
      const { breaker, openMs, inflightBytes } = await watch.health();
      assert.equal(breaker, 'open');
      most = Math.max(most, inflightBytes);
      return (openMs ?? 0) > SESSION_MS + 1_000;
    });
    context.diagnostic(`${most} bytes in flight at the most while the breaker was open`);
    assert.ok(most < 2 * LARGE_BYTES, `${most} bytes in flight: it went on fetching`);
    const { code, reasons } = await watch.ready();
    assert.equal(code, 503);
    assert.match(reasons, /the database has been given up for \d+ s/);

    // It takes connections and says nothing: what is tried next hangs, and fails.
    proxy.blackHole();
    await until('the breaker is half open', async () => {
      const { breaker, inflightBytes } = await watch.health();
      assert.ok(inflightBytes <= BUDGET_BYTES + LARGE_BYTES, `${inflightBytes} bytes in flight`);
      return breaker === 'half-open';
    });
    assert.equal(await watch.metric(STATE), 1);
    await until('the breaker is open again', async () => (await watch.health()).breaker === 'open');

    proxy.clear();
    await until('the breaker is closed', async () => {
      const { breaker, inflightBytes } = await watch.health();
      most = Math.max(most, inflightBytes);
      return breaker === 'closed';
    });
    assert.ok(most <= BUDGET_BYTES + LARGE_BYTES, `${most} bytes in flight`);
    assert.equal(await watch.metric(STATE), 0);
    await stage.settled();
    assert.deepEqual(await membership(), before, 'the same member has the same partitions, and nothing was rebalanced');
    assert.equal((await watch.ready()).code, 200);
    assert.equal((await watch.health()).openMs, null);
    await endsClean(engine);
  }));
