import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { OPTIONS } from '../src/config.js';
import { optionTables, withOptionTables } from '../src/config-table.js';

const root = new URL('../../', import.meta.url);

test('README’s configuration tables are those of the options; node scripts/write-options.mjs renews them', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  assert.equal(readme, withOptionTables(readme));
});

test('the tables name every option, and show no default of a secret', () => {
  const tables = optionTables();
  for (const { env } of Object.values(OPTIONS)) assert.ok(tables.includes(`| \`${env}\` |`), env);
});

test('the variables of .env.example are options', () => {
  const names = new Set<string>(Object.values(OPTIONS).flatMap(({ env }) => [env, `${env}_FILE`]));
  const example = readFileSync(new URL('.env.example', root), 'utf8');
  for (const [, name = ''] of example.matchAll(/^#? ?([A-Z_]+)=/gm)) assert.ok(names.has(name), name);
});

test('no two options share a variable, and every variable is all capitals', () => {
  const envs = Object.values(OPTIONS).map(({ env }) => env);
  assert.equal(new Set(envs).size, envs.length);
  for (const env of envs) assert.match(env, /^[A-Z]+(_[A-Z]+)+$/);
});
