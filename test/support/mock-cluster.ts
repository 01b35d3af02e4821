import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { MockBroker } from '../../src/commands/demo/mock-broker.js';

/** Kafka's numbers of the requests that tests harm. */
export const REQUEST = { fetch: 1, listOffsets: 2, offsetCommit: 8, offsetFetch: 9, findCoordinator: 10 } as const;

/** Kafka's numbers of what a broker may answer. */
export const ANSWER = { coordinatorNotAvailable: 15, notLeader: 6, requestTimedOut: 7, unknown: -1 } as const;

export interface MockClusterOptions {
  /** Brokers are numbered from 1. */
  readonly brokers?: number;
  /** Of groups under KIP-848, whose session is the broker's. */
  readonly sessionTimeoutMs?: number;
}

/**
 * librdkafka's mock cluster, in a process of its own, with its faults within reach: brokers that are down or slow, leaders
 * and coordinators that move, requests that fail or are answered late. `mock-cluster.c` is it, compiled where it is needed
 * against the library that node-rdkafka was built with.
 */
export class MockCluster implements MockBroker {
  readonly brokers: string;
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, brokers: string) {
    this.#child = child;
    this.#lines = lines;
    this.brokers = brokers;
    this.exited = once(child, 'exit').then(() => {});
  }

  static async start({ brokers = 1, sessionTimeoutMs = 30_000 }: MockClusterOptions = {}): Promise<MockCluster> {
    const child = spawn(await program(), [String(brokers), String(sessionTimeoutMs)], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const reader: Interface = createInterface(child.stdout);
    const lines = reader[Symbol.asyncIterator]();
    const { value, done } = await lines.next();
    if (done) throw new Error('the mock cluster did not start');
    return new MockCluster(child, lines, value);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  createTopic(topic: string, partitions: number): Promise<void> {
    return this.#tell(`topic ${topic} ${partitions}`);
  }

  moveLeader(topic: string, partition: number, broker: number): Promise<void> {
    return this.#tell(`leader ${topic} ${partition} ${broker}`);
  }

  moveCoordinator(group: string, broker: number): Promise<void> {
    return this.#tell(`coordinator ${group} ${broker}`);
  }

  /** Closes its connections and takes no more. */
  down(broker: number): Promise<void> {
    return this.#tell(`down ${broker}`);
  }

  up(broker: number): Promise<void> {
    return this.#tell(`up ${broker}`);
  }

  /** Every answer comes this much later. */
  slow(broker: number, ms: number): Promise<void> {
    return this.#tell(`rtt ${broker} ${ms}`);
  }

  /** The next so many requests of a kind are answered with an error and have no effect. */
  failNext(request: number, count: number, answer: number): Promise<void> {
    return this.#tell(`errors ${request} ${count} ${answer}`);
  }

  /** The next so many requests of a kind to a broker are answered this late. */
  delayNext(broker: number, request: number, count: number, ms: number): Promise<void> {
    return this.#tell(`delays ${broker} ${request} ${count} ${ms}`);
  }

  /** Takes back what is left of `failNext`. */
  heal(request: number): Promise<void> {
    return this.#tell(`clear ${request}`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  #tell(command: string): Promise<void> {
    const told = this.#turn.then(async () => {
      this.#child.stdin?.write(`${command}\n`);
      assert.equal((await this.#lines.next()).value, 'ok', command);
    });
    this.#turn = told.catch(() => {});
    return told;
  }
}

let compiling: Promise<string> | undefined;

function program(): Promise<string> {
  compiling ??= compiled(); // clusters that one process starts at once would write one file
  return compiling;
}

/** The program, compiled once for all test processes of this machine. */
async function compiled(): Promise<string> {
  const library = dirname(createRequire(import.meta.url).resolve('node-rdkafka/package.json'));
  const source = fileURLToPath(new URL('../../../test/support/mock-cluster.c', import.meta.url));
  const hash = createHash('sha256').update(readFileSync(source)).update(library).digest('hex').slice(0, 16);
  const program = join(tmpdir(), `solana-trades-mock-cluster-${process.getuid?.() ?? 0}-${hash}`);
  if (existsSync(program)) return program;
  const deps = join(library, 'build', 'deps');
  const own = `${program}.${process.pid}`;
  const include = ['-I', join(library, 'deps', 'librdkafka', 'src')];
  const link = ['-L', deps, '-lrdkafka', `-Wl,-rpath,${deps}`];
  await promisify(execFile)('cc', ['-O1', '-Wall', '-Werror', '-o', own, source, ...include, ...link]);
  renameSync(own, program); // others may be at it as well: whoever comes last leaves the same program
  return program;
}
