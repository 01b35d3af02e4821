/**
 * `run.js [WORD ...]` runs the test files of dist/test but those of the system and the real-Kafka suites; `run.js --system [WORD ...]`
 * runs those of the system, which need programs beside Node. A word keeps the files whose path contains it. One embedded PostgreSQL
 * serves all files.
 */
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../src/commands/demo/embedded-postgres.js';
import { runSuite } from './support/suite-runner.js';

const FILE_TIMEOUT_MS = 1_200_000;

const [first, ...rest] = process.argv.slice(2);
const system = first === '--system';
const words = system || first === undefined ? rest : [first, ...rest];
const files = (readdirSync(import.meta.dirname, { recursive: true }) as string[])
  .filter((file) => file.endsWith('.test.js') && !file.endsWith('.kafka.test.js'))
  .filter((file) => file.endsWith('.system.test.js') === system)
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .map((file) => join(import.meta.dirname, file))
  .sort();
if (files.length === 0) throw new Error(`no test file matches ${words.join(', ') || import.meta.dirname}`);

const postgres = await startPostgres({ settings: { max_connections: '200' } });
const counts = await runSuite({
  files,
  // A suite of the system brings several programs with it.
  concurrency: system ? 1 : availableParallelism(),
  fileTimeoutMs: FILE_TIMEOUT_MS,
  env: { TEST_DATABASE_URL: postgres.url, UV_THREADPOOL_SIZE: '16' },
});
await postgres.stop();
process.exitCode = counts.fail + counts.cancelled > 0 ? 1 : 0;
