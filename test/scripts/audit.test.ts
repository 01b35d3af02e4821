import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../../scripts/audit.mjs', import.meta.url));
const ADVISORIES = '/-/npm/v1/security/advisories/bulk';

let folder = '';
let registry: Server;
/** What the registry answers to the question for advisories. */
let advisories: { status: number; body: unknown } = { status: 200, body: {} };
let asked = 0;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'));
  const dependencies = { leaky: '1.0.0' };
  const root = { name: 'tested', version: '1.0.0' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...root, dependencies }));
  const packages = {
    '': { ...root, dependencies },
    'node_modules/leaky': { version: '1.0.0', resolved: 'http://127.0.0.1/leaky-1.0.0.tgz' },
  };
  const lock = { ...root, lockfileVersion: 3, requires: true, packages };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  registry = createServer((request, response) => {
    request.resume();
    const answer = request.url === ADVISORIES ? advisories : { status: 200, body: packument() };
    if (request.url === ADVISORIES) asked += 1;
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  });
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
});
after(() => {
  registry.close();
  rmSync(folder, { recursive: true });
});

function packument() {
  const versions = { '1.0.0': { name: 'leaky', version: '1.0.0' }, '1.0.1': { name: 'leaky', version: '1.0.1' } };
  return { name: 'leaky', 'dist-tags': { latest: '1.0.1' }, versions };
}

function advisory(severity: string) {
  const url = 'https://example.org/advisory';
  // npm remembers what it made of an advisory by its number.
  const id = severity === 'high' ? 1 : 2;
  return { leaky: [{ id, url, title: 'Leaks', severity, vulnerable_versions: '<1.0.1', cwe: [], cvss: {} }] };
}

async function audit(answer: typeof advisories, ...flags: string[]) {
  advisories = answer;
  asked = 0;
  const { port } = registry.address() as AddressInfo;
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    npm_config_registry: `http://127.0.0.1:${port}/`,
    npm_config_cache: join(folder, 'cache'),
    npm_config_fetch_retry_mintimeout: '1',
  };
  const child = spawn(process.execPath, [SCRIPT, ...flags], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  assert.ok(asked > 0, 'the registry was asked');
  return { code, output };
}

describe('the audit of dependencies', () => {
  test('passes where no hole is known', async () => {
    const { code, output } = await audit({ status: 200, body: {} });
    assert.equal(code, 0, output);
    assert.match(output, /^0 of high or critical severity, 0 in all/m);
  });

  test('fails where one of high severity is known, and names it', async () => {
    const { code, output } = await audit({ status: 200, body: advisory('high') });
    assert.equal(code, 1, output);
    assert.match(output, /^high: leaky .*Leaks \(https:\/\/example.org\/advisory\)/m);
  });

  test('passes over those of less severity, and counts them', async () => {
    const { code, output } = await audit({ status: 200, body: advisory('moderate') });
    assert.equal(code, 0, output);
    assert.match(output, /^0 of high or critical severity, 1 in all/m);
  });

  test('says that nothing was checked where the registry cannot be asked', async () => {
    const answer = { status: 405, body: {} };
    const { code, output } = await audit(answer);
    assert.equal(code, 0, output);
    assert.match(output, /^NOT CHECKED: .*405/);
    assert.doesNotMatch(output, /of high or critical/);
    assert.equal((await audit(answer, '--strict')).code, 3);
  });
});
