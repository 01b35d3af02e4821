import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { KafkaBroker } from './broker.js';
import { BROKER_VARIABLE } from './shared-broker.js';

// Starts one broker, runs every suite of this folder (or those named as arguments) against it one after the other, and
// exits as they did.

const here = fileURLToPath(new URL('.', import.meta.url));
const wanted = process.argv.slice(2);
const suites = (await readdir(here))
  .filter((name) => name.endsWith('.kafka.test.js'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .map((name) => `${here}${name}`);
if (suites.length === 0) throw new Error(`no suite is named like ${wanted.join(' or ')}`);

const broker = await KafkaBroker.start();
const tests = spawn(process.execPath, ['--test', '--test-concurrency=1', ...suites], {
  stdio: 'inherit',
  env: { ...process.env, [BROKER_VARIABLE]: JSON.stringify(broker.address) },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => tests.kill(signal));
const [code] = (await once(tests, 'exit')) as [number | null];
await broker.stop();
process.exitCode = code ?? 1;
