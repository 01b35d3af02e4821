import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { encodeDexParsedBlockMessage } from '../../proto/full-codec.js';
import type { NamedResult } from '../../src/commands/checks/check.js';
import { makeCertificate } from '../support/certificate.js';
import { runMain } from '../support/command.js';
import { emptyDatabase, type TestDatabase, testDatabase } from '../support/database.js';
import * as m from '../support/messages.js';
import { missingLibraries } from '../support/missing-libraries.js';
import { type MockTopic, mockTopic } from '../support/mock-topic.js';

const TOPIC = 'solana.dextrades.proto';
const DOWN = '127.0.0.1:1';

let topic: MockTopic;
let database: TestDatabase;
let blank: TestDatabase;
let restrictedUrl: string;

before(async () => {
  [topic, database] = await Promise.all([
    mockTopic(TOPIC, encodeDexParsedBlockMessage(m.messageOf([m.transactionOf([m.tradeOf()])]))),
    testDatabase(),
  ]);
  blank = await emptyDatabase();
  const role = `${database.name}_reader`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'hush'`);
  await database.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'hush';
  restrictedUrl = url.href;
});

after(async () => {
  await database.query(`DROP OWNED BY ${database.name}_reader`);
  await database.query(`DROP ROLE ${database.name}_reader`);
  await Promise.all([topic.stop(), database.drop(), blank.drop()]);
});

/** Runs `check --json` and gives its exit code and the results by name. */
async function check(env: Record<string, string>) {
  const settings = { KAFKA_BROKERS: topic.brokers, KAFKA_GROUP_ID: 'check', DATABASE_URL: database.url, ...env };
  const { code, stdout, stderr } = await runMain(['check', '--json'], settings);
  assert.equal(stderr, '');
  assert.doesNotMatch(stdout, /hush/);
  const summary = JSON.parse(stdout) as { ok: boolean; checks: NamedResult[] };
  assert.equal(summary.ok, !summary.checks.some(({ status }) => status === 'fail'));
  const results = new Map(summary.checks.map((result) => [result.name, result]));
  const status = (name: string) => results.get(name)?.status;
  const text = (name: string) => `${results.get(name)?.detail} → ${results.get(name)?.advice}`;
  return { code, status, text, statuses: summary.checks.map(({ name, status: is }) => `${name} ${is}`) };
}

describe('check', () => {
  test('finds nothing to say where all is well', async () => {
    const { code, text, statuses } = await check({});
    assert.deepEqual(statuses, [
      'configuration ok',
      `libraries ${(await missingLibraries()).length > 0 ? 'warn' : 'ok'}`,
      'certificates skipped',
      'dns ok',
      'brokers ok',
      'tls skipped',
      'credentials ok',
      'topic ok',
      'group ok',
      'decoder ok',
      'rate ok',
      'database ok',
      'schema ok',
      'privileges ok',
      'connections ok',
      'clock ok',
      'replicas ok',
      'write ok',
    ]);
    assert.equal(code, 0);
    assert.match(text('decoder'), /the newest 1 messages of 1 of 4 partitions give 1 trades/);
    assert.match(text('rate'), /nothing was written within \d+\.\d s/);
    assert.match(text('write'), /1 trades were written and taken back/);
    const [left] = await database.query<{ rows: number; partitions: number }>(
      `SELECT (SELECT count(*) FROM solana_dex_trades)::int AS rows, (SELECT count(*) FROM pg_inherits WHERE inhparent = 'solana_dex_trades'::regclass)::int AS partitions`,
    );
    assert.deepEqual(left, { rows: 0, partitions: 0 });
    assert.match(text('topic'), /solana\.dextrades\.proto has 4 partitions; partition 0 holds offsets 0 to 1/);
    assert.match(text('group'), /check may be used, and has no committed offset yet/);
  });

  test('prints a line for each, for people, without --json', async () => {
    const settings = { KAFKA_BROKERS: topic.brokers, KAFKA_GROUP_ID: 'check', DATABASE_URL: database.url };
    const { code, stdout } = await runMain(['check'], settings);
    assert.equal(code, 0);
    assert.match(stdout, /^ok +configuration +complete and consistent$/m);
    assert.match(stdout, /^- +certificates +KAFKA_SECURITY_PROTOCOL=PLAINTEXT uses none$/m);
    assert.equal(stdout.trimEnd().split('\n').length, 18);
  });

  test('looks at the database though the broker is down, and skips what needs the broker', async () => {
    const { code, status, text } = await check({ KAFKA_BROKERS: DOWN });
    assert.equal(code, 1);
    assert.equal(status('brokers'), 'fail');
    assert.match(text('brokers'), /connection refused.*KAFKA_BROKERS/);
    assert.deepEqual(['credentials', 'topic', 'group'].map(status), ['skipped', 'skipped', 'skipped']);
    assert.equal(status('privileges'), 'ok');
  });

  test('says which of several brokers do not answer', async () => {
    const { code, status, text } = await check({ KAFKA_BROKERS: `${topic.brokers},${DOWN}` });
    assert.equal(code, 0);
    assert.equal(status('brokers'), 'warn');
    assert.match(text('brokers'), /1 of 2 answer; 127\.0\.0\.1:1: connection refused/);
    assert.equal(status('topic'), 'ok');
  });

  test('looks at the broker though the database is down', async () => {
    const { code, status, text } = await check({ DATABASE_URL: `postgres://me:hush@${DOWN}/none` });
    assert.equal(code, 1);
    assert.equal(status('group'), 'ok');
    assert.equal(status('database'), 'fail');
    assert.match(text('database'), /no connection to none on 127\.0\.0\.1:1/);
    assert.deepEqual(['schema', 'privileges', 'connections'].map(status), ['skipped', 'skipped', 'skipped']);
  });

  test('tells a wrong password and a missing database apart', async () => {
    const wrong = new URL(restrictedUrl);
    wrong.password = 'hush-hush';
    const none = new URL(database.url);
    none.pathname = '/there_is_none';
    const [password, name] = await Promise.all([
      check({ DATABASE_URL: wrong.href, KAFKA_BROKERS: DOWN }),
      check({ DATABASE_URL: none.href, KAFKA_BROKERS: DOWN }),
    ]);
    assert.match(password.text('database'), /password authentication failed.*Check user and password/);
    assert.match(name.text('database'), /does not exist.*Create the database/);
  });

  test('fails where no message of the topic is one the decoder knows, and writes nothing', async () => {
    const other = await mockTopic(TOPIC);
    const { code, status, text } = await check({ KAFKA_BROKERS: other.brokers });
    await other.stop();
    assert.equal(code, 1);
    assert.match(text('decoder'), /none of the 1 newest messages of \S+ decodes .*check KAFKA_TOPIC/);
    assert.deepEqual([status('decoder'), status('write')], ['fail', 'skipped']);
  });

  test('fails where the table refuses what the stream brings', async () => {
    await database.query('ALTER TABLE solana_dex_trades ADD CONSTRAINT none CHECK (block_slot < 0)');
    const { code, text } = await check({});
    await database.query('ALTER TABLE solana_dex_trades DROP CONSTRAINT none');
    assert.match(text('write'), /cannot be written: .*none.*constraints/);
    assert.equal(code, 1);
  });

  test('tells a name without an address from one where nothing listens', async () => {
    const { status, text } = await check({ KAFKA_BROKERS: 'broker.invalid:9092' });
    assert.equal(status('dns'), 'fail');
    assert.match(text('dns'), /no address for broker\.invalid .*KAFKA_BROKERS/);
  });

  test('lists missing migrations: a warning where start applies them, a failure where it does not', async () => {
    const env = { DATABASE_URL: blank.url, KAFKA_BROKERS: DOWN };
    const [applied, forbidden] = await Promise.all([check(env), check({ ...env, DATABASE_MIGRATE: 'false' })]);
    assert.equal(applied.status('schema'), 'warn');
    assert.match(applied.text('schema'), /0001_tables\.sql/);
    assert.equal(forbidden.status('schema'), 'fail');
    assert.match(forbidden.text('schema'), /Run the command `migrate`/);
  });

  test('gives the statements for the privileges a role lacks', async () => {
    const { code, status, text } = await check({ DATABASE_URL: restrictedUrl });
    assert.equal(code, 1);
    assert.equal(status('privileges'), 'fail');
    assert.match(text('privileges'), /may not .*write table kafka_offsets/);
    assert.match(text('privileges'), /GRANT SELECT, INSERT, UPDATE ON kafka_offsets TO \w+_reader;/);
    assert.match(text('privileges'), /GRANT EXECUTE ON FUNCTION solana_dex_trades_add_partition\(/);
  });

  test('counts the free connections, and warns of commits that a crash may take back', async () => {
    await database.query(`ALTER DATABASE ${database.name} SET synchronous_commit = off`);
    const { code, status, text } = await check({ DATABASE_LANES: '3', KAFKA_BROKERS: topic.brokers });
    await database.query(`ALTER DATABASE ${database.name} RESET synchronous_commit`);
    assert.equal(status('connections'), 'warn');
    assert.match(text('connections'), /\d+ of \d+ are free, the engine takes 7; synchronous_commit is off/);
    assert.equal(code, 0);
  });

  test('says that the topic is not there', async () => {
    const { status, text } = await check({ KAFKA_TOPIC: 'other.dextrades.proto' });
    assert.equal(status('topic'), 'fail');
    assert.match(text('topic'), /no topic other\.dextrades\.proto/);
  });

  test('exits with 2 where the configuration is wrong, and tries nothing else', async () => {
    const { code, status, text } = await check({ BATCH_MAX_ROWS: 'many' });
    assert.equal(code, 2);
    assert.match(text('configuration'), /BATCH_MAX_ROWS: got "many"/);
    assert.equal(status('brokers'), 'skipped');
  });
});

describe('a broker with TLS', () => {
  const authority = makeCertificate({ name: 'authority' });
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'check-'));
    writeFileSync(join(folder, 'ca.pem'), authority.certificate, { mode: 0o600 });
    const stranger = makeCertificate({ name: 'stranger' });
    writeFileSync(join(folder, 'other.pem'), stranger.certificate, { mode: 0o600 });
  });

  after(() => rmSync(folder, { recursive: true }));

  /** What the check says of a broker's certificate that ends in so many days. */
  async function seen(days: number, ca: string) {
    const notAfter = new Date(Date.now() + days * 86_400_000 + 60_000);
    const { certificate: cert, key } = makeCertificate({ name: 'localhost', issuer: authority, notAfter });
    const server = createTlsServer({ cert, key }, (socket) => socket.on('error', () => {}).destroy());
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const { port } = server.address() as { port: number };
    const { status, text } = await check({
      KAFKA_BROKERS: `localhost:${port}`,
      KAFKA_SECURITY_PROTOCOL: 'SSL',
      KAFKA_CA_CERT_PATH: join(folder, ca),
    });
    server.close();
    return `${status('tls')}: ${text('tls')}`;
  }

  test('is trusted by its chain, and warned of before it ends', async () => {
    assert.match(await seen(50, 'ca.pem'), /^ok: the chain is trusted, and valid for 50 more days/);
    assert.match(await seen(5, 'ca.pem'), /^warn: .*5 more days → Tell the broker’s owner/);
  });

  test('fails with a certificate that has ended, or whose authority is another', async () => {
    assert.match(await seen(-1, 'ca.pem'), /^fail: .* expired on /);
    assert.match(await seen(50, 'other.pem'), /^fail: .*is signed by authority, which is not in /);
  });
});

describe('a broker that accepts and never answers', () => {
  const open = new Set<Socket>();
  let silent: Server;

  before(async () => {
    silent = createServer((socket) => {
      open.add(socket.on('error', () => {}));
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });

  after(() => {
    for (const socket of open) socket.destroy();
    silent.close();
  });

  test('holds no check for ever: neither the broker’s nor the database’s', async () => {
    const { port } = silent.address() as { port: number };
    const { code, status } = await check({
      KAFKA_BROKERS: `127.0.0.1:${port}`,
      DATABASE_URL: `postgres://me:hush@127.0.0.1:${port}/none`,
    });
    assert.equal(code, 1);
    assert.equal(status('credentials'), 'fail');
    assert.equal(status('database'), 'fail');
  });
});
