import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandResult, run, runOrThrow } from '../kafka/command.js';
import { until } from '../kafka/until.js';

/** What an image says of itself. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly StopSignal: string;
  readonly Healthcheck: { readonly Test: readonly string[] };
}

interface Inspected {
  readonly Docker: { readonly config: ImageConfig };
  readonly OCIv1: { readonly history: readonly { readonly created_by?: string }[] };
}

/** The image `.ci/image` builds of this version. */
export function imageName(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  return `localhost/bitquery-solana-kafka:${manifest.version}`;
}

/** Why the image cannot be run here, false where it can. With IMAGE_REQUIRED set it is to be run all the same. */
export function withoutImage(env: NodeJS.ProcessEnv = process.env): string | false {
  if (env.IMAGE_REQUIRED) return false;
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = ['buildah', 'runc'].filter((name) => spawnSync(name, ['--version']).status !== 0);
  if (missing.length > 0) return `no ${missing.join(' and ')} on this machine: apt-get install ${missing.join(' ')}`;
  const { status } = spawnSync('buildah', ['inspect', '--type', 'image', imageName()]);
  return status === 0 ? false : `${imageName()} has not been built: bash .ci/image`;
}

/** An image whose files lie in a folder, where a container may run on them. */
export class MountedImage {
  readonly root: string;
  readonly config: ImageConfig;
  readonly history: string;
  readonly #container: string;

  private constructor(root: string, container: string, { Docker, OCIv1 }: Inspected) {
    this.root = root;
    this.#container = container;
    this.config = Docker.config;
    this.history = OCIv1.history.map(({ created_by }) => created_by ?? '').join('\n');
  }

  static async mount(name: string): Promise<MountedImage> {
    const inspected = JSON.parse(await runOrThrow('buildah', ['inspect', '--type', 'image', name])) as Inspected;
    const container = (await runOrThrow('buildah', ['from', '--pull-never', name])).trim();
    const root = (await runOrThrow('buildah', ['mount', container])).trim();
    return new MountedImage(root, container, inspected);
  }

  async unmount(): Promise<void> {
    await runOrThrow('buildah', ['umount', this.#container]);
    await runOrThrow('buildah', ['rm', this.#container]);
  }
}

export interface ContainerOptions {
  /** What follows the image's name in `docker run`; the image's own command where there is none. */
  readonly command?: readonly string[];
  /** In place of the image's own: `docker run --entrypoint`. */
  readonly entrypoint?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly memoryBytes?: number;
  /** Files to be seen under /run/secrets, by name. */
  readonly secrets?: Readonly<Record<string, string>>;
}

const STOP_TIMEOUT_MS = 90_000;

/**
 * A container as Docker and Kubernetes are told to run one: read-only root, the image's user, no capability, no way to gain one, a
 * tmpfs on /tmp, a limit to its memory. By runc, which is what they run it with; the network is this machine's.
 */
export class Container {
  readonly id = `trades-${process.pid}-${randomBytes(4).toString('hex')}`;
  readonly #bundle: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #output = '';

  constructor(image: MountedImage, options: ContainerOptions = {}) {
    this.#bundle = mkdtempSync(join(tmpdir(), 'container-'));
    const spec = specOf(image, options, this.#secrets(options.secrets ?? {}));
    writeFileSync(join(this.#bundle, 'config.json'), JSON.stringify(spec));
    this.#child = spawn('runc', ['run', '--bundle', this.#bundle, this.id], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    this.#ended = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  get output(): string {
    return this.#output;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Runs another program in it, as its user: `docker exec`. */
  exec(...command: string[]): Promise<CommandResult> {
    return run('runc', ['exec', this.id, ...command]);
  }

  /** To its process 1: `docker kill --signal`. */
  async signal(signal: string): Promise<void> {
    await runOrThrow('runc', ['kill', this.id, signal]);
  }

  /** Its exit code when it has ended by itself. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  /** `docker stop`: its exit code. One that does not end in time is killed, and that shows. */
  async stop(signal = 'SIGTERM'): Promise<number | null> {
    await this.signal(signal);
    const deadline = setTimeout(() => void run('runc', ['kill', this.id, 'SIGKILL']), STOP_TIMEOUT_MS);
    const code = await this.#ended;
    clearTimeout(deadline);
    return code;
  }

  async remove(): Promise<void> {
    if (this.running) await run('runc', ['kill', this.id, 'SIGKILL']);
    await this.#ended;
    await run('runc', ['delete', '--force', this.id]);
    rmSync(this.#bundle, { recursive: true });
  }

  /** /proc of process 1 of the container, and of its children: `Uid`, `CapEff` and so on. */
  async status(): Promise<Readonly<Record<string, string>>[]> {
    const { stdout } = await this.exec('sh', '-c', 'for f in /proc/[0-9]*/status; do cat "$f" && echo; done');
    return stdout
      .split('\n\n')
      .filter((text) => text.includes('Name:'))
      .map((text) => Object.fromEntries(text.split('\n').map((line) => line.split(/:\s+/, 2) as [string, string])));
  }

  #secrets(secrets: Readonly<Record<string, string>>): string | null {
    if (Object.keys(secrets).length === 0) return null;
    const folder = join(this.#bundle, 'secrets');
    mkdirSync(folder, { mode: 0o755 });
    for (const [name, text] of Object.entries(secrets)) writeFileSync(join(folder, name), text, { mode: 0o444 });
    return folder;
  }
}

/** Runs a command of the image to its end. */
export async function runInImage(
  image: MountedImage,
  options: ContainerOptions,
): Promise<{ code: number | null; output: string }> {
  const container = new Container(image, options);
  try {
    return { code: await container.ended(), output: container.output };
  } finally {
    await container.remove();
  }
}

/** Waits for something in the log of a container. */
export function says(container: Container, pattern: RegExp): Promise<void> {
  return until(`the container says ${pattern}`, () => pattern.test(container.output), {
    explain: () => container.output.slice(-4_000),
    hopeless: () => !container.running,
  });
}

function specOf(image: MountedImage, options: ContainerOptions, secrets: string | null): object {
  const { Entrypoint, Cmd, Env, User, WorkingDir } = image.config;
  const [uid, gid] = User.split(':').map(Number);
  const none = { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] };
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid, gid },
      args: [...(options.entrypoint ?? Entrypoint), ...(options.command ?? Cmd)],
      env: [...Env, ...Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`)],
      cwd: WorkingDir,
      capabilities: none,
      noNewPrivileges: true,
      rlimits: [{ type: 'RLIMIT_NOFILE', hard: 4_096, soft: 4_096 }],
    },
    root: { path: image.root, readonly: true },
    hostname: 'engine',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777', 'size=256m'] },
      ...(secrets === null ? [] : [{ destination: '/run/secrets', source: secrets, options: ['rbind', 'ro'] }]),
    ],
    linux: {
      namespaces: ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })),
      resources: { memory: { limit: options.memoryBytes ?? 512 * 2 ** 20 }, pids: { limit: 256 } },
    },
  };
}
