import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface MemoryCgroup {
  limit(bytes: number): void;
  /** File that takes the id of a process which is to be in it. */
  readonly procs: string;
  /** Once no process is in it any more. */
  remove(): void;
}

const KINDS = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { root: '/sys/fs/cgroup', limit: 'memory.max' },
];

/** A cgroup with a limit to its memory, null where this machine lets us make none (no root, no controller, read-only). */
export function memoryCgroup(limitBytes: number): MemoryCgroup | null {
  for (const { root, limit } of KINDS) {
    const folder = join(root, `solana-trades-${process.pid}`);
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    try {
      const set = (bytes: number): void => writeFileSync(join(folder, limit), String(bytes), { flag: 'r+' });
      set(limitBytes);
      return { limit: set, procs: join(folder, 'cgroup.procs'), remove: () => rmdirSync(folder) };
    } catch {
      rmdirSync(folder);
    }
  }
  return null;
}
