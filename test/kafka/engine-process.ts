import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type CommandResult, run } from './command.js';
import { until } from './until.js';

const MAIN = fileURLToPath(new URL('../../src/main.cjs', import.meta.url));
const STOP_TIMEOUT_MS = 120_000;
const END_TIMEOUT_MS = 120_000;

export type EngineEnvironment = Readonly<Record<string, string>>;

export interface EngineExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Our own variables must not leak in, and a `.env` of the checkout must not be read: the environment is made from nothing. */
function childOptions(environment: EngineEnvironment): { cwd: string; env: NodeJS.ProcessEnv } {
  const inherited = { PATH: process.env.PATH, HOME: process.env.HOME, TZ: 'UTC' };
  return {
    cwd: tmpdir(),
    env: {
      ...inherited,
      BIND_ADDRESS: '127.0.0.1',
      HEALTH_CHECK_PORT: '0',
      PROMETHEUS_PORT: '0',
      WORKER_THREADS: '1',
      ...environment,
    },
  };
}

/** Runs another command of the engine, `check` for one, to its end. */
export function runCommand(command: string, environment: EngineEnvironment, timeoutMs: number): Promise<CommandResult> {
  return run(process.execPath, [MAIN, command], { ...childOptions(environment), timeoutMs });
}

/** A command of the engine, `start` unless told otherwise, as a child process. */
export class EngineProcess {
  /** Settles when the process is gone. */
  readonly exited: Promise<EngineExit>;
  readonly #child: ChildProcess;
  #output = '';

  constructor(environment: EngineEnvironment, command: readonly string[] = ['start']) {
    const child = spawn(process.execPath, ['--enable-source-maps', MAIN, ...command], {
      ...childOptions(environment),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    this.exited = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }));
  }

  /** Everything it printed so far. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits until it says where it answers for its health; answers that port. */
  async healthPort(): Promise<number> {
    const port = (): string | undefined => /"health":(\d+)/.exec(this.#output)?.[1];
    await until('the engine names its port', () => port() !== undefined, {
      explain: () => this.#output,
      hopeless: () => !this.running,
    });
    return Number(port());
  }

  /** Waits until it has printed that. */
  says(what: RegExp): Promise<void> {
    return until(`it says ${what}`, () => what.test(this.#output), { explain: () => this.#output });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for an end that is to come by itself. One that does not come is a failure that tells what the engine said. */
  async ended(): Promise<EngineExit> {
    await until('the engine ended', () => !this.running, { timeoutMs: END_TIMEOUT_MS, explain: () => this.#output });
    return this.exited;
  }

  /** SIGKILL, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.running) this.#child.kill('SIGKILL');
    await this.exited;
  }

  /**
   * SIGTERM while it is under load: it lands what is in flight, or says that this took longer than its drain may, which is no fault
   * of an engine on a busy machine. Any other end is a failure.
   */
  async stopUnderLoad(): Promise<void> {
    const { code, signal } = await this.stop();
    const unsettled = this.#output.includes('"stopped_unsettled"') && !this.#output.includes('"engine_failed"');
    assert.deepEqual({ code, signal }, { code: unsettled ? 1 : 0, signal: null }, this.#output);
  }

  /** SIGTERM, as a user stops it; answers how it ended. One that does not end in time is killed, and that shows. */
  async stop(): Promise<EngineExit> {
    // Before node runs a line of ours, a signal ends it as it ends any process.
    await until('the engine runs', () => this.#output !== '' || !this.running, { explain: () => `${this.pid}` });
    if (this.running) this.#child.kill('SIGTERM');
    const deadline = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const exit = await this.exited;
    clearTimeout(deadline);
    return exit;
  }
}
