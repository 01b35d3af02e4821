import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseMetrics, type Scrape } from './metrics-text.js';

const MAIN = fileURLToPath(new URL('../../src/main.cjs', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 60_000;
const POLL_MS = 20;
const LAST_WORDS = 2_000;

/** Becomes the command, and leaves a watcher that kills it when standard input ends without a word: when the bench is gone. */
const WATCHED = `
exec 3<&0 </dev/null
{ read -r word <&3 || kill -KILL $$; } >/dev/null 2>&1 &
exec "$@" 3<&-
`;

export interface EngineOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Where it runs: it must hold no `.env`. */
  readonly folder: string;
  /** Of node, before the engine's own. */
  readonly nodeArgs?: readonly string[];
}

/** The engine as a user runs it: `start`, configured by its environment alone. */
export class BenchEngine {
  readonly #child: ChildProcess;
  readonly #logFile: string;
  #ended: string | null = null;
  #metricsPort = 0;

  /** Resolves when the engine says that it reads the topic. */
  static async start(options: EngineOptions): Promise<BenchEngine> {
    const engine = new BenchEngine(options);
    await engine.#untilStarted();
    return engine;
  }

  private constructor({ env, folder, nodeArgs = [] }: EngineOptions) {
    this.#logFile = `${folder}/engine-${process.hrtime.bigint()}.log`;
    const log = openSync(this.#logFile, 'a');
    this.#child = spawn('sh', ['-c', WATCHED, 'sh', process.execPath, ...nodeArgs, MAIN, 'start'], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        TZ: 'UTC',
        BIND_ADDRESS: '127.0.0.1',
        HEALTH_CHECK_PORT: '0',
        PROMETHEUS_PORT: '0',
        ...env,
      },
      detached: true,
      stdio: ['pipe', log, log],
    });
    closeSync(log);
    this.#child.stdin?.on('error', () => {});
    this.#child.once('exit', (code, signal) => {
      this.#ended = signal ?? `exit code ${code}`;
      this.#child.stdin?.end('gone\n');
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Throws with its last words where it has ended. */
  assertRunning(): void {
    if (this.#ended === null) return;
    throw new Error(`the engine ended with ${this.#ended}:\n${this.#log().slice(-LAST_WORDS)}`);
  }

  async scrape(): Promise<Scrape> {
    const response = await fetch(`http://127.0.0.1:${this.#metricsPort}/metrics`);
    return parseMetrics(await response.text());
  }

  /** Stops its clock, as it were: nothing of it runs until {@link resume}. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** SIGTERM; SIGKILL where that takes too long. Throws where it did not end with 0. */
  async stop(): Promise<void> {
    if (this.#ended !== null) return;
    const exited = once(this.#child, 'exit');
    const deadline = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    this.#child.kill('SIGTERM');
    this.resume();
    const [code] = (await exited) as [number | null];
    clearTimeout(deadline);
    if (code !== 0) throw new Error(`the engine stopped with ${this.#ended}:\n${this.#log().slice(-LAST_WORDS)}`);
  }

  async kill(): Promise<void> {
    if (this.#ended !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  async #untilStarted(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      this.assertRunning();
      const port = this.#log().match(/"http\.ports":\{[^}]*"prometheus":(\d+)/)?.[1];
      if (port !== undefined) {
        this.#metricsPort = Number(port);
        return;
      }
      if (Date.now() > deadline) {
        await this.kill();
        throw new Error(
          `the engine did not start within ${START_TIMEOUT_MS / 1_000} s:\n${this.#log().slice(-LAST_WORDS)}`,
        );
      }
      await delay(POLL_MS);
    }
  }
}
