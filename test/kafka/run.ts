import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '../../src/commands/demo/embedded-postgres.js';
import { runSuite } from '../support/suite-runner.js';
import { KafkaBroker } from './broker.js';
import { BROKER_VARIABLE } from './shared-broker.js';

// Starts one broker and one PostgreSQL, runs every suite of this folder (or those named as arguments) against them two at a time, and
// exits as they did.

/** A suite that hangs fails, and the ones behind it still run. */
const SUITE_TIMEOUT_MS = 1_200_000;

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
const counts = await runSuite({
  files: suites,
  concurrency: 2,
  fileTimeoutMs: SUITE_TIMEOUT_MS,
  env: {
    [BROKER_VARIABLE]: JSON.stringify(broker.address),
    TEST_DATABASE_URL: postgres.url,
    UV_THREADPOOL_SIZE: '16',
  },
});
await Promise.all([broker.stop(), postgres.stop()]);
process.exitCode = counts.fail + counts.cancelled > 0 ? 1 : 0;
