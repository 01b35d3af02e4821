import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../../errors.js';

const MAIN = fileURLToPath(new URL('../../main.cjs', import.meta.url));
/** Longer than the engine's own deadline for a shutdown. */
const STOP_TIMEOUT_MS = 90_000;
const LAST_WORDS_LINES = 12;

/**
 * Becomes the engine, and leaves a watcher behind that kills it when standard input ends without a word: when the demo is
 * gone, however it went. The engine cannot do that itself, for it must not know that it is in a demo.
 */
const WATCHED = `
exec 3<&0 </dev/null
{ read -r word <&3 || kill -KILL $$; } >/dev/null 2>&1 &
exec "$@" 3<&-
`;

export interface EngineChildOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where it runs, and so where it looks for a `.env`. */
  readonly cwd: string;
  /** Gets everything it prints. */
  readonly logFile: string;
}

/** The engine, `start` and nothing else, as a child process that can be killed and started again. */
export class EngineChild {
  readonly #options: EngineChildOptions;
  #child: ChildProcess | null = null;
  #expected = false;
  #fail: (error: Error) => void = () => {};
  /** Rejects when the engine ends without having been told to; never resolves. */
  readonly failed: Promise<never>;

  constructor(options: EngineChildOptions) {
    this.#options = options;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {});
  }

  start(): void {
    if (!existsSync(MAIN))
      throw new EngineError('INVARIANT', `The engine is not built: there is no ${MAIN}. Run npm run build.`);
    const log = openSync(this.#options.logFile, 'a');
    this.#expected = false;
    const child = spawn('sh', ['-c', WATCHED, 'sh', process.execPath, MAIN, 'start'], {
      cwd: this.#options.cwd,
      env: this.#options.env,
      // A process group of its own: Ctrl-C in a terminal is for us, not for the engine.
      detached: true,
      stdio: ['pipe', log, log],
    });
    closeSync(log);
    child.stdin?.on('error', () => {});
    child.once('error', (error) => this.#fail(new Error('The engine could not be started.', { cause: error })));
    child.once('exit', (code, signal) => {
      child.stdin?.end('gone\n');
      if (!this.#expected) this.#fail(new Error(this.#lastWords(signal ?? `exit code ${code}`)));
    });
    this.#child = child;
  }

  /** SIGKILL, and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM, and waits; answers the exit code, null where it had to be killed. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    const timer = new AbortController();
    const deadline = setTimeout(STOP_TIMEOUT_MS, 'late', { signal: timer.signal }).catch(() => 'stopped');
    const end = await Promise.race([this.#end('SIGTERM'), deadline]);
    timer.abort();
    if (end === 'late') await this.#end('SIGKILL');
    return child?.exitCode ?? null;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#expected = true;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  #lastWords(end: string): string {
    const lines = readFileSync(this.#options.logFile, 'utf8').trimEnd().split('\n').slice(-LAST_WORDS_LINES);
    return `The engine ended with ${end}. Its last words:\n${lines.map(readable).join('\n')}`;
  }
}

/** A log line for people: level and message of a structured one. */
function readable(line: string): string {
  try {
    const { 'log.level': level = '', message = line } = JSON.parse(line) as Record<string, unknown>;
    return `  ${level} ${message}`;
  } catch {
    return `  ${line}`;
  }
}
