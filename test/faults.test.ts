import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const ROOT = new URL('../../', import.meta.url);

/** The levels at which each fault is to be shown, from the first on. */
const LEVELS = 'XK UM U XD XD MK KD K K M D P P P D D D D D MD UM XM XM X X U UM UD U XK XD X'.split(' ');

interface Entry {
  readonly fault: number;
  readonly level: string;
  readonly file: string;
  /** `suite › test`, or the test alone. */
  readonly name: string;
}

/** The lines of the table "Faults"; one without a number belongs to the fault above it. */
function entries(readme: string): Entry[] {
  const [, section = ''] = readme.split('\n## Faults\n');
  const [body = ''] = section.split('\n## ');
  const rows = body
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter(([, , level]) => /^[A-Z]$/.test(level ?? ''));
  let fault = 0;
  return rows.map(([number = '', text = '', level = '', file = '', name = '']) => {
    if (number !== '') {
      fault += 1;
      assert.equal(number, String(fault), 'the faults are numbered from 1 on');
      assert.notEqual(text, '', `fault ${fault} is told in words`);
    }
    return { fault, level, file: file.replaceAll('`', ''), name };
  });
}

/** Patterns of the names in a source: a literal stands for itself, and what is filled into a template for anything. */
function names(source: string, functions: string): RegExp[] {
  const calls = source.matchAll(new RegExp(`\\b(?:${functions})\\(\\s*(['"\`])((?:\\\\.|(?!\\1)[^\\\\])*)\\1`, 'g'));
  return [...calls].map(([, quote, text = '']) => {
    const parts = quote === '`' ? text.split(/\$\{[^}]*\}/) : [text];
    const literal = parts.map((part) => part.replaceAll(/\\(.)/g, '$1').replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${literal.join('.+')}$`);
  });
}

const readme = readFileSync(new URL('test/README.md', ROOT), 'utf8');

test('every fault of the table has a test at each of its levels, and at no other', () => {
  const shown = entries(readme);
  const levels = LEVELS.map((_, i) => new Set(shown.filter(({ fault }) => fault === i + 1).map(({ level }) => level)));
  assert.deepEqual(
    levels.map((set) => [...set].sort().join('')),
    LEVELS.map((text) => [...text].sort().join('')),
  );
  assert.equal(Math.max(...shown.map(({ fault }) => fault)), LEVELS.length);
});

test('every test that the table of faults names is there, under that name, once', () => {
  for (const { fault, file, name } of entries(readme)) {
    const where = `fault ${fault}: ${file}: ${name}`;
    const url = new URL(`test/${file}`, ROOT);
    assert.ok(existsSync(url), `${where}: there is no such file`);
    const source = readFileSync(url, 'utf8');
    const [suite, own] = name.includes(' › ') ? name.split(' › ') : [null, name];
    const found = names(source, 'test|it').filter((pattern) => pattern.test(own ?? ''));
    assert.equal(found.length, 1, `${where}: found ${found.length} times`);
    if (suite !== null)
      assert.ok(
        names(source, 'describe').some((pattern) => pattern.test(suite ?? '')),
        `${where}: no such suite`,
      );
  }
});

test('a table of faults with a renamed test, or without one, is found out', () => {
  const source = "test('it lands', () => {});\n  test(`it loses $" + '{what}`, () => {});';
  const has = (name: string) => names(source, 'test').some((pattern) => pattern.test(name));
  assert.deepEqual(['it lands', 'it loses a table', 'it landed', 'it loses '].map(has), [true, true, false, false]);
  const table =
    '\n## Faults\n\n| # | fault | level | file | test |\n|---|---|---|---|---|\n| 1 | a | X | f | t |\n| | | K | g | u |\n';
  assert.deepEqual(entries(table), [
    { fault: 1, level: 'X', file: 'f', name: 't' },
    { fault: 1, level: 'K', file: 'g', name: 'u' },
  ]);
  assert.throws(() => entries(table.replace('| 1 |', '| 2 |')), /numbered/);
});
