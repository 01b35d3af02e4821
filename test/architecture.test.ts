import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { breaches } from './support/architecture-rules.js';
import { buildGraph, readTree, type Tree } from './support/import-graph.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

function breachesOf(tree: Tree): string[] {
  return breaches(tree, buildGraph(tree));
}

/** A tree that keeps every rule, with the given files added or changed. */
function synthetic(files: Record<string, string> = {}): Tree {
  return new Map(
    Object.entries({
      'src/errors.ts': 'export class EngineError extends Error {}',
      'src/config.ts': "import { EngineError } from './errors.js';\nexport const config = EngineError;",
      'src/config-kafka.ts': 'export const kafka = 1;',
      'src/tables.ts': 'export const TRADES = 1;',
      'src/observe/logger.ts':
        "import { pino } from 'pino';\nimport { config } from '../config.js';\nexport const log = pino(config);",
      'src/observe/status.ts': "import type { Sink } from '../sink/sink.js';\nexport type Status = Sink;",
      'src/ingest/source.ts':
        "import { log } from '../observe/logger.js';\nimport { COLUMN } from '../workers/messages.js';\nexport const source = [log, COLUMN];",
      'src/workers/messages.ts': 'export const COLUMN = 1;',
      'src/workers/decode-worker.ts': "import { decode } from './decode.js';\nexport const work = decode;",
      'src/workers/decode.ts':
        "import type { source } from '../ingest/source.js';\nimport { TRADES } from '../tables.js';\nimport { schema } from '../../proto/generated/schema.js';\nexport const decode: typeof source = [TRADES, schema];",
      'src/workers/pool.ts': "import { Piscina } from 'piscina';\nexport const pool = Piscina;",
      'src/sink/sink.ts':
        "import type { decode } from '../workers/decode.js';\nimport pg from 'pg';\nexport type Sink = typeof decode;\nexport const client = pg;",
      'src/engine.ts':
        "import { source } from './ingest/source.js';\nimport { pool } from './workers/pool.js';\nimport { client } from './sink/sink.js';\nexport const engine = [source, pool, client];",
      'src/commands/start.ts': "import { engine } from '../engine.js';\nexport const start = engine;",
      'proto/generated/schema.ts': 'export const schema = 1;',
      'vendor/shim/index.js': "const lib = require('./lib.js');\nmodule.exports = lib;",
      'vendor/shim/lib.js': 'module.exports = {};',
      ...files,
    }),
  );
}

describe('the architecture', () => {
  it('holds: no cycle, no folder that knows what it should not, nothing native in a worker', () => {
    const tree = readTree(ROOT, ['src', 'proto', 'vendor']);
    assert.ok(tree.size > 30, `only ${tree.size} files were read`);
    assert.deepEqual(breachesOf(tree), []);
  });
});

describe('the rules of the architecture', () => {
  it('let a tree pass that keeps them', () => {
    assert.deepEqual(breachesOf(synthetic()), []);
  });

  const cases: [sentence: string, files: Record<string, string>, breach: RegExp][] = [
    [
      'an import cycle',
      { 'src/errors.ts': "import { config } from './config.js';\nexport const e = config;" },
      /^import cycle: src\/errors\.ts → src\/config\.ts → src\/errors\.ts$/,
    ],
    [
      'a cycle through types',
      { 'src/errors.ts': "import type { config } from './config.js';\nexport type E = typeof config;" },
      /^import cycle/,
    ],
    [
      'a worker that loads ingest',
      { 'src/workers/pool.ts': "import { source } from '../ingest/source.js';\nexport const p = source;" },
      /loads src\/ingest\/source\.ts \(ingest\), of which it may import types only$/,
    ],
    [
      'a type marked inline, which loads all the same',
      { 'src/workers/pool.ts': "import { type source } from '../ingest/source.js';\nexport type P = typeof source;" },
      /may import types only$/,
    ],
    [
      'a sink that loads workers',
      { 'src/sink/copy.ts': "import { decode } from '../workers/decode.js';\nexport const c = decode;" },
      /\(sink\) loads src\/workers\/decode\.ts/,
    ],
    [
      'a sink that knows ingest',
      { 'src/sink/copy.ts': "import type { source } from '../ingest/source.js';\nexport type C = typeof source;" },
      /\(sink\) imports src\/ingest\/source\.ts \(ingest\)$/,
    ],
    [
      'an ingest that knows the sink',
      { 'src/ingest/a.ts': "import type { Sink } from '../sink/sink.js';\nexport type A = Sink;" },
      /\(ingest\) imports src\/sink\/sink\.ts/,
    ],
    [
      'an ingest that knows the workers beyond the contract',
      { 'src/ingest/a.ts': "import type { decode } from '../workers/decode.js';\nexport type A = typeof decode;" },
      /\(ingest\) imports src\/workers\/decode\.ts/,
    ],
    [
      'a folder that knows the engine',
      { 'src/sink/copy.ts': "import type { engine } from '../engine.js';\nexport type C = typeof engine;" },
      /\(sink\) imports src\/engine\.ts \(top\)$/,
    ],
    [
      'a folder that knows a command',
      { 'src/observe/a.ts': "import { start } from '../commands/start.js';\nexport const a = start;" },
      /\(observe\) imports src\/commands\/start\.ts/,
    ],
    [
      'an observer that loads the sink',
      { 'src/observe/a.ts': "import { client } from '../sink/sink.js';\nexport const a = client;" },
      /\(observe\) loads src\/sink\/sink\.ts/,
    ],
    [
      'a foundation that knows a folder',
      { 'src/config-kafka.ts': "import type { source } from './ingest/source.js';\nexport type K = typeof source;" },
      /\(foundation\) imports src\/ingest/,
    ],
    [
      'a contract that knows anything',
      { 'src/workers/messages.ts': "import { TRADES } from '../tables.js';\nexport const COLUMN = TRADES;" },
      /\(contract\) imports src\/tables\.ts/,
    ],
    [
      'a vendored package that reaches into the project',
      { 'vendor/shim/lib.js': "module.exports = require('../../src/errors.js');" },
      /\(vendor\) imports src\/errors\.ts/,
    ],
    [
      'an import of a file that is not there',
      { 'src/sink/copy.ts': "import { gone } from './gone.js';\nexport const c = gone;" },
      /imports src\/sink\/gone\.js, which is not there$/,
    ],
    [
      'a client in a worker',
      { 'src/workers/decode.ts': "import pg from 'pg';\nexport const decode = pg;" },
      /^a decode worker loads pg: src\/workers\/decode-worker\.ts → src\/workers\/decode\.ts → pg$/,
    ],
    [
      'a logger in a worker, through a folder it may import',
      { 'src/workers/decode.ts': "import { log } from '../observe/logger.js';\nexport const decode = log;" },
      /^a decode worker loads pino: .*observe\/logger\.ts → pino$/,
    ],
    [
      'a client a worker loads late',
      { 'src/workers/decode.ts': "export const decode = () => import('node-rdkafka');" },
      /^a decode worker loads node-rdkafka/,
    ],
    ['a default export', { 'src/sink/copy.ts': 'export default 1;' }, /has a default export$/],
    [
      'a default export by another name',
      { 'src/sink/copy.ts': 'const c = 1;\nexport { c as default };' },
      /has a default export$/,
    ],
    [
      'a barrel',
      {
        'src/sink/index.ts':
          "/** All of it. */\nexport { client } from './sink.js';\nexport type { Sink } from './sink.js';",
      },
      /is a barrel/,
    ],
    [
      'a barrel in two steps',
      { 'src/sink/index.ts': "import { client } from './sink.js';\n\nexport { client };" },
      /is a barrel/,
    ],
    [
      'a file that exports everything of another',
      { 'src/sink/copy.ts': "export * from './sink.js';\nexport const c = 1;" },
      /is a barrel/,
    ],
    ['a file named utils', { 'src/sink/utils.ts': 'export const u = 1;' }, /is named for nothing/],
    [
      'a file of more than 350 lines',
      { 'src/sink/copy.ts': 'export const c = 1;\n'.repeat(351) },
      /has 351 lines, over 350$/,
    ],
  ];
  for (const [sentence, files, breach] of cases) {
    it(`find ${sentence}`, () => {
      const found = breachesOf(synthetic(files));
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0]!, breach);
    });
  }

  it('find that the worker’s door is gone', () => {
    const tree = new Map(synthetic());
    tree.delete('src/workers/decode-worker.ts');
    assert.deepEqual(breachesOf(tree), ['src/workers/decode-worker.ts is not there']);
  });
});
