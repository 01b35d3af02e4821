import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { until } from '../kafka/until.js';
import { Stage } from '../scenario/stage.js';

const MAIN = fileURLToPath(new URL('../../src/main.cjs', import.meta.url));
const NOBODY = '65534';
/** Another user may read this checkout wherever it lies, may write nothing, and can gain no more. */
const AS_NOBODY = [
  'setpriv',
  ...['--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', '--no-new-privs'],
  ...[
    '--bounding-set=-all,+dac_read_search',
    '--inh-caps=-all,+dac_read_search',
    '--ambient-caps=-all,+dac_read_search',
  ],
];
/** ... on a file system that nobody can write to. */
const READ_ONLY = [
  'unshare',
  '--mount',
  '--propagation',
  'private',
  'sh',
  '-c',
  'mount -o remount,bind,ro / && exec "$@"',
  'sh',
];

function why(command: readonly string[]): string | false {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root, to become somebody else';
  const [program = '', ...rest] = command;
  const { status, stderr, error } = spawnSync(program, [...rest, process.execPath, '--version'], { encoding: 'utf8' });
  return status === 0 ? false : `${program} cannot do it here: ${error?.message ?? stderr.trim()}`;
}

let stage: Stage;
let folder = '';
before(async () => {
  stage = await Stage.open();
  folder = mkdtempSync(join(tmpdir(), 'confined-'));
  chmodSync(folder, 0o555);
});
after(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

/** Runs the engine behind other commands until what was sent has landed; answers what the system says of the process. */
async function landConfined(prefix: readonly string[], seed: number): Promise<string> {
  await stage.send(takeMessages(30, { seed, startSlot: 460_000_000 + seed * 1_000 }));
  const [program = '', ...rest] = [...prefix, process.execPath, MAIN, 'start'];
  const engine = spawn(program, rest, {
    cwd: folder,
    env: {
      ...{ PATH: process.env.PATH, HOME: '/nonexistent', TMPDIR: folder, TZ: 'UTC' },
      ...{ BIND_ADDRESS: '127.0.0.1', HEALTH_CHECK_PORT: '0', PROMETHEUS_PORT: '0', WORKER_THREADS: '1' },
      ...stage.environment(),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [engine.stdout, engine.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  try {
    await until('everything sent has landed', async () => (await stage.progress()) >= stage.end, {
      explain: () => output.slice(-4_000),
      hopeless: () => engine.exitCode !== null,
    });
    return readFileSync(`/proc/${engine.pid}/status`, 'utf8');
  } finally {
    engine.kill('SIGTERM');
    const [code] = await once(engine, 'close');
    assert.equal(code, 0, output);
  }
}

describe('an engine that may do little', () => {
  test('runs as a user who is nobody and may write nothing', { skip: why(AS_NOBODY) }, async () => {
    const status = await landConfined(AS_NOBODY, 1);
    assert.match(status, new RegExp(`^Uid:\\s+${NOBODY}\\s`, 'm'));
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    assert.deepEqual(readdirSync(folder), []);
    await stage.assertLedger();
  });

  test('runs where nothing can be written at all', { skip: why([...READ_ONLY, ...AS_NOBODY]) }, async () => {
    await landConfined([...READ_ONLY, ...AS_NOBODY], 2);
    await stage.assertLedger();
  });
});
