import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { COMMANDS } from '../src/commands/help.js';
import { runMain } from './support/command.js';

describe('the command line', () => {
  test('without a command shows what there is, on stderr, and exits with 2', async () => {
    const { code, stdout, stderr } = await runMain([]);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    for (const name of Object.keys(COMMANDS)) assert.match(stderr, new RegExp(`^  ${name} `, 'm'));
  });

  test('--help and help show the same on stdout and exit with 0', async () => {
    const [flag, word] = await Promise.all([runMain(['--help']), runMain(['help'])]);
    assert.equal(flag.code, 0);
    assert.equal(flag.stderr, '');
    assert.equal(flag.stdout, word.stdout);
  });

  test('every command has a --help that lists its flags, loads nothing and exits with 0', async () => {
    for (const [name, { flags }] of Object.entries(COMMANDS)) {
      const { code, stdout, stderr } = await runMain([name, '--help'], { LOG_LEVEL: 'wrong on purpose' });
      assert.equal(code, 0, name);
      assert.equal(stderr, '', name);
      assert.match(stdout, new RegExp(`Usage: node dist/src/main.cjs ${name}`));
      for (const { flag } of flags) assert.ok(stdout.includes(flag), `${name} ${flag}`);
    }
  });

  test('every command of the help is a file of the commands’ folder', () => {
    const files = readdirSync(new URL('../src/commands/', import.meta.url));
    for (const name of Object.keys(COMMANDS)) assert.ok(files.includes(`${name}.js`), name);
  });

  test('--version prints name and version', async () => {
    const { code, stdout } = await runMain(['--version']);
    assert.equal(code, 0);
    assert.match(stdout, /^solana-trades-engine \d+\.\d+\.\d+\n$/);
  });

  test('an unknown command and an unknown flag exit with 2 and say so on stderr', async () => {
    const [command, flag, inherited] = await Promise.all([
      runMain(['strat']),
      runMain(['check', '--jsno']),
      runMain(['constructor']),
    ]);
    assert.deepEqual([command.code, flag.code, inherited.code], [2, 2, 2]);
    assert.match(command.stderr, /There is no command "strat"/);
    assert.match(flag.stderr, /--jsno[\s\S]*Usage: .* check/);
    assert.equal(command.stdout + flag.stdout, '');
  });

  test('a wrong configuration exits with 2 and tells every problem', async () => {
    const { code, stderr } = await runMain(['migrate'], { BATCH_MAX_ROWS: 'many' });
    assert.equal(code, 2);
    assert.match(stderr, /^2 settings are wrong:\n {2}DATABASE_URL: not given.*\n {2}BATCH_MAX_ROWS: got "many"/);
  });

  test('a failure while running exits with 1, says what to look at and shows no password', async () => {
    const { code, stderr } = await runMain(['migrate'], { DATABASE_URL: 'postgres://me:hush@127.0.0.1:1/none' });
    assert.equal(code, 1);
    assert.match(stderr, /^DATABASE_UNREACHABLE: .*127\.0\.0\.1:1/);
    assert.doesNotMatch(stderr, /hush|at .*\.js/);
  });
});

test('the thread pool has 8 threads or more, which must be settled before the first module loads', {
  skip: process.platform !== 'linux',
}, async () => {
  // Counts this process's threads at its end; V8's own are those of a process that never used the pool.
  const folder = mkdtempSync(join(tmpdir(), 'pool-'));
  const preload = join(folder, 'count.cjs');
  writeFileSync(
    preload,
    `const { readdirSync } = require('node:fs');
     const threads = () => readdirSync('/proc/self/task').length;
     const before = threads();
     process.on('exit', () => process.stderr.write('pool ' + (threads() - before)));`,
  );
  const pool = async (env: Record<string, string>) => {
    const { stderr } = await runMain(['--version'], { NODE_OPTIONS: `--require ${preload}`, ...env });
    return Number(/pool (\d+)/.exec(stderr)?.[1]);
  };
  try {
    assert.equal(await pool({}), 16);
    assert.equal(await pool({ UV_THREADPOOL_SIZE: '4' }), 16);
    assert.equal(await pool({ UV_THREADPOOL_SIZE: '9' }), 9);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
