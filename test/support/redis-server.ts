import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { freePorts } from '../kafka/ports.js';
import { until } from '../kafka/until.js';
import type { TestCertificate } from './certificate.js';

const MISSING = 'redis-server is not installed (Debian: apt-get install redis-server)';

/** Why tests with a real Redis cannot run here, false where they can. With REDIS_REQUIRED set they run all the same, and fail. */
export function withoutRedis(): string | false {
  const found = spawnSync('redis-server', ['--version']).status === 0;
  return found || process.env.REDIS_REQUIRED ? false : MISSING;
}

export interface StreamEntry {
  readonly id: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** A redis-server of a test's own, that keeps nothing on disk. It stays on its port through kills and starts. */
export class RedisServer {
  readonly port: number;
  /** Of {@link command}, where the server wants one. */
  password: string | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), 'redis-'));
  readonly #settings: readonly string[];
  #child: ChildProcess | null = null;

  private constructor(port: number, settings: readonly string[], tls?: TestCertificate) {
    this.port = port;
    this.#settings = [...(tls === undefined ? ['--port', String(port)] : this.#tlsSettings(tls)), ...settings];
  }

  /** `settings` as on the command line: `['--requirepass', 'secret']`. With a certificate it speaks TLS and nothing else. */
  static async start(settings: readonly string[] = [], tls?: TestCertificate): Promise<RedisServer> {
    const server = new RedisServer((await freePorts(1))[0]!, settings, tls);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const own = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.#folder];
    const child = spawn('redis-server', [...own, ...this.#settings], { stdio: 'ignore' });
    child.on('error', () => {}); // of one that is not installed, the wait below tells
    this.#child = child;
    await until('redis-server listens', () => accepts(this.port), {
      hopeless: () => child.pid === undefined || child.exitCode !== null,
    });
  }

  #tlsSettings({ certificate, key }: TestCertificate): string[] {
    const file = (name: string, text: string): string => {
      const path = join(this.#folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const files = ['--tls-cert-file', file('cert.pem', certificate), '--tls-key-file', file('key.pem', key)];
    return ['--port', '0', '--tls-port', String(this.port), ...files, '--tls-auth-clients', 'no'];
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** One command on a connection of its own. */
  async command(...words: string[]): Promise<unknown> {
    const client = createClient({
      url: this.url,
      RESP: 2,
      ...(this.password === undefined ? {} : { password: this.password }),
    });
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.sendCommand(words);
    } finally {
      client.destroy();
    }
  }

  /** All of a stream, oldest first. */
  async entries(stream: string): Promise<StreamEntry[]> {
    const found = (await this.command('XRANGE', stream, '-', '+')) as [id: string, flat: string[]][];
    return found.map(([id, flat]) => ({
      id,
      fields: Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : []))),
    }));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
