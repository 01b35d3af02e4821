import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '../../src/commands/demo/embedded-postgres.js';
import { KafkaBroker } from './broker.js';
import { BROKER_VARIABLE } from './shared-broker.js';

// Starts one broker and one PostgreSQL, runs every suite of this folder (or those named as arguments) against them two at a time, and
// exits as they did.

/** A suite that hangs fails, and the ones behind it still run. */
const SUITE_TIMEOUT_MS = 600_000;

const here = fileURLToPath(new URL('.', import.meta.url));
const wanted = process.argv.slice(2);
const suites = (await readdir(here))
  .filter((name) => name.endsWith('.kafka.test.js'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .map((name) => `${here}${name}`);
if (suites.length === 0) throw new Error(`no suite is named like ${wanted.join(' or ')}`);

const [broker, postgres] = await Promise.all([
  KafkaBroker.start(),
  startPostgres({ settings: { max_connections: '200' } }),
]);
const tests = spawn(
  process.execPath,
  ['--test', '--test-concurrency=2', `--test-timeout=${SUITE_TIMEOUT_MS}`, '--enable-source-maps', ...suites],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      [BROKER_VARIABLE]: JSON.stringify(broker.address),
      TEST_DATABASE_URL: postgres.url,
      UV_THREADPOOL_SIZE: '16',
    },
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => tests.kill(signal));
const [code] = (await once(tests, 'exit')) as [number | null];
await Promise.all([broker.stop(), postgres.stop()]);
process.exitCode = code ?? 1;
