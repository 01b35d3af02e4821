import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { OPTIONS } from '../../src/config.js';
import { readPage } from '../support/doc-blocks.js';
import { brokenLinks } from './links.js';

const ROOT = new URL('../../../', import.meta.url);
const PAGES = ['CONTRIBUTING.md', 'SECURITY.md', 'THIRD_PARTY_LICENSES.md'];

function missingPaths(text: string): string[] {
  const paths = text.match(/(?<![\w/@])(?:\.ci|deployment|docs|src|test|scripts)\/[\w./*-]*\w/g) ?? [];
  return paths.filter((path) => !path.includes('*') && !existsSync(new URL(path, ROOT)));
}

function missingScripts(text: string): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { scripts: object };
  const named = [...text.matchAll(/\bnpm run ([\w:]+)/g)].map(([, name = '']) => name);
  return named.filter((name) => !(name in scripts));
}

describe('the pages for those who change or report something', () => {
  for (const page of PAGES)
    it(`${page} names files, scripts and settings that there are, and is reached from README.md`, () => {
      const text = readPage(page);
      assert.deepEqual(brokenLinks(page), []);
      assert.deepEqual(missingPaths(text), []);
      assert.deepEqual(missingScripts(text), []);
      const settings = new Set<string>(Object.values(OPTIONS).map(({ env }) => env));
      const named = text.match(/\b(?:KAFKA|DATABASE|REDIS|DASHBOARD|CONTROL|BIND)_[A-Z_]+[A-Z]\b/g) ?? [];
      assert.deepEqual(
        named.filter((name) => !settings.has(name)),
        [],
      );
      assert.ok(readPage('README.md').includes(`](${page})`), 'README.md does not lead there');
    });

  it('would notice a file or a script that is gone', () => {
    assert.deepEqual(missingPaths('`src/gone.ts` and `src/errors.ts`'), ['src/gone.ts']);
    assert.deepEqual(missingScripts('npm run lint, npm run gone'), ['gone']);
  });
});
