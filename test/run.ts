/**
 * Runs the test files of dist/test but those of the real-Kafka suite, or only those whose path contains one of the
 * arguments. One embedded PostgreSQL serves all files.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../src/commands/demo/embedded-postgres.js';

const filters = process.argv.slice(2);
const files = (readdirSync(import.meta.dirname, { recursive: true }) as string[])
  .filter((file) => file.endsWith('.test.js') && !file.endsWith('.kafka.test.js'))
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .map((file) => join(import.meta.dirname, file))
  .sort();
if (files.length === 0) throw new Error(`no test file matches ${filters.join(', ') || 'dist/test'}`);

const postgres = await startPostgres({ settings: { max_connections: '200' } });
const runner = spawn(
  process.execPath,
  ['--test', `--test-concurrency=${availableParallelism()}`, '--enable-source-maps', ...files],
  { stdio: 'inherit', env: { ...process.env, TEST_DATABASE_URL: postgres.url, UV_THREADPOOL_SIZE: '16' } },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal));
const [code] = (await once(runner, 'exit')) as [number | null];
await postgres.stop();
process.exitCode = code ?? 1;
