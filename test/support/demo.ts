import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.cjs', import.meta.url));

export interface DemoResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the demo to its end, on a broker and, unless `env` says otherwise, a database of its own. `watch` sees all output so far. */
export async function runDemo(
  flags: readonly string[],
  watch: (output: string, child: ChildProcess) => void = () => {},
  env: Readonly<Record<string, string>> = {},
): Promise<DemoResult> {
  const { KAFKA_BROKERS: _brokers, DATABASE_URL: _database, ...inherited } = process.env;
  const child = spawn(process.execPath, [MAIN, 'demo', ...flags], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    watch(stdout + stderr, child);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    watch(stdout + stderr, child);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
