import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { failedFile, type SuiteCounts, SuiteSummary } from './suite-summary.js';

export interface SuiteRun {
  /** Absolute paths of compiled test files. */
  files: readonly string[];
  /** How many files run at a time. */
  concurrency: number;
  /** A file that takes longer is killed and has failed; ms. */
  fileTimeoutMs: number;
  /** Added to the environment of every file. */
  env: NodeJS.ProcessEnv;
}

/**
 * Runs each file in a process group of its own, prints what it wrote once it ended, and in the end the sums. Nothing can keep
 * the run waiting: a file over its time is killed with all it started, and output goes by way of a file, so that a process left
 * behind holds no pipe open. Such a process is killed, and its file has failed.
 */
export async function runSuite({ files, concurrency, fileTimeoutMs, env }: SuiteRun): Promise<SuiteCounts> {
  const folder = mkdtempSync(join(tmpdir(), 'tests-'));
  const summary = new SuiteSummary();
  const waiting = [...files];
  const running = new Set<number>();
  let stopped = false;
  const stop = () => {
    stopped = true;
    waiting.length = 0;
    for (const group of running) killGroup(group);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);

  const runNext = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const output = join(folder, `${basename(file)}-${waiting.length}`);
      const fault = await runFile(file, output, { fileTimeoutMs, env, running });
      if (stopped) break;
      process.stdout.write(summary.add(file, readFileSync(output, 'utf8'), fault));
      rmSync(output);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, runNext));
  rmSync(folder, { recursive: true, force: true });
  process.off('SIGINT', stop).off('SIGTERM', stop);
  if (stopped) summary.counts.cancelled += 1;
  process.stdout.write(summary.print());
  return summary.counts;
}

/** What was wrong with how the file ended, beside the tests it counted itself; undefined if nothing. */
async function runFile(
  file: string,
  output: string,
  { fileTimeoutMs, env, running }: Pick<SuiteRun, 'fileTimeoutMs' | 'env'> & { running: Set<number> },
): Promise<string | undefined> {
  const descriptor = openSync(output, 'w');
  const colour = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
  const child = spawn(process.execPath, ['--enable-source-maps', '--test-reporter=spec', file], {
    stdio: ['ignore', descriptor, descriptor],
    detached: true,
    // Under another run of node's test runner the file would speak that runner's language.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...colour, ...env },
  });
  closeSync(descriptor);
  const group = child.pid;
  if (group === undefined) {
    const [cause] = (await once(child, 'error')) as [Error];
    return cause.message;
  }
  running.add(group);
  let overdue: string | undefined;
  const deadline = setTimeout(() => {
    overdue = `took over ${fileTimeoutMs / 1000} s and was killed, with\n${processesOf(group)}`;
    killGroup(group);
  }, fileTimeoutMs);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  clearTimeout(deadline);
  const left = processesOf(group);
  killGroup(group);
  running.delete(group);
  return failedFile({ code, signal, overdue, left });
}

/** Lines of `ps`, one for each process of the group that is alive; empty if there is none. */
function processesOf(group: number): string {
  const lines = execFileSync('ps', ['-eo', 'pgid=,pid=,ppid=,stat=,etime=,args='], { encoding: 'utf8' }).split('\n');
  return lines
    .filter((line) => {
      const [pgid, , , state] = line.trim().split(/\s+/);
      return pgid === String(group) && !state?.startsWith('Z');
    })
    .map((line) => line.trim().slice(0, 200))
    .join('\n');
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}
