import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupStatus } from '../../src/commands/lag/group-status.js';
import { until } from '../kafka/until.js';
import { onScene } from '../scenario/scene.js';
import { runMain } from '../support/command.js';
import { missingLibraries } from '../support/missing-libraries.js';

test('status says where the group stands, with engines up, dead, and without database or broker', () =>
  onScene({}, async ({ cluster, stage, proxy, send, owns, endsClean }) => {
    const engine = stage.engine();
    await Promise.all([owns(engine), send(40)]);
    await stage.settled();
    const monitor = { ...stage.environment(), DATABASE_URL: proxy.url(stage.database.urls.monitor) };
    const at = `http://127.0.0.1:${await engine.healthPort()}`;
    const warnings = (await missingLibraries()).map((warning) => `${warning}\n`).join('');
    const look = async (
      flags: readonly string[] = ['--seconds', '0'],
    ): Promise<{ code: number | null; found: GroupStatus }> => {
      const { code, stdout, stderr } = await runMain(['status', '--json', ...flags], { ...monitor, ENGINE_URLS: at });
      assert.equal(stderr, warnings);
      return { code, found: JSON.parse(stdout) as GroupStatus };
    };

    // The engine is given three seconds for its answer, which a busy machine may need more of.
    let up = await look([]);
    await until('the engine has answered in time', async () => {
      if (up.found.engines[0]?.state === null) up = await look([]);
      return up.found.engines[0]?.state !== null;
    });
    assert.equal(up.code, 0, JSON.stringify(up.found));
    assert.deepEqual(
      [up.found.lag, up.found.etaSeconds, up.found.balanced, up.found.partitions.length],
      [0, 0, true, 4],
    );
    assert.deepEqual(up.found.pace, { landed: 0, produced: 0 });
    assert.deepEqual(
      up.found.owners.map(({ up: is, partitions }) => [is, partitions]),
      [[true, 4]],
    );
    assert.deepEqual(
      up.found.engines.map(({ state, breaker }) => [state, breaker]),
      [['active', 'closed']],
    );
    const text = await runMain(['status'], monitor);
    assert.match(text.stdout, /^scenario on solana\.dextrades\.proto/);
    assert.match(text.stdout, /^partition {2}owner .* next offset .* lag {2}landed last$/m);
    assert.match(text.stdout, /^at the head; 0\.0\/s landed, 0\.0\/s produced$/m);
    assert.match(text.stdout, /^1 of 1 owners up: \S+ 4 \(evenly shared\)$/m);

    await engine.kill();
    await send(30);
    await until(
      'the server has noticed that the engine is gone',
      async () => (await look()).found.owners[0]?.up === false,
    );
    const dead = await look();
    assert.equal(dead.code, 3);
    assert.equal(dead.found.lag, 30);
    assert.ok(dead.found.unowned.length > 0 && dead.found.engines[0]?.error !== null);

    await cluster.down(1);
    const brokerless = await look();
    assert.equal(brokerless.code, 1);
    assert.equal(brokerless.found.lag, null);
    assert.equal(
      brokerless.found.partitions.reduce((sum, { stored }) => sum + (stored?.nextOffset ?? 0), 0),
      stage.end - 30,
    );
    await cluster.up(1);
    proxy.blackHole();
    proxy.cut();
    const databaseless = await look();
    assert.equal(databaseless.code, 1);
    assert.match(databaseless.found.missing.join(), /no answer within 10 s/);
    assert.equal(
      databaseless.found.partitions.reduce((sum, { held }) => sum + (held?.high ?? 0), 0),
      stage.end,
    );
    proxy.clear();
    assert.equal((await runMain(['status', '--watch', 'soon'], monitor)).code, 2);

    const watching = stage.engine({ DATABASE_URL: stage.database.urls.monitor }, ['status', '--watch', '1', '--json']);
    const next = stage.engine();
    await owns(next);
    await stage.settled();
    const looks = (): GroupStatus[] =>
      watching.output
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as GroupStatus);
    await until('who watches sees the new owner at the head', () =>
      looks().some(({ lag, owners, pace }) => lag === 0 && owners[0]?.up === true && pace !== null),
    );
    assert.deepEqual(await watching.stop(), { code: 0, signal: null }, watching.output);
    await endsClean(next);
  }));
