import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fullType } from '../../proto/full-codec.js';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import type { GeneratedMessage } from '../../src/commands/demo/generator/message.js';
import { until } from '../kafka/until.js';
import { onScene } from './scene.js';

const CLUSTER = { sessionTimeoutMs: 3_000 };
/** Longer than a thread takes for any good slab, however busy the machine. */
const HANG_MS = 10_000;

type Outgoing = Pick<GeneratedMessage, 'partition' | 'value' | 'trades' | 'poison'>;

const bad = (value: Uint8Array<ArrayBuffer>, partition: number): Outgoing => ({
  partition,
  value,
  trades: [],
  poison: 'random',
});

const good = (count: number, startSlot: number, more: object = {}): GeneratedMessage[] =>
  takeMessages(count, { seed: startSlot, transactionsPerSlot: 20, startSlot, poisonShare: 0, ...more });

const preloaded = (fixture: string): Record<string, string> => ({
  NODE_OPTIONS: `--import=${new URL(`./fixtures/${fixture}.js`, import.meta.url).href}`,
});

/** Bytes that no reader can make rows of, by what is wrong with them. */
function poisons(): Record<string, Uint8Array<ArrayBuffer>> {
  const filled = (length: number, byte: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(byte);
  const [victim] = good(40, 1).filter(({ value }) => value.length > 1_000);
  const transfers = { Transactions: [{ Index: 1, Transfers: [{ Amount: 5, Currency: { Symbol: 'A' } }] }] };
  return {
    truncated: victim!.value.slice(0, -1),
    random: Uint8Array.from({ length: 300 }, (_, i) => (i === 0 ? 0x0f : (i * 7_919) % 251)),
    'huge length prefix': Uint8Array.of(0x12, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3),
    'deep nesting': filled(20_000, 0x7b),
    'wrong message type': Uint8Array.from(fullType('TokenBlockMessage').encode(transfers).finish()),
    '1 MB': filled(1_000_000, 0x5a),
    '10 MB': filled(10_000_000, 0x5a),
  };
}

describe('a stream', { concurrency: 3 }, () => {
  test('with every kind of poison in it lands around it, and keeps each poison byte for byte', () =>
    onScene(CLUSTER, async ({ stage, endsClean }) => {
      const kinds = poisons();
      const around = good(60, 450_000_000);
      await stage.send(around.slice(0, 30));
      await stage.send(Object.values(kinds).map((value, i) => bad(value, i % 4)));
      // A message without a byte is one that holds nothing, and no poison.
      await stage.send([{ ...bad(new Uint8Array(0), 1), poison: null }]);
      await stage.send(around.slice(30));
      const engine = stage.engine();
      await stage.settled();
      await endsClean(engine);
      const letters = await stage.database.query<{ payload: Buffer }>('SELECT payload FROM ingest_dead_letters');
      for (const [kind, value] of Object.entries(kinds))
        assert.ok(
          letters.some(({ payload }) => payload.equals(value)),
          kind,
        );
    }));

  test('whose messages come again in the same partition, in another and after a restart has each trade once', () =>
    onScene(CLUSTER, async ({ stage, endsClean }) => {
      const messages = good(40, 451_000_000);
      await stage.send(messages);
      await stage.send(messages);
      const engine = stage.engine();
      await stage.settled();
      await stage.send(messages.map((message) => ({ ...message, partition: (message.partition + 1) % 4 })));
      await stage.settled();
      assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
      // The next engine remembers nothing by itself.
      const next = stage.engine({ DUPLICATE_WINDOW_ENTRIES: '0' });
      await stage.send(messages);
      await stage.send(messages.map((message) => ({ ...message, partition: (message.partition + 2) % 4 })));
      await stage.settled();
      await endsClean(next);
    }));

  test('of nothing but repeats and empty messages moves the position', () =>
    onScene(CLUSTER, async ({ stage, endsClean }) => {
      const messages = good(20, 452_000_000);
      await stage.send(messages);
      const engine = stage.engine();
      await stage.settled();
      const count = (): Promise<unknown> => stage.database.query('SELECT count(*) FROM solana_dex_trades');
      const before = await count();
      for (let round = 0; round < 3; round += 1) {
        await stage.send(messages);
        await stage.send([0, 1, 2, 3].map((partition) => ({ ...bad(new Uint8Array(0), partition), poison: null })));
        await stage.settled();
      }
      assert.deepEqual(await count(), before);
      await endsClean(engine);
    }));
});

test('a flood of messages that do not decode ends the engine before they land, and it goes on when told to', () =>
  onScene(CLUSTER, async ({ stage, endsClean }) => {
    const messages = good(40, 455_000_000);
    await stage.send(messages.slice(0, 20));
    const engine = stage.engine();
    await stage.settled();
    const before = await stage.progress();
    await stage.send(Array.from({ length: 150 }, () => bad(Uint8Array.of(0x0f, 1, 2, 3), 2)));
    const exit = await engine.ended();
    assert.deepEqual([exit.code, exit.signal], [1, null], engine.output);
    assert.match(engine.output, /messages in a row would become dead letters/);
    const letters = await stage.database.query('SELECT FROM ingest_dead_letters');
    assert.ok(letters.length < 100, `${letters.length} letters`);
    assert.ok((await stage.progress()) < before + 150, 'the rest of them waits where it was');
    // Not before: a good one of another partition would end the row of bad ones.
    await stage.send(messages.slice(20));
    const next = stage.engine({ DEAD_LETTERS_IN_A_ROW: '1000', DEAD_LETTERS_PERCENT_MAX: '100' });
    await stage.settled();
    await endsClean(next);
  }));

test('workers that throw, run out of memory, exit or are killed cost the poisonous messages and nothing else', () =>
  onScene(CLUSTER, async ({ stage, endsClean }) => {
    const words = ['THROWS', 'EATS ALL MEMORY', 'KILLS THE WORKER'];
    const messages = good(80, 453_000_000);
    const engine = stage.engine({
      ...preloaded('unruly-workers'),
      WORKER_TASK_TIMEOUT_MS: '120000',
      WORKER_TASK_ATTEMPTS: '2',
      SLAB_MAX_BYTES: '20000',
    });
    for (const [i, word] of words.entries()) {
      await stage.send(messages.slice(i * 20, i * 20 + 10));
      await stage.send([bad(Uint8Array.from(Buffer.from(word)), i)]);
      await stage.send(messages.slice(i * 20 + 10, i * 20 + 20));
    }
    await stage.settled();
    // All threads at once, with work for them on its way.
    for (let kill = 0; kill < 3; kill += 1) {
      const sending = stage.send(good(30, 454_000_000 + kill * 1_000));
      engine.signal('SIGUSR2');
      await sending;
      await stage.settled();
    }
    await endsClean(engine);
    const letters = await stage.database.query<{ partition: number; error_class: string }>(
      'SELECT partition, error_class FROM ingest_dead_letters ORDER BY partition',
    );
    assert.deepEqual(
      letters,
      words.map((_, partition) => ({ partition, error_class: 'worker_crashed' })),
    );
  }));

test('a worker that hangs costs the message it hangs on and nothing else', () =>
  onScene(CLUSTER, async ({ stage, endsClean }) => {
    const messages = good(40, 456_000_000);
    const engine = stage.engine({
      ...preloaded('unruly-workers'),
      WORKER_TASK_TIMEOUT_MS: String(HANG_MS),
      WORKER_TASK_ATTEMPTS: '1',
      SLAB_MAX_BYTES: '20000',
    });
    await stage.send(messages.slice(0, 20));
    await stage.send([bad(Uint8Array.from(Buffer.from('HANGS THE WORKER')), 1)]);
    await stage.send(messages.slice(20));
    await stage.settled();
    await endsClean(engine);
    const letters = await stage.database.query('SELECT partition, error_class FROM ingest_dead_letters');
    assert.deepEqual(letters, [{ partition: 1, error_class: 'worker_timeout' }]);
  }));

test('an engine whose main thread is blocked past the poll interval loses its partitions, comes back, and doubles nothing', () =>
  onScene(CLUSTER, async ({ stage, send, owns, endsClean }) => {
    const folder = mkdtempSync(join(tmpdir(), 'poison-'));
    const file = join(folder, 'blocked');
    const blocked = stage.engine({
      ...preloaded('blocked-main'),
      BLOCKED_WHILE: file,
      KAFKA_MAX_POLL_INTERVAL_MS: '3000',
    });
    await send(40);
    await stage.settled();
    await owns(blocked);
    const other = stage.engine();
    await owns(other, 1);
    const sending = send(80);
    blocked.signal('SIGUSR2');
    await sending;
    await owns(other);
    await stage.settled();
    rmSync(folder, { recursive: true });
    await until('it has noticed', () => /poll interval|max\.poll/i.test(blocked.output), {
      explain: () => blocked.output,
    });
    await owns(blocked, 1);
    await send(40);
    await stage.settled();
    await endsClean(blocked, other);
  }));
