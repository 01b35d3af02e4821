import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePort } from '../../src/commands/demo/free-port.js';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { until } from '../kafka/until.js';
import { installAudit } from '../ledger/audit.js';
import { Stage, TOPIC } from '../scenario/stage.js';
import { MockCluster } from '../support/mock-cluster.js';

export const SCRIPTS = fileURLToPath(new URL('../../../deployment/scripts/', import.meta.url));
const SHIMS = fileURLToPath(new URL('../../../test/system/shims/', import.meta.url));
const BUILD = fileURLToPath(new URL('../../', import.meta.url));
const PARTITIONS = 4;
/** The mock broker's, and so the longest that partitions of an engine that died lie idle. */
const SESSION_TIMEOUT_MS = 6_000;
/** Messages are sent in handfuls this far apart: a few with trades, and so many without that a client's warning or two are no share of them. */
const SEND_EVERY_MS = 100;
const FILLED = 8;
const EMPTY = 56;
/** Made anew for each handful: what makes it large is left out. */
const SMALL_WORLD = { transactionsPerSlot: 4, poisonShare: 0, tokens: 50, traders: 100 };
const EMPTY_VALUE = takeMessages(40, SMALL_WORLD).find(({ transactions }) => transactions === 0)?.value;
/** As often as it is sent it becomes a dead letter. */
const POISON = Uint8Array.of(0x0f, 1, 2);
const SCRIPT_TIMEOUT_MS = 600_000;
/** Engines start and groups settle in seconds, where nobody else wants the processor. */
export const PATIENCE_MS = 180_000;

/** Between where two look for a free port; others may have taken some. */
const PORTS_APART = 4;
/** Those of two runs, or of two tests of one, must not meet. */
let nextPort = 20_000 + (process.pid % 100) * 100;

/** For deploy_blue_green.sh to be done soon on a quick machine, and in time on a slow one: it looks on until all is right. */
export const QUICK = Object.entries({ window: 1, settle: 120, interval: 1, wait: 60, start: 120 }).flatMap(
  ([name, seconds]) => [`--${name}-seconds`, String(seconds)],
);

export type Colour = 'blue' | 'green';

export interface ScriptEnd {
  readonly code: number | null;
  readonly output: string;
}

/** A script that runs, and what it printed so far on both of its outputs. */
export class RunningScript {
  readonly ended: Promise<ScriptEnd>;
  output = '';
  readonly #child: ChildProcess;

  constructor(script: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(join(SCRIPTS, script), args, {
      env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    const deadline = setTimeout(() => child.kill('SIGKILL'), SCRIPT_TIMEOUT_MS);
    // Not `close`: what it left behind may hold its outputs open for a while.
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => {
        clearTimeout(deadline);
        setImmediate(() => resolve({ code, output: this.output }));
      });
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/**
 * Folders of a blue and a green deployment, as lib/adapter-process.sh wants them, on a mock cluster and a database of their
 * own, and a stream that goes on meanwhile. `instances` of each colour lie in `blue-0`, `blue-1`, …, for the shims of docker and
 * kubectl; the process adapter knows one, `blue`.
 */
export class Colours {
  readonly folder: string;
  readonly stage: Stage;
  /** How many messages of each handful become dead letters. */
  poison = 0;
  readonly #names: readonly string[];
  #startSlot = 450_000_000;
  #sending: Promise<void> = Promise.resolve();
  #flows = false;

  private constructor(folder: string, stage: Stage, names: readonly string[]) {
    this.folder = folder;
    this.stage = stage;
    this.#names = names;
    // Engines are nobody's children: they would stay where a test ends early.
    process.once('exit', () => {
      for (const name of names) this.kill(name);
    });
  }

  static async open(names: readonly string[] = ['blue', 'green']): Promise<Colours> {
    const cluster = await MockCluster.start({ sessionTimeoutMs: SESSION_TIMEOUT_MS });
    await cluster.createTopic(TOPIC, PARTITIONS);
    const stage = await Stage.open({ broker: cluster });
    const client = new pg.Client(stage.database.url);
    await client.connect();
    await installAudit(client);
    await client.query('ALTER TABLE offsets_audit ADD COLUMN at timestamptz NOT NULL DEFAULT clock_timestamp()');
    await client.end();
    const folder = mkdtempSync(join(tmpdir(), 'colours-'));
    const release = join(folder, 'release');
    mkdirSync(release);
    symlinkSync(BUILD, join(release, 'dist'));
    for (const name of names) {
      // Moved on before anything is awaited: others look for theirs meanwhile.
      const from = nextPort;
      nextPort += PORTS_APART;
      const port = (await freePort(from)) ?? 0;
      mkdirSync(join(folder, name));
      symlinkSync(release, join(folder, name, 'release'));
      symlinkSync(BUILD, join(folder, name, 'dist')); // where a container has it
      const settings = {
        ...stage.environment(),
        BIND_ADDRESS: '127.0.0.1',
        HEALTH_CHECK_PORT: String(port),
        PROMETHEUS_PORT: '0',
        WORKER_THREADS: '1',
        DATABASE_LANES: '1',
        DEPLOYMENT_COLOUR: name.replace(/-.*/, ''),
        CONTROL_SOCKET: join(folder, name, 'control.sock'),
      };
      const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
      writeFileSync(join(folder, name, '.env'), lines.join(''), { mode: 0o600 });
    }
    return new Colours(folder, stage, names);
  }

  get release(): string {
    return join(this.folder, 'release');
  }

  /** Sends on and on, until it settles. */
  flow(): void {
    this.#flows = true;
    const send = async (): Promise<void> => {
      while (this.#flows) {
        await this.#send();
        await new Promise((resolve) => setTimeout(resolve, SEND_EVERY_MS));
      }
    };
    this.#sending = send();
    this.#sending.catch(() => {});
  }

  async #send(): Promise<void> {
    this.#startSlot += 1_000;
    const startSlot = this.#startSlot;
    const filled = takeMessages(FILLED, { ...SMALL_WORLD, seed: startSlot, startSlot });
    const plain = (count: number, value: Uint8Array<ArrayBuffer>, poison: 'random' | null) =>
      Array.from({ length: count }, (_, i) => ({ partition: i % PARTITIONS, value, trades: [], poison }));
    await this.stage.send([
      ...filled,
      ...plain(EMPTY, EMPTY_VALUE ?? POISON, null),
      ...plain(this.poison, POISON, 'random'),
    ]);
  }

  /** Runs deploy_blue_green.sh by the process adapter, quick enough for a test. */
  deploy(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): RunningScript {
    const common = ['--adapter', 'process', '--process-dir', this.folder, '--state-dir', join(this.folder, 'state')];
    return new RunningScript('deploy_blue_green.sh', [...common, ...QUICK, ...args], env);
  }

  /**
   * Variables under which docker and kubectl are the shims, which run the engines of these folders. `replicas` is how many of the
   * outgoing colour's the cluster is to have at first.
   */
  shims(replicas = 1): Record<string, string> {
    const state = join(this.folder, 'shim-state');
    for (const colour of ['blue', 'green']) {
      mkdirSync(join(state, colour), { recursive: true });
      writeFileSync(join(state, colour, 'start-mode'), 'standby\n');
      writeFileSync(join(state, colour, 'replicas'), colour === 'green' ? String(replicas) : '0');
      writeFileSync(join(state, colour, 'image'), 'engine@sha256:none');
    }
    return {
      PATH: `${SHIMS}:${process.env.PATH}`,
      SHIM_DIR: this.folder,
      SHIM_STATE: state,
      SHIM_SCRIPTS: SCRIPTS,
      COMPOSE_STATE: state,
    };
  }

  /** A program that a script runs before each step; it is given the step's name. */
  hook(text: string): { BLUE_GREEN_HOOK: string } {
    const file = join(this.folder, 'hook');
    writeFileSync(file, `#!/usr/bin/env bash\n${text}\n`);
    chmodSync(file, 0o755);
    return { BLUE_GREEN_HOOK: file };
  }

  pid(name: string): number | null {
    const file = join(this.folder, name, 'engine.pid');
    if (!existsSync(file)) return null;
    const pid = Number(readFileSync(file, 'utf8'));
    return pid > 0 && existsSync(`/proc/${pid}/stat`) && !isZombie(pid) ? pid : null;
  }

  /** State by /health, `absent` where nobody answers. */
  async state(name: string): Promise<string> {
    try {
      const answer = await fetch(`${this.url(name)}/health`, { signal: AbortSignal.timeout(5_000) });
      return ((await answer.json()) as { state: string }).state;
    } catch {
      return 'absent';
    }
  }

  /** Where the HTTP of an instance is. */
  url(name: string): string {
    const port = /HEALTH_CHECK_PORT=(\d+)/.exec(readFileSync(join(this.folder, name, '.env'), 'utf8'))?.[1];
    return `http://127.0.0.1:${port}`;
  }

  /** Waits until each instance is in this state; `why` is told where it never comes. */
  async become(expected: Readonly<Record<string, string>>, why: string): Promise<void> {
    let states: Record<string, string> = {};
    const are = async (): Promise<boolean> => {
      states = Object.fromEntries(
        await Promise.all(this.#names.map(async (name) => [name, await this.state(name)] as const)),
      );
      return this.#names.every((name) => states[name] === (expected[name] ?? 'absent'));
    };
    await until(`instances are ${JSON.stringify(expected)} and the rest absent`, are, {
      timeoutMs: PATIENCE_MS,
      explain: () => `they are ${JSON.stringify(states)}\n${why}\n${this.logs()}`,
    });
  }

  /** Waits until something is landed that had not been sent yet, by whoever consumes. */
  async movesOn(): Promise<void> {
    const end = this.stage.end;
    await until('what is sent now has landed', async () => (await this.stage.progress()) > end, {
      timeoutMs: PATIENCE_MS,
      explain: () => this.logs(),
    });
  }

  /** The longest time in which nothing landed since then, ms, as the database saw it. */
  async gapSince(atMs: number): Promise<number> {
    const [row] = await this.stage.database.query<{ gap: string | null }>(
      `SELECT 1000 * max(gap) AS gap FROM (
         SELECT extract(epoch FROM at - lag(at) OVER (ORDER BY at)) AS gap FROM offsets_audit
           WHERE from_offset < to_offset AND at >= to_timestamp($1)) AS gaps`,
      [atMs / 1_000],
    );
    return Math.round(Number(row?.gap ?? 0));
  }

  /** Nothing more is sent; all of it lands, once, and nothing else has. */
  async settles(): Promise<void> {
    this.#flows = false;
    await this.#sending;
    await until('everything sent has landed', async () => (await this.stage.progress()) >= this.stage.end, {
      timeoutMs: PATIENCE_MS,
      explain: () => this.logs(),
    });
    await this.stage.assertLedger();
  }

  logs(): string {
    return this.#names
      .map((name) => join(this.folder, name, 'engine.log'))
      .filter((file) => existsSync(file))
      .map((file) => `--- ${file}\n${readFileSync(file, 'utf8').slice(-3_000)}`)
      .join('\n');
  }

  kill(name: string): void {
    const pid = this.pid(name);
    if (pid !== null) process.kill(pid, 'SIGKILL');
  }

  async close(): Promise<void> {
    this.#flows = false;
    await this.#sending.catch(() => {});
    for (const name of this.#names) {
      this.kill(name);
      await until(`${name} is gone`, () => this.pid(name) === null);
    }
    await this.stage.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function isZombie(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
