import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildGraph, findCycles, type Import, packagesReachedFrom, parseImports } from './import-graph.js';

function parsed(text: string): string[] {
  return parseImports(text).map(({ kind, specifier }: Import) => `${kind} ${specifier}`);
}

function graphOf(files: Record<string, string>): ReturnType<typeof buildGraph> {
  return buildGraph(new Map(Object.entries(files)));
}

describe('the parser of imports', () => {
  it('tells value imports from type imports', () => {
    const text = [
      "import a from 'a';",
      "import * as b from 'b';",
      "import { c } from 'c';",
      "import 'd';",
      "import type { E } from 'e';",
      "import type * as F from 'f';",
      "import type G from 'g';",
      "import type, { h } from 'h';",
      "import type from 'i';",
    ].join('\n');
    const kinds = ['value a', 'value b', 'value c', 'value d', 'type e', 'type f', 'type g', 'value h', 'value i'];
    assert.deepEqual(parsed(text), kinds);
  });

  it('takes an import with types marked one by one for a value import, which it is when the program runs', () => {
    assert.deepEqual(parsed("import { type A, b } from 'x';"), ['value x']);
    assert.deepEqual(parsed("import { type A, type B } from 'x';"), ['value x']);
  });

  it('reads statements over several lines', () => {
    assert.deepEqual(parsed("import {\n  type A,\n  b,\n} from './x.js';\nimport type {\n  C,\n} from './y.js';\n"), [
      'value ./x.js',
      'type ./y.js',
    ]);
  });

  it('reads re-exports, and no other exports', () => {
    const text = [
      "export { a } from 'a';",
      "export * from 'b';",
      "export type { C } from 'c';",
      "export const d = 'not/imported';",
      "export function e(from = 'neither') {}",
      "export type F = 'nor this';",
      'export { d };',
      "const g = 'nor that';",
    ].join('\n');
    assert.deepEqual(parsed(text), ['value a', 'value b', 'type c']);
  });

  it('reads import() and require() anywhere in a line, and type queries as types', () => {
    const text = [
      "const a = await import('a');",
      "void import('./b.js');",
      "const c = require('c');",
      "let d: typeof import('d');",
      "let e: import('e').Client;",
    ].join('\n');
    assert.deepEqual(parsed(text), ['value a', 'value ./b.js', 'value c', 'type d', 'type e']);
  });

  it('reads nothing from comments', () => {
    assert.deepEqual(parsed("// import { a } from 'a';\n/**\n * import('b') is not used.\nimport */\n"), []);
  });
});

describe('the import graph', () => {
  it('resolves files, packages, scopes, builtins and what is missing', () => {
    const graph = graphOf({
      'src/a/x.ts':
        "import '../b.js';\nimport '@s/p/q';\nimport 'p/q';\nimport 'node:fs/promises';\nimport './none.js';\nimport './y.cjs';",
      'src/a/y.cts': '',
      'src/b.ts': '',
    });
    assert.deepEqual(
      graph.get('src/a/x.ts')?.map(({ to, target }) => `${to} ${target}`),
      ['file src/b.ts', 'package @s/p', 'package p', 'package fs', 'missing src/a/none.js', 'file src/a/y.cts'],
    );
  });

  it('finds cycles of every length, through types too, and none where there is none', () => {
    assert.deepEqual(findCycles(graphOf({ 'a.ts': "import './a.js';" })), [['a.ts', 'a.ts']]);
    const three = {
      'a.ts': "import './b.js';",
      'b.ts': "import type { C } from './c.js';",
      'c.ts': "import('./a.js');",
    };
    assert.deepEqual(findCycles(graphOf(three)), [['a.ts', 'b.ts', 'c.ts', 'a.ts']]);
    const diamond = {
      'a.ts': "import './b.js';\nimport './c.js';",
      'b.ts': "import './d.js';",
      'c.ts': "import './d.js';",
      'd.ts': '',
    };
    assert.deepEqual(findCycles(graphOf(diamond)), []);
  });

  it('follows value imports alone to the packages they load', () => {
    const graph = graphOf({
      'a.ts': "import type { P } from './typed.js';\nimport './b.js';\nimport type { Q } from 'q';",
      'b.ts': "import 'p';",
      'typed.ts': "import 'r';",
    });
    assert.deepEqual([...packagesReachedFrom(graph, 'a.ts')], [['p', ['a.ts', 'b.ts']]]);
  });
});
