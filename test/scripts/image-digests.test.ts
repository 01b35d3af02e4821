import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../kafka/command.js';
import { freePorts } from '../kafka/ports.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const NEWER = `sha256:${'0'.repeat(64)}`;

/** A registry as the distribution specification has it, which wants a token that it hands to anybody. */
let server: Server;
let url = '';
const answers = new Map<string, string | null>();
const asked: string[] = [];
before(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path.startsWith('/token?')) return response.end(JSON.stringify({ token: `for ${path}` }));
    const challenge = `Bearer realm="${url}/token",service="registry",scope="repository:one:pull"`;
    if (request.headers.authorization === undefined)
      return response.writeHead(401, { 'www-authenticate': challenge }).end();
    const [, name = '', reference = ''] = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(path) ?? [];
    asked.push(`${name}:${reference}`);
    const digest = answers.has(reference)
      ? answers.get(reference)
      : reference.startsWith('sha256:')
        ? reference
        : pinned.get(name);
    return digest == null
      ? response.writeHead(404).end()
      : response.writeHead(200, { 'docker-content-digest': digest }).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

const folder = mkdtempSync(join(tmpdir(), 'image-digests-'));
mkdirSync(join(folder, 'deployment'));
cpSync(join(ROOT, 'Dockerfile'), join(folder, 'Dockerfile'));
cpSync(join(ROOT, 'deployment/compose'), join(folder, 'deployment/compose'), {
  recursive: true,
  filter: (path) => !/secrets|state|certificates/.test(path),
});
after(() => rmSync(folder, { recursive: true }));
const compose = () => readFileSync(join(folder, 'deployment/compose/docker-compose.yml'), 'utf8');
const text = readFileSync(join(folder, 'Dockerfile'), 'utf8') + compose();
const pinned = new Map(
  [...text.matchAll(/docker\.io\/([\w/-]+):[\w.-]+@(sha256:\w{64})/g)].map(([, name = '', digest = '']) => [
    name,
    digest,
  ]),
);
const digests = (...flags: string[]) =>
  run(process.execPath, [join(ROOT, 'scripts/image-digests.mjs'), '--root', folder, ...flags]);

describe('image-digests.mjs', () => {
  test('asks for the tag and the digest of every image that is pinned', async () => {
    const { code, stdout } = await digests('--registry', url, '--strict');
    assert.equal(code, 0, stdout);
    const names = ['grafana/grafana', 'library/node', 'library/postgres', 'library/redis', 'prom/prometheus'];
    assert.deepEqual([...pinned.keys()].sort(), names);
    assert.equal(stdout.match(/^as pinned/gm)?.length, names.length);
    assert.equal(asked.length, 2 * names.length);
  });

  test('tells of a newer one, and puts it where it was', async () => {
    answers.set('18.6-trixie', NEWER);
    const { stdout } = await digests('--registry', url);
    assert.match(stdout, new RegExp(`newer +docker.io/library/postgres:18.6-trixie is ${NEWER}`));
    assert.equal((await digests('--registry', url, '--write')).code, 0);
    assert.equal(compose().split(`postgres:18.6-trixie@${NEWER}`).length, 3, 'at both places');
    answers.clear();
  });

  test('fails for a digest that is not there, and says so where nobody was asked', async () => {
    answers.set(pinned.get('library/node')!, null);
    const { code, stdout } = await digests('--registry', url);
    assert.equal(code, 1);
    assert.match(stdout, /^NOT THERE +docker\.io\/library\/node/m);
    answers.clear();
    const [free] = await freePorts(1);
    const away = await digests('--registry', `http://127.0.0.1:${free}`);
    assert.equal(away.code, 0);
    assert.match(away.stdout, /^NOT CHECKED .*ECONNREFUSED/m);
    assert.equal((await digests('--registry', `http://127.0.0.1:${free}`, '--strict')).code, 3);
  });
});
