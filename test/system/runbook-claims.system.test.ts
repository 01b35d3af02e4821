import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { onScene } from '../scenario/scene.js';
import type { Stage } from '../scenario/stage.js';
import { script } from '../support/least-privilege.js';
import { metricsPort } from './prometheus.js';

const CLUSTER = { sessionTimeoutMs: 3_000 };
const IMPATIENT = { DATABASE_FLUSH_TIMEOUT_MS: '1000', BREAKER_FAILURE_THRESHOLD: '2', BREAKER_OPEN_MS: '2000' };

async function metric(engine: EngineProcess, name: string): Promise<string | undefined> {
  const text = await (await fetch(`http://127.0.0.1:${await metricsPort(engine)}/metrics`)).text();
  return text.split('\n').find((line) => line.startsWith(name));
}

/** A command of the page, to its end: its exit code and all that it printed. */
async function says(stage: Stage, environment: Record<string, string>, ...command: string[]) {
  const process = stage.engine(environment, command);
  const { code } = await process.ended();
  return { code, output: process.output };
}

async function logs(engine: EngineProcess, code: string): Promise<void> {
  await until(`the log has ${code}`, () => engine.output.includes(`"event.code":"${code}"`), {
    explain: () => engine.output.slice(-4_000),
  });
}

describe('what the runbook claims', { concurrency: 1 }, () => {
  test('CircuitBreakerOpen: metric, log and `check` say so, and nothing is to be done once the database is back', () =>
    onScene(CLUSTER, async ({ stage, proxy, proxied, send, owns, endsClean }) => {
      const engine = stage.engine({ ...IMPATIENT, DATABASE_URL: proxied });
      await send(40);
      await owns(engine);
      await stage.settled();
      proxy.use((_, __, link) => {
        link.client.destroy();
        return 'drop';
      });
      await send(40);
      await logs(engine, 'breaker_open');
      await until('the metric says so', async () => {
        const line = await metric(engine, 'circuit_breaker_state{name="postgres"');
        return line?.endsWith(' 2') ?? false;
      });
      const { code, output } = await says(stage, { ...IMPATIENT, DATABASE_URL: proxied }, 'check');
      assert.equal(code, 1, output);
      assert.match(output, /FAIL +database/);
      proxy.clear();
      await stage.settled();
      await endsClean(engine);
    }));

  test('UnownedPartitions: a drained engine counts as up in `status`, its state tells that it reads nothing, and `ctl resume` mends it', () =>
    onScene(CLUSTER, async ({ stage, send, owns, endsClean }) => {
      const token = { CONTROL_TOKEN: 'a-long-random-word' };
      const engine = stage.engine(token);
      await send(40);
      await owns(engine);
      await stage.settled();
      const health = await engine.healthPort();
      const ctl = (command: string) => says(stage, token, 'ctl', command, '--url', `http://127.0.0.1:${health}`);
      assert.equal((await ctl('drain')).code, 0);
      await send(40);
      const behind = await says(stage, {}, 'status', '--seconds', '0');
      assert.match(behind.output, /40 messages behind[\s\S]*1 of 1 owners up/);
      assert.match((await metric(engine, 'engine_state{state="drained"')) ?? '', / 1$/);
      assert.equal((await ctl('resume')).code, 0);
      await stage.settled();
      await endsClean(engine);
    }));

  test('Change credentials: an engine that needs a new connection ends after the password was changed, and the next start with the new one goes on', () =>
    onScene(CLUSTER, async ({ stage, send, owns, endsClean }) => {
      const { database } = stage;
      const role = database.roles.engine;
      const first = stage.engine();
      await send(40);
      await owns(first);
      await stage.settled();
      await script(database.url, `ALTER ROLE ${role} PASSWORD 'another'`);
      await script(database.url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`);
      await send(40);
      assert.equal((await first.ended()).code, 1, first.output);
      assert.match(
        first.output,
        /"error":\{[^}]*"code":"DATABASE_AUTHENTICATION"|"error\.code":"DATABASE_AUTHENTICATION"/,
      );
      const url = new URL(database.urls.engine);
      url.password = 'another';
      const second = stage.engine({ DATABASE_URL: url.href });
      await stage.settled();
      await endsClean(second);
    }));
});
