import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import type { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { onScene, type Scene } from './scene.js';

const CLUSTER = { sessionTimeoutMs: 3_000 };
/** The engine's limit; `dead-letters` runs without it: as a decoder that has been mended does. */
const UNMENDED = { KAFKA_MESSAGE_MAX_BYTES: '60000' };
const COMMIT = "status = 'replayed'";

/** A command line about dead letters, run as the role that may change them. */
function run({ stage, proxy }: Scene, args: readonly string[], through = false): EngineProcess {
  const { owner } = stage.database.urls;
  return stage.engine({ DATABASE_URL: through ? proxy.url(owner) : owner }, ['dead-letters', ...args]);
}

async function succeeds(scene: Scene, ...args: string[]): Promise<string> {
  const process = run(scene, args);
  assert.deepEqual(await process.ended(), { code: 0, signal: null }, process.output);
  return process.output;
}

/** Lands a stream of which the larger messages become dead letters; answers how many. */
async function landWithLetters({ stage }: Scene, messages = 60): Promise<number> {
  const sent = takeMessages(messages, { seed: 31, transactionsPerSlot: 30, poisonShare: 0 });
  await stage.send(sent);
  const engine = stage.engine(UNMENDED);
  await stage.settled();
  assert.equal((await engine.stop()).code, 0, engine.output);
  const letters = await stage.database.query("SELECT FROM ingest_dead_letters WHERE error_class = 'too_large'");
  assert.ok(letters.length >= 5, `${letters.length} letters`);
  return letters.length;
}

/** Everything that was sent is there once, and no letter is open. */
async function assertAllReplayed({ stage }: Scene, letters: number): Promise<void> {
  const rows = await stage.database.query('SELECT status FROM ingest_dead_letters');
  assert.deepEqual(
    rows.map(({ status }) => status),
    Array.from({ length: letters }, () => 'replayed'),
  );
  // Not the ledger: a repeat behind a dead letter lands before it, which is out of order and as it should be.
  const expected = new Set(
    stage.sent
      .all()
      .flatMap(({ trades }) => trades.map((trade) => `${trade.slot}/${trade.txIndex}/${trade.tradeIndex}`)),
  );
  const landed = await stage.database.query<{ key: string }>(
    `SELECT block_slot || '/' || tx_index || '/' || trade_index AS key FROM solana_dex_trades`,
  );
  assert.deepEqual(landed.map(({ key }) => key).sort(), [...expected].sort());
}

/** Kills the process when it commits a letter: before that reaches the server, or when it has. */
function killAtCommit(proxy: TcpProxy, process: () => EngineProcess, verdict: 'pass' | 'drop'): void {
  proxy.use((from, chunk) => {
    if (from !== 'client' || !chunk.includes(COMMIT)) return 'pass';
    process().signal('SIGKILL');
    return verdict;
  });
}

describe('dead letters', { concurrency: 2 }, () => {
  test('are listed, shown, landed by a decoder that was mended, and removed', () =>
    onScene(CLUSTER, async (scene) => {
      const letters = await landWithLetters(scene);
      const listed = JSON.parse(await succeeds(scene, 'list', '--json', '--class', 'too_large', '--limit', '2'));
      assert.equal(listed.total, letters);
      assert.equal(listed.letters.length, 2);
      const { id } = listed.letters[0];
      assert.match(await succeeds(scene, 'list'), new RegExp(`#${id} .* too_large .* new\\n`));
      const shown = await succeeds(scene, 'show', String(id));
      for (const line of [/^error +decode: too_large: \d+ bytes/m, /^decoder +reads it now/m, /^readable +slot \d+/m])
        assert.match(shown, line);
      assert.match(shown, /^stops +nowhere[\s\S]*^ {2}00000000 {2}[0-9a-f]{2} /m);
      const whole = JSON.parse(await succeeds(scene, 'show', String(id), '--json'));
      assert.equal(Buffer.from(whole.payload_base64, 'base64').length, whole.payload_bytes);

      const some = JSON.parse(await succeeds(scene, 'replay', '--class', 'too_large', '--limit', '3', '--json'));
      assert.deepEqual([some.replayed, some.failed, some.letters.length], [3, 0, 3]);
      assert.match(
        await succeeds(scene, 'replay', '--all'),
        new RegExp(`^${letters - 3} replayed with \\d+ trades`, 'm'),
      );
      assert.match(await succeeds(scene, 'replay', '--all'), /^0 replayed/m);
      const named = await succeeds(scene, 'replay', String(id));
      assert.match(named, new RegExp(`^#${id} +was replayed before`, 'm'));

      const dry = await succeeds(scene, 'purge', '--dry-run');
      assert.match(dry, new RegExp(`^${letters} dead letters would be removed`));
      assert.match(await succeeds(scene, 'purge', '--older-than', '1d', '--yes'), /^0 dead letters removed/);
      await assertAllReplayed(scene, letters);
    }));

  test('that are open are purged only when told so', () =>
    onScene(CLUSTER, async (scene) => {
      const letters = await landWithLetters(scene, 40);
      const { database } = scene.stage;
      assert.match(await succeeds(scene, 'purge', '--yes'), new RegExp(`^0 dead letters removed; ${letters} are open`));
      for (const args of [
        ['purge'],
        ['purge', '--yes', '--status', 'new'],
        ['replay'],
        ['show'],
        ['peek'],
        ['list', '--json=x'],
      ]) {
        const refused = run(scene, args);
        assert.equal((await refused.ended()).code, 2, `${args}: ${refused.output}`);
      }
      const missing = run(scene, ['show', '987654']);
      assert.equal((await missing.ended()).code, 1, missing.output);
      const purged = JSON.parse(await succeeds(scene, 'purge', '--yes', '--open', '--limit', '2', '--json'));
      assert.deepEqual(purged, { dry_run: false, removable: 2, removed: 2, open_kept: 0 });
      assert.equal((await database.query('SELECT FROM ingest_dead_letters')).length, letters - 2);
    }));

  test('that fail again stay, with exit code 1', () =>
    onScene(CLUSTER, async (scene) => {
      const { stage } = scene;
      await scene.send(10);
      await stage.send([{ partition: 1, value: Uint8Array.of(0x0f, 1, 2), trades: [], poison: 'random' }]);
      const engine = stage.engine();
      await stage.settled();
      await engine.stop();
      for (let tries = 1; tries <= 2; tries++) {
        const replay = run(scene, ['replay', '--topic', 'solana.dextrades.proto', '--partition', '1']);
        assert.equal((await replay.ended()).code, 1, replay.output);
        assert.match(replay.output, /still open: invalid_wire, invalid wire type 7/);
        assert.match(await succeeds(scene, 'list', '--status', 'new'), new RegExp(`new, tried ${tries} time`));
      }
      await stage.assertLedger();
    }));

  for (const [when, verdict] of [
    ['before its COMMIT reaches the database', 'drop'],
    ['when its COMMIT has reached the database', 'pass'],
  ] as const) {
    test(`are landed once though the replay is killed ${when}`, () =>
      onScene(CLUSTER, async (scene) => {
        const letters = await landWithLetters(scene, 40);
        for (let kill = 0; kill < 3; kill++) {
          const replay: EngineProcess = run(scene, ['replay', '--all'], true);
          killAtCommit(scene.proxy, () => replay, verdict);
          assert.deepEqual(await replay.ended(), { code: null, signal: 'SIGKILL' }, replay.output);
        }
        const open = async () =>
          (await scene.stage.database.query("SELECT FROM ingest_dead_letters WHERE status = 'new'")).length;
        // A COMMIT on its way is made whether the client lives or not.
        const expected = verdict === 'pass' ? letters - 3 : letters;
        await until('the last COMMIT is through', async () => (await open()) === expected);
        assert.match(await succeeds(scene, 'replay', '--all'), new RegExp(`^${expected} replayed`, 'm'));
        await assertAllReplayed(scene, letters);
      }));
  }

  test('are landed once by two replays at once, while the engine lands repeats of the same transactions', () =>
    onScene(CLUSTER, async (scene) => {
      const { stage } = scene;
      const letters = await landWithLetters(scene);
      // The same messages again, which the engine can read now; it forgets what it has seen with each restart.
      const again = takeMessages(60, { seed: 31, transactionsPerSlot: 30, poisonShare: 0 });
      const engine = stage.engine();
      const replays = [run(scene, ['replay', '--all']), run(scene, ['replay', '--all'])];
      await stage.send(again);
      for (const replay of replays) assert.equal((await replay.ended()).code, 0, replay.output);
      await stage.settled();
      assert.equal((await engine.stop()).code, 0, engine.output);
      const counts = replays.map(({ output }) => Number(/^(\d+) replayed/m.exec(output)?.[1]));
      assert.equal((counts[0] ?? 0) + (counts[1] ?? 0), letters, `${counts}`);
      await assertAllReplayed(scene, letters);
    }));
});
