/**
 * Runs the test files of dist/test: by default all but the real-Kafka suite, with `--kafka` that suite alone, with other
 * arguments the files whose path contains one of them. One embedded PostgreSQL serves all files.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../src/commands/demo/embedded-postgres.js';

const args = process.argv.slice(2);
const kafka = args.includes('--kafka');
const filters = args.filter((arg) => !arg.startsWith('--'));

const files = (readdirSync(import.meta.dirname, { recursive: true }) as string[])
  .filter((file) => file.endsWith('.test.js') && file.endsWith('.kafka.test.js') === kafka)
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .map((file) => join(import.meta.dirname, file))
  .sort();
if (files.length === 0) throw new Error(`no test file matches ${filters.join(', ') || 'dist/test'}`);

const postgres = await startPostgres();
const runner = spawn(
  process.execPath,
  // The real-Kafka suites share one broker's worth of memory and two cores: one at a time.
  ['--test', `--test-concurrency=${kafka ? 1 : availableParallelism()}`, '--enable-source-maps', ...files],
  { stdio: 'inherit', env: { ...process.env, TEST_DATABASE_URL: postgres.url, UV_THREADPOOL_SIZE: '8' } },
);
const code = await new Promise<number>((resolve) => runner.on('exit', (exitCode) => resolve(exitCode ?? 1)));
await postgres.stop();
process.exitCode = code;
