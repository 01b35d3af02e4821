import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { onScene } from './scene.js';

/** The group takes a member for dead after this long without a word. */
const CLUSTER = { sessionTimeoutMs: 2_000 };
/** ... where none is stopped. */
const CALM = { sessionTimeoutMs: 30_000 };
/** From the stop of an owner to everything landed by another, on a machine however busy. */
const TAKE_OVER_MS_MAX = 120_000;

interface Held {
  /** The chunk goes to the server now. */
  release(): void;
}

/**
 * Stops the engine with SIGSTOP at its next message to the server that holds `text`, and holds that message back as a
 * network does that is slow. What else the connection carries passes.
 */
function stopAt(proxy: TcpProxy, engine: EngineProcess, text: string): Promise<Held> {
  return new Promise((resolve) => {
    proxy.use((from, chunk, link) => {
      if (from !== 'client' || !chunk.includes(text)) return 'pass';
      engine.signal('SIGSTOP');
      proxy.clear();
      resolve({ release: () => link.server.write(chunk) });
      return 'drop';
    });
  });
}

/** What ends a COPY: type 'c', length 4. */
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]);

/** Stops the engine with SIGSTOP in the middle of a COPY: rows have reached the server, their end has not and never will. */
function stopInCopy(proxy: TcpProxy, engine: EngineProcess): Promise<void> {
  return new Promise((resolve) => {
    let copying: unknown = null;
    proxy.use((from, chunk, link) => {
      if (from !== 'client') return 'pass';
      if (chunk.includes('COPY solana_dex_trades')) copying = link;
      if (copying !== link || !chunk.subarray(-COPY_DONE.length).equals(COPY_DONE)) return 'pass';
      engine.signal('SIGSTOP');
      link.server.write(chunk.subarray(0, -COPY_DONE.length));
      proxy.strand();
      resolve();
      return 'drop';
    });
  });
}

describe('an engine that was stopped past its session and goes on', { concurrency: 3 }, () => {
  test('as a zombie, with a transaction on its way, has that refused by the database', (context) =>
    onScene(CLUSTER, async ({ stage, proxy, proxied, send, owns, endsClean }) => {
      const zombie = stage.engine({ DATABASE_URL: proxied, DATABASE_LANES: '1' });
      await send(20);
      await stage.settled();
      const stopped = stopAt(proxy, zombie, 'kafka_offsets_advance');
      const sending = send(40);
      const held = await stopped;
      await sending;
      // The successor does not end the zombie's backend: the zombie shall have its say.
      const successor = stage.engine({ DATABASE_STALE_BACKEND_MS: '60000' });
      await owns(successor);
      let refused = false;
      proxy.use((from, chunk) => {
        refused ||= from === 'server' && chunk.includes('TE001');
        return 'pass';
      });
      held.release();
      await until('the database refuses the transaction', () => refused);
      await stage.settled();
      const writers = await stage.database.query(
        `SELECT FROM kafka_offsets WHERE owner NOT LIKE '%-${successor.pid}-%'`,
      );
      assert.equal(writers.length, 0, 'the successor alone moved the positions');
      zombie.signal('SIGCONT');
      await until('it notices', () => /was claimed by another engine/.test(zombie.output), {
        explain: () => zombie.output,
      });
      await send(40);
      await stage.settled();
      context.diagnostic('refused with TE001, then fenced');
      await endsClean(successor, zombie);
    }));

  test('with decoded work at hand lands none of it', () =>
    onScene(CLUSTER, async ({ stage, send, owns, endsClean }) => {
      const zombie = stage.engine();
      await send(20);
      await stage.settled();
      const lock = await stage.lockOffsets();
      await send(40);
      await until('its write waits for the lock', () => lock.isWaitedFor());
      zombie.signal('SIGSTOP');
      await lock.release();
      const successor = stage.engine({ DATABASE_STALE_BACKEND_MS: '500' });
      await owns(successor);
      await stage.settled();
      zombie.signal('SIGCONT');
      for (let round = 0; round < 3; round += 1) {
        await send(20);
        await stage.settled();
      }
      await endsClean(successor, zombie);
    }));

  test('having been in the middle of a COPY, has its rows taken back by its successor within a bounded time', (context) =>
    onScene(CLUSTER, async ({ stage, proxy, proxied, send, endsClean }) => {
      // With a trigger rows go into the table one by one instead of a thousand at a time, so that some of them are there.
      await stage.database.query(`
        CREATE FUNCTION as_it_is() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER one_by_one BEFORE INSERT ON solana_dex_trades FOR EACH ROW EXECUTE FUNCTION as_it_is()`);
      await send(100);
      const owner = stage.engine({
        DATABASE_URL: proxied,
        DATABASE_LANES: '1',
        DATABASE_FLUSH_TIMEOUT_MS: '1000',
        BATCH_LINGER_MS: '500',
      });
      await stopInCopy(proxy, owner);
      const stoppedAt = Date.now();
      const waiting = () =>
        stage.database.query(
          `SELECT FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event = 'ClientRead' AND query LIKE 'COPY solana_dex_trades%'`,
        );
      await until('a backend waits for the rest of the rows', async () => (await waiting()).length > 0);
      const successor = stage.engine({ DATABASE_STALE_BACKEND_MS: '500' });
      await until('everything sent has landed', async () => (await stage.progress()) >= stage.end, {
        timeoutMs: TAKE_OVER_MS_MAX,
        explain: () => successor.output.slice(-6_000),
      });
      const took = Date.now() - stoppedAt;
      context.diagnostic(
        `an owner stopped in the middle of a COPY: everything landed by another after ${took} ms ` +
          `(session ${CLUSTER.sessionTimeoutMs} ms, start of the successor included; bound ${TAKE_OVER_MS_MAX} ms)`,
      );
      await successor.says(/Ended backends of an earlier owner/);
      owner.signal('SIGCONT');
      await send(20);
      await stage.settled();
      await endsClean(successor, owner);
    }));
});

describe('two deployments of one group and one database', { concurrency: 2 }, () => {
  test('that both believe a partition is theirs: the one that claimed before is fenced', () =>
    onScene(CALM, async ({ stage, send, owns, endsClean }) => {
      const blue = stage.engine();
      await send(40);
      await stage.settled();
      await owns(blue);
      // Green knows nothing of the group: it reads a capture, and claims all there is under the same names.
      const capture = `${process.env.TMPDIR ?? '/tmp'}/capture-${process.pid}-${Date.now()}`;
      const record = stage.engine({}, ['record', capture, '--messages', String(stage.end)]);
      assert.equal((await record.ended()).code, 0, record.output);
      const green = stage.engine({ KAFKA_BROKERS: '' }, ['replay', capture]);
      assert.equal((await green.ended()).code, 0, green.output);
      const fenced = await stage.database.query<{ partition: number; epoch: string }>(
        `SELECT partition, epoch FROM kafka_offsets WHERE owner LIKE '%-${green.pid}-%'`,
      );
      assert.equal(fenced.length, 4, 'green has claimed every partition');
      await send(40);
      await stage.settled();
      await owns(blue);
      for (const words of [/was claimed by another engine: dropped/, /joins the group anew/]) await blue.says(words);
      await endsClean(blue);
    }));

  test('of the same group share the partitions, and none is read by both', () =>
    onScene(CALM, async ({ stage, send, owns, endsClean }) => {
      const blue = stage.engine();
      const green = stage.engine();
      await Promise.all([owns(blue, 1), owns(green, 1)]);
      await send(60);
      await stage.settled();
      await Promise.all([owns(blue, 1), owns(green, 1)]);
      await endsClean(blue, green);
    }));
});
