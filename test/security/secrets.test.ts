import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { CaptureWriter } from '../../src/ingest/capture-file.js';
import type { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { Stage, TOPIC } from '../scenario/stage.js';
import { makeCertificate } from '../support/certificate.js';
import { runMain } from '../support/command.js';
import { script } from '../support/least-privilege.js';

/** In every secret of these tests, and so in nothing that leaves the process. */
const MARK = 'hu5h';
const DATABASE_PASSWORD = `${MARK}/p@ss:w%rd?&="'`;
const SASL = {
  KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT',
  KAFKA_USERNAME: 'engine',
  KAFKA_PASSWORD: `${MARK}-sasl ${MARK}`,
};
const LOUD = {
  LOG_LEVEL: 'trace',
  KAFKA_PROPERTIES: `debug=all;ssl.keystore.password=${MARK}-keystore`,
  DASHBOARD_TOKEN: `${MARK}-dashboard-token`,
  // Away, so that its errors are told too.
  REDIS_URL: `redis://engine:${MARK}-redis@127.0.0.1:1`,
};

const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
let stage: Stage;
let databaseUrl = '';
before(async () => {
  stage = await Stage.open();
  const url = new URL(stage.database.urls.engine);
  url.password = encodeURIComponent(DATABASE_PASSWORD);
  databaseUrl = url.href;
  await setPassword(DATABASE_PASSWORD);
});
after(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

async function setPassword(password: string): Promise<void> {
  await script(
    stage.database.url,
    `ALTER ROLE ${stage.database.roles.engine} PASSWORD '${password.replaceAll("'", "''")}'`,
  );
}

function assertSilent(where: string, text: string): void {
  const at = text.toLowerCase().indexOf(MARK);
  assert.equal(at, -1, `${where} shows a secret: …${text.slice(Math.max(0, at - 200), at + 100)}…`);
  for (const coded of [Buffer.from(SASL.KAFKA_PASSWORD), Buffer.from(DATABASE_PASSWORD)])
    for (const encoding of ['base64', 'hex'] as const)
      assert.ok(!text.includes(coded.toString(encoding)), `${where} shows a secret in ${encoding}`);
}

/** Everything the system tells everyone of a process: its command line, and the names of its threads. */
function processTitles({ pid }: EngineProcess): string {
  const names = readdirSync(`/proc/${pid}/task`).map((id) => readFileSync(`/proc/${pid}/task/${id}/comm`, 'utf8'));
  return [readFileSync(`/proc/${pid}/cmdline`, 'utf8'), ...names].join('\n');
}

async function answers(engine: EngineProcess): Promise<string> {
  const ports = /"http\.ports":(\{[^}]*\})/.exec(engine.output)?.[1];
  assert.ok(ports, engine.output);
  const { health } = JSON.parse(ports) as { health: number };
  const paths = ['/', '/live', '/ready', '/health', '/metrics', '/api/status', '/nowhere'];
  const texts = paths.map(async (path) => {
    const response = await fetch(`http://127.0.0.1:${health}${path}`);
    return JSON.stringify([...response.headers]) + (await response.text());
  });
  return (await Promise.all(texts)).join('\n');
}

/** All the database holds that came from the engine, and what others see of its sessions. */
async function databaseTexts(): Promise<string> {
  const tables = ['ingest_dead_letters', 'ingest_gaps', 'kafka_offsets', 'pg_stat_activity'];
  const rows = await Promise.all(tables.map((table) => stage.database.query(`SELECT t::text FROM ${table} t`)));
  assert.ok(rows[0]?.length, 'there are dead letters to look at');
  return JSON.stringify(rows);
}

describe('an engine with secrets that runs', { skip: process.platform !== 'linux' && 'reads /proc' }, () => {
  test('shows none in logs, titles, answers or rows, and none when the database turns it away', async () => {
    await stage.send(takeMessages(40, { seed: 70, poisonShare: 0.2 }));
    const engine = stage.engine({ ...LOUD, DATABASE_URL: databaseUrl });
    await stage.settled();
    await until('it says where it listens', () => engine.output.includes('"http.ports"'));
    assertSilent('a title', processTitles(engine));
    assertSilent('an answer', await answers(engine));
    assertSilent('the database', await databaseTexts());

    // From now on nobody lets it in, and the connections it has are gone.
    await setPassword('another');
    const { roles, query } = stage.database;
    await query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [roles.engine]);
    await stage.send(takeMessages(10, { seed: 71, startSlot: 450_000_000 }));
    await until('it tells of the refusal', () => /password authentication failed/.test(engine.output), {
      explain: () => engine.output.slice(-4_000),
    });
    if (engine.running) assertSilent('an answer', await answers(engine));
    await setPassword(DATABASE_PASSWORD);
    await engine.stop();
    assert.match(engine.output, /\[redacted\]/);
    assertSilent('the log', engine.output);
  });

  for (const kind of ['throw', 'Promise.reject'] as const)
    test(`shows none when it crashes of an error that quotes one (${kind})`, async () => {
      const preload = join(folder, `crash-${kind.length}.cjs`);
      const act = kind === 'throw' ? 'throw' : 'Promise.reject';
      writeFileSync(
        preload,
        `const { isMainThread } = require('node:worker_threads');
         const crash = () => {
           const url = process.env.DATABASE_URL;
           const error = new Error('lost ' + url, { cause: new Error('with ' + decodeURIComponent(new URL(url).password)) });
           ${act}(Object.assign(error, { client: { connectionString: url, password: process.env.KAFKA_PASSWORD } }));
         };
         if (isMainThread) process.on('SIGUSR2', crash);`,
      );
      const environment = { ...LOUD, KAFKA_PASSWORD: `${MARK}-sasl`, NODE_OPTIONS: `--require ${preload}` };
      const engine = stage.engine({ ...environment, DATABASE_URL: databaseUrl });
      await until('it runs', () => engine.output.includes('"http.ports"'), { explain: () => engine.output });
      engine.signal('SIGUSR2');
      const { code } = await engine.ended();
      assert.equal(code, 1, engine.output);
      assert.match(engine.output, /^Error: lost .*redacted[\s\S]*^caused by Error: with \[redacted\]/m);
      assertSilent('the crash', engine.output);
    });
});

describe('every command with secrets that is turned away', () => {
  const commands = ['start', 'check', 'check --json', 'migrate', 'record', 'replay'] as const;

  async function told(environment: Record<string, string>, lines: readonly string[] = commands): Promise<string> {
    const capture = join(folder, 'capture');
    const arguments_: Record<string, string[]> = {
      record: [join(folder, `new-${Date.now()}`), '--seconds', '1'],
      replay: [capture],
    };
    const base = { KAFKA_GROUP_ID: 'secrets', HEALTH_CHECK_PORT: '0', PROMETHEUS_PORT: '0', BIND_ADDRESS: '127.0.0.1' };
    const runs = lines.map(async (line) => {
      const argv = [...line.split(' '), ...(arguments_[line] ?? [])];
      const { code, stdout, stderr } = await runMain(argv, { ...base, ...LOUD, ...environment });
      assertSilent(line, stdout + stderr);
      return `${line} ${code}: ${stdout}${stderr}`;
    });
    return (await Promise.all(runs)).join('\n');
  }

  before(async () => {
    const writer = new CaptureWriter(join(folder, 'capture'), TOPIC);
    await writer.write([{ topic: TOPIC, partition: 0, offset: 0, timestampMs: 0, key: null, value: null }]);
    await writer.close();
  });

  test('by PostgreSQL shows no password', async () => {
    const url = new URL(databaseUrl);
    url.password = `${MARK}-wrong`;
    const output = await told({ KAFKA_BROKERS: stage.broker.brokers, DATABASE_URL: url.href });
    assert.match(output, /start 1: [\s\S]*password authentication failed/);
    assert.match(output, /migrate 1: [\s\S]*password authentication failed/);
  });

  test('by a broker that wants another way to log in shows no password', async () => {
    const output = await told({ ...SASL, KAFKA_BROKERS: stage.broker.brokers, DATABASE_URL: databaseUrl });
    assert.match(output, /start 1: [\s\S]*"log\.level":"fatal"/);
    assert.match(output, /check 1: [\s\S]*FAIL +credentials/);
  });

  test('by its own key, whose password is another, shows none and no key', async () => {
    const { certificate } = makeCertificate({ name: 'client' });
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const cipher = { cipher: 'aes-256-cbc', passphrase: `${MARK}-right` };
    const pem = key.export({ type: 'pkcs8', format: 'pem', ...cipher }) as string;
    writeFileSync(join(folder, 'client.pem'), certificate, { mode: 0o600 });
    writeFileSync(join(folder, 'key.pem'), pem, { mode: 0o600 });
    const output = await told({
      KAFKA_SECURITY_PROTOCOL: 'SSL',
      KAFKA_CLIENT_CERT_PATH: join(folder, 'client.pem'),
      KAFKA_CLIENT_KEY_PATH: join(folder, 'key.pem'),
      KAFKA_CLIENT_KEY_PASSWORD: `${MARK}-wrong`,
      KAFKA_PROPERTIES: 'debug=all',
      KAFKA_BROKERS: stage.broker.brokers,
      DATABASE_URL: databaseUrl,
    });
    assert.match(output, /FAIL +certificates/);
    assert.ok(!output.includes(pem.split('\n')[1] ?? ''), 'the key is shown');
  });

  test('by what is wrong with its configuration shows no value of a secret', async () => {
    const cases = [
      `postgres://engine:${MARK}/p@ss:word@db/trades`,
      `postgres://engine:${MARK}%zz@[::1/trades`,
      `mysql://engine:${MARK}@db/trades`,
      `host=db password=${MARK}`,
      `postgres://engine@db:${MARK}/trades`,
    ];
    for (const url of cases) {
      const environment = { KAFKA_BROKERS: 'a:1', DATABASE_URL: url, KAFKA_PROPERTIES: `=${MARK}` };
      assert.match(await told(environment, ['start', 'check']), /start 2: .*settings? (is|are) wrong/);
    }
  });
});
