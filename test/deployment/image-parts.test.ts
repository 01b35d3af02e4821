import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type CommandResult, run } from '../kafka/command.js';
import { until } from '../kafka/until.js';

const part = (name: string): string => fileURLToPath(new URL(`../../../deployment/image/${name}`, import.meta.url));
const OWN = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;

let folder = '';
let server: Server;
let port = 0;
let requests = 0;
let answer: { status: number; body: Buffer | string } = { status: 200, body: '' };
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'image-parts-'));
  server = createServer((_request, response) => {
    requests += 1;
    response.writeHead(answer.status).end(answer.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

function write(path: string, text = ''): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

describe('healthcheck.mjs', () => {
  const check = (env: Record<string, string>) => run(process.execPath, [part('healthcheck.mjs')], { env });

  test('is 0 for 200, 1 for anything else and for nobody, and says why', async () => {
    /** Its limit of seconds is no limit for a busy machine: one that got no answer asks again. */
    const answered = async (env: Record<string, string>): Promise<CommandResult> => {
      let result: CommandResult | undefined;
      await until('it is answered in time', async () => {
        result = await check(env);
        return /^\/live \d/.test(result.stdout);
      });
      return result!;
    };
    answer = { status: 200, body: '{"status":"healthy"}' };
    const well = await answered({ HEALTH_CHECK_PORT: String(port) });
    assert.deepEqual([well.code, well.stdout], [0, '/live 200 {"status":"healthy"}\n']);
    answer = { status: 503, body: '{"reasons":["the poll loop stands"]}' };
    const ill = await answered({ HEALTH_CHECK_PORT: String(port), BIND_ADDRESS: '127.0.0.1' });
    assert.deepEqual([ill.code, ill.stdout], [1, '/live 503 {"reasons":["the poll loop stands"]}\n']);
    const gone = await check({ HEALTH_CHECK_PORT: '1' });
    assert.equal(gone.code, 1);
    assert.match(gone.stdout, /^\/live of port 1: .*ECONNREFUSED/);
  });
});

describe('native-uws.mjs', () => {
  const modules = () => join(folder, 'node_modules');
  const install = (
    mode: string,
    sha256 = '',
    env: Record<string, string> = { NATIVE_UWS_URL: `http://127.0.0.1:${port}/` },
  ) =>
    run(process.execPath, [part('native-uws.mjs'), modules(), mode, sha256], {
      env: { PATH: process.env.PATH, ...env },
    });
  const installed = (): boolean => existsSync(join(modules(), 'uws-native'));
  let archive: Buffer;

  before(() => {
    for (const file of ['uws.js', 'package.json', OWN, 'uws_win32_x64_1.node'])
      write(`archive/uWebSockets.js-20/${file}`, file);
    archive = execFileSync('tar', ['-czf', '-', '-C', join(folder, 'archive'), 'uWebSockets.js-20']);
    write(
      'node_modules/hyper-express/package.json',
      '{"dependencies":{"uWebSockets.js":"github:uNetworking/uWebSockets.js#v20.1.0"}}',
    );
  });

  test('fetches nothing where no hash says which archive is meant', async () => {
    answer = { status: 200, body: archive };
    const asked = requests;
    const without = await install('auto');
    assert.deepEqual([without.code, installed()], [0, false]);
    assert.match(without.stdout, /none, node:http instead \(no NATIVE_UWS_SHA256/);
    const required = await install('required');
    assert.deepEqual([required.code, installed(), requests], [1, false, asked]);
    assert.match(required.stderr, /wants the NATIVE_UWS_SHA256/);
  });

  test('goes without where its host is not reached, unless it is required', async () => {
    answer = { status: 404, body: '' };
    const sha256 = '0'.repeat(64);
    const without = await install('auto', sha256);
    assert.deepEqual([without.code, installed()], [0, false]);
    assert.match(without.stdout, /none, node:http instead \(.*404\)/);
    const required = await install('required', sha256);
    assert.equal(required.code, 1);
    assert.match(required.stderr, /404/);
    assert.equal((await install('off')).code, 0);
    assert.equal(installed(), false);
  });

  test('keeps this platform’s binary and no other', async () => {
    answer = { status: 200, body: archive };
    const { code, stdout } = await install('required', createHash('sha256').update(archive).digest('hex'));
    assert.equal(code, 0, stdout);
    assert.deepEqual(readdirSync(join(modules(), 'uws-native')).sort(), ['package.json', OWN, 'uws.js'].sort());
    rmSync(join(modules(), 'uws-native'), { recursive: true });
  });

  test('takes no archive but the one that was meant', async () => {
    answer = { status: 200, body: archive };
    const { code, stderr } = await install('auto', '0'.repeat(64));
    assert.deepEqual([code, installed()], [1, false]);
    assert.match(stderr, /has the SHA-256 [0-9a-f]{64} and not 0000/);
  });

  test('asks for the version that hyper-express asks for', () => {
    // The tag that the one here names, in a form that the script understands.
    const path = new URL('../../../node_modules/hyper-express/package.json', import.meta.url);
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync(path, 'utf8'));
    assert.match(
      { ...optionalDependencies, ...dependencies }['uWebSockets.js'],
      /^github:uNetworking\/uWebSockets\.js#v[\d.]+$/,
    );
  });
});

test('prune.mjs leaves what is loaded, licences and manifests, and nothing else', async () => {
  const rdkafka = 'pruned/node-rdkafka';
  const kept = [
    `${rdkafka}/package.json`,
    `${rdkafka}/LICENSE.txt`,
    `${rdkafka}/lib/index.js`,
    `${rdkafka}/librdkafka.js`,
    `${rdkafka}/build/Release/node-librdkafka.node`,
    `${rdkafka}/build/deps/librdkafka.so.1`,
    `${rdkafka}/build/deps/librdkafka++.so.1`,
    `${rdkafka}/deps/librdkafka/LICENSE`,
    'pruned/pg/package.json',
    'pruned/pg/LICENSE.md',
    'pruned/pg/lib/test/index.js',
    'pruned/@scope/one/package.json',
    'pruned/@scope/one/index.js',
  ];
  const gone = [
    `${rdkafka}/build/deps/librdkafka-static.a`,
    `${rdkafka}/build/Release/obj.target/x.o`,
    `${rdkafka}/deps/librdkafka/src/rd.c`,
    'pruned/nan/nan.h',
    'pruned/@types/node/index.d.ts',
    'pruned/.bin/pbjs',
    'pruned/pg/README.md',
    'pruned/pg/lib/index.d.ts',
    'pruned/pg/lib/index.js.map',
    'pruned/@scope/one/test/one.js',
  ];
  for (const path of [...kept, ...gone]) write(path);
  const { code, stderr } = await run(process.execPath, [part('prune.mjs'), join(folder, 'pruned')]);
  assert.equal(code, 0, stderr);
  const left = readdirSync(join(folder, 'pruned'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  assert.deepEqual(
    left.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).sort(),
    kept.sort(),
  );
});
