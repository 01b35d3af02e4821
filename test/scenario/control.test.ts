import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EngineEnvironment, EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { runMain } from '../support/command.js';
import { onScene } from './scene.js';
import { WatchedEngine } from './watched-engine.js';

const CLUSTER = { sessionTimeoutMs: 6_000 };
const TOKEN = 'a-token-for-control';
/** Small batches, so that a drain comes in the middle of some. */
const SMALL = { BATCH_MAX_ROWS: '20', SLAB_MAX_BYTES: '20000', DATABASE_LANES: '1' };

interface Told {
  readonly code: number | null;
  readonly state: string;
  readonly message: string;
  readonly stderr: string;
}

/** An engine that can be told. */
function controlled(environment: EngineEnvironment = {}) {
  const socket = join(tmpdir(), `ctl-${randomBytes(6).toString('hex')}.sock`);
  const variables = { ...SMALL, CONTROL_SOCKET: socket, CONTROL_TOKEN: TOKEN, ...environment };
  return { socket, variables };
}

async function ctl(command: string, env: Record<string, string>, flags: readonly string[] = []): Promise<Told> {
  const { code, stdout, stderr } = await runMain(['ctl', command, '--json', ...flags], env);
  const body = stdout === '' ? {} : (JSON.parse(stdout) as Partial<Told>);
  return { code, state: body.state ?? '', message: body.message ?? '', stderr };
}

async function baseOf(engine: EngineProcess): Promise<string> {
  return `http://127.0.0.1:${await engine.healthPort()}`;
}

const ready = async (base: string): Promise<number> => (await fetch(`${base}/ready`)).status;

test('blue drains while green activates, each told twice, and nothing is lost or doubled', () =>
  onScene(CLUSTER, async ({ stage, send, owns, endsClean }) => {
    const [atBlue, atGreen] = [
      controlled({ DEPLOYMENT_COLOUR: 'blue' }),
      controlled({ DEPLOYMENT_COLOUR: 'green', START_MODE: 'standby' }),
    ];
    const blue = stage.engine(atBlue.variables);
    await Promise.all([owns(blue), send(60)]);
    const green = stage.engine(atGreen.variables);
    const blueDoor = { CONTROL_SOCKET: atBlue.socket };
    const greenDoor = { CONTROL_SOCKET: atGreen.socket };

    const [blueBase, greenBase] = [await baseOf(blue), await baseOf(green)];
    assert.deepEqual(await ctl('standby', greenDoor), {
      code: 0,
      state: 'standby',
      message: 'on standby: broker, decoder and database were tested',
      stderr: '',
    });
    await until('the log says so', () => /"event\.code":"rehearsed"/.test(green.output));
    await until('green is ready on standby', async () => (await ready(greenBase)) === 200);
    assert.ok(
      (await stage.owners()).every((owner) => owner.includes(`-${blue.pid}-`)),
      'on standby green owns nothing',
    );
    const metrics = await (await fetch(`${greenBase}/metrics`)).text();
    assert.match(metrics, /^engine_state\{state="standby"\} 1$/m);
    assert.match(metrics, /^engine_build_info\{.*colour="green"\} 1$/m);
    assert.equal(((await (await fetch(`${greenBase}/health`)).json()) as { colour: string }).colour, 'green');

    const sending = send(120);
    const [drained, activated] = await Promise.all([ctl('drain', blueDoor), ctl('activate', greenDoor)]);
    assert.deepEqual([drained.code, drained.state], [0, 'drained'], drained.message + drained.stderr);
    assert.deepEqual([activated.code, activated.state], [0, 'active'], activated.message + activated.stderr);
    const twice = await Promise.all([ctl('drain', blueDoor), ctl('activate', greenDoor)]);
    assert.deepEqual(
      twice.map(({ code, state }) => [code, state]),
      [
        [0, 'drained'],
        [0, 'active'],
      ],
    );
    assert.deepEqual([await ready(blueBase), (await fetch(`${blueBase}/live`)).status], [503, 200]);
    await owns(green);
    await sending;
    await stage.settled();

    const back = send(60);
    assert.deepEqual(
      await Promise.all([ctl('drain', greenDoor), ctl('resume', blueDoor)]).then((told) =>
        told.map(({ code }) => code),
      ),
      [0, 0],
    );
    assert.equal((await ctl('resume', blueDoor)).code, 0);
    await back;
    await owns(blue);
    await stage.settled();
    await endsClean(blue, green);
    assert.ok(!existsSync(atBlue.socket), 'the socket went with the engine');
  }));

test('SIGTERM on standby, while draining and drained exits 0', () =>
  onScene(CLUSTER, async ({ stage, send, owns, endsClean }) => {
    const [atStandby, atDrained, atDraining] = [controlled({ START_MODE: 'standby' }), controlled(), controlled()];
    const standby = stage.engine(atStandby.variables);
    const drained = stage.engine(atDrained.variables);
    await baseOf(standby);
    await Promise.all([owns(drained), send(40)]);
    assert.equal((await ctl('drain', { CONTROL_SOCKET: atDrained.socket })).code, 0);
    const draining = stage.engine(atDraining.variables);
    await owns(draining);
    const sending = send(80);
    await until('something new has landed', async () => (await stage.progress()) > 0);
    const told = ctl('drain', { CONTROL_SOCKET: atDraining.socket });
    await until('it drains', () => /active → draining/.test(draining.output));
    for (const engine of [draining, drained, standby])
      assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
    await told;
    await sending;
    const last = stage.engine(SMALL);
    await Promise.all([owns(last), stage.settled()]);
    await endsClean(last);
  }));

test('a drain with the database away is bounded and says what did not land, and a resume lands it', () =>
  onScene(CLUSTER, async ({ stage, proxy, proxied, send, owns, endsClean }) => {
    const { socket, variables } = controlled({
      DATABASE_URL: proxied,
      KAFKA_SESSION_TIMEOUT_MS: '6000',
      BREAKER_OPEN_MS: '1000',
    });
    const engine = stage.engine(variables);
    await Promise.all([owns(engine), send(40)]);
    await stage.settled();
    proxy.blackHole();
    proxy.cut();
    await send(40);
    const watched = await WatchedEngine.of(engine);
    await watched.sees('something is in flight', 'engine_inflight_bytes', {}, (sum) => sum > 0);
    const door = { CONTROL_SOCKET: socket };
    const early = await ctl('drain', door, ['--wait', '0']);
    assert.deepEqual([early.code, early.state], [3, 'draining'], early.message);
    assert.match(early.message, /not done after 0 s, and goes on/);
    const drained = await ctl('drain', door);
    assert.deepEqual([drained.code, drained.state], [4, 'drained'], drained.message);
    assert.match(drained.message, /something of \d partitions did not land in time.*reads it again/);
    const refused = await ctl('standby', door);
    assert.deepEqual([refused.code, refused.state], [1, 'drained'], refused.message);
    assert.match(refused.message, /DATABASE_UNREACHABLE/);
    proxy.clear();
    proxy.cut();
    assert.equal((await ctl('resume', door)).code, 0);
    await stage.settled();
    await endsClean(engine);
  }));

test('over HTTP only who shows the token is heard, and what else is asked wrongly gets told', () =>
  onScene(CLUSTER, async ({ stage, send, owns, endsClean }) => {
    const { socket, variables } = controlled();
    const engine = stage.engine(variables);
    await Promise.all([owns(engine), send(20)]);
    await stage.settled();
    const base = await baseOf(engine);
    assert.equal(statSync(socket).mode & 0o777, 0o600);
    for (const headers of [{}, { authorization: 'Bearer another-token-here' }, { cookie: `token=${TOKEN}` }]) {
      const response = await fetch(`${base}/control/drain`, { method: 'POST', headers });
      assert.equal(response.status, 401);
    }
    assert.equal((await fetch(`${base}/control/drain`, { headers: { authorization: `Bearer ${TOKEN}` } })).status, 405);
    assert.match(
      (await ctl('drain', { CONTROL_TOKEN: 'another-token-here' }, ['--url', base])).stderr,
      /does not take this token/,
    );
    assert.match(engine.output, /starting → active/);
    assert.doesNotMatch(engine.output, /draining/);
    assert.ok(!engine.output.includes(TOKEN));

    assert.equal((await ctl('drain', { CONTROL_TOKEN: TOKEN }, ['--url', base])).state, 'drained');
    assert.equal((await ctl('activate', { CONTROL_TOKEN: TOKEN }, ['--url', base])).state, 'active');
    assert.equal((await ctl('stop', { CONTROL_SOCKET: socket })).code, 2);
    assert.equal((await ctl('drain', { CONTROL_SOCKET: socket }, ['--wait', 'long'])).code, 2);
    assert.equal((await ctl('drain', {})).code, 2);
    const nobody = await ctl('drain', { CONTROL_SOCKET: `${socket}.none` });
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /CONTROL_UNREACHABLE.*there is no such socket/);
    await endsClean(engine);
  }));
