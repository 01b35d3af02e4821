/**
 * Loads every part of the image that was compiled or pruned, and uses each once. Run by the Dockerfile, as the image's user:
 * what breaks here does not become an image. Needs no network and writes nothing.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const APP = process.env.APP_FOLDER ?? '/app';
const require = createRequire(join(APP, 'package.json'));
const load = (path) => import(pathToFileURL(join(APP, path)).href);

const FEATURES = ['ssl', 'sasl_plain', 'sasl_scram', 'gzip', 'snappy', 'lz4', 'zstd'];
const COMMANDS = [
  'start',
  'check',
  'status',
  'ctl',
  'migrate',
  'lag-exporter',
  'dead-letters',
  'completeness',
  'record',
  'replay',
  'demo',
];

const checks = {
  'the Kafka client has every feature': () => {
    const kafka = require('node-rdkafka');
    const missing = FEATURES.filter((feature) => !kafka.features.includes(feature));
    assert.deepEqual(missing, [], `built without ${missing.join(', ')}`);
    return `librdkafka ${kafka.librdkafkaVersion}: ${kafka.features.join(' ')}`;
  },
  'a client can be made for a broker with TLS and SCRAM': () => {
    const { KafkaConsumer } = require('node-rdkafka');
    new KafkaConsumer({ 'group.id': 'smoke', 'security.protocol': 'sasl_ssl', 'sasl.mechanisms': 'SCRAM-SHA-512' }, {});
  },
  'HTTP answers': async () => {
    const { Server } = require('hyper-express');
    const server = new Server({ auto_close: false });
    server.get('/live', (_request, response) => response.send('alive'));
    await server.listen(0, '127.0.0.1');
    const answer = await fetch(`http://127.0.0.1:${server.port}/live`);
    assert.equal(await answer.text(), 'alive');
    server.force_close();
    const { transport, transportReason } = require('uWebSockets.js');
    return `over ${transport}${transportReason === null ? '' : ` (${transportReason})`}`;
  },
  'PostgreSQL’s client and its COPY are there': () => {
    assert.equal(typeof require('pg').Client, 'function');
    assert.match(require('pg-copy-streams').from('COPY t FROM STDIN BINARY').text, /COPY t/);
  },
  'a decode thread starts and ends': async () => {
    const { DecodePool } = await load('dist/src/workers/decode-pool.js');
    const pool = await DecodePool.start({ threads: 1, taskTimeoutMs: 10_000, messageMaxBytes: 1_048_576 });
    assert.equal(pool.threads, 1);
    await pool.close();
  },
  'migrations and the page’s files are there': async () => {
    const { readMigrations } = await load('dist/src/sink/migrate.js');
    const migrations = await readMigrations();
    assert.ok(migrations.length >= 10, `only ${migrations.length} migrations`);
    const { dashboardPage, loginPage } = await load('dist/src/observe/dashboard/page-files.js');
    dashboardPage();
    loginPage();
    return `${migrations.length} migrations`;
  },
  'every command loads all it needs': async () => {
    for (const command of COMMANDS) await load(`dist/src/commands/${command}.js`);
  },
  'the command line answers': () => {
    const main = join(APP, 'dist/src/main.cjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, '--version'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout.trim();
  },
  'nothing of it may be changed by its user': () => {
    if (process.getuid() === 0) return 'not asked: this is root';
    const { status } = spawnSync('sh', [
      '-c',
      `test -w ${APP} || test -w ${APP}/dist/src/main.cjs || test -w ${APP}/node_modules`,
    ]);
    assert.notEqual(status, 0, `${APP} may be written by uid ${process.getuid()}`);
  },
};

for (const [what, check] of Object.entries(checks)) console.log(`ok  ${what}: ${(await check()) ?? 'yes'}`);
process.exit(0);
