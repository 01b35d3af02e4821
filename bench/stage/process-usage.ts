import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in these, whatever the kernel's own tick. */
const TICKS_PER_SECOND = 100;

interface Stat {
  readonly name: string;
  readonly parent: number;
  /** User and system time, of all threads that ever were. */
  readonly cpuSeconds: number;
  /** ... of children that have ended and were waited for. */
  readonly childrenCpuSeconds: number;
}

/** Null where the process is gone, or the system has no /proc. */
function readStat(path: string): Stat | null {
  try {
    return parseStat(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** A line of /proc/PID/stat; the name in parentheses may hold anything. */
export function parseStat(line: string): Stat {
  const end = line.lastIndexOf(')');
  // From field 3, the state, on.
  const fields = line.slice(end + 2).split(' ');
  const seconds = (from: number): number => (Number(fields[from]) + Number(fields[from + 1])) / TICKS_PER_SECOND;
  return {
    name: line.slice(line.indexOf('(') + 1, end),
    parent: Number(fields[1]),
    cpuSeconds: seconds(11),
    childrenCpuSeconds: seconds(13),
  };
}

/** CPU time of a process so far, in seconds; 0 where it is gone. */
export function cpuSecondsOf(pid: number): number {
  return readStat(`/proc/${pid}/stat`)?.cpuSeconds ?? 0;
}

/** ... of a process and all its children, those that have ended included. */
export function cpuSecondsOfTree(pid: number): number {
  const own = readStat(`/proc/${pid}/stat`);
  if (own === null) return 0;
  const children = childrenOf(pid).reduce((sum, child) => sum + cpuSecondsOf(child), 0);
  return own.cpuSeconds + own.childrenCpuSeconds + children;
}

export function childrenOf(pid: number, name?: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      const stat = readStat(`/proc/${entry}/stat`);
      return stat?.parent === pid && (name === undefined || stat.name === name);
    })
    .map(Number);
}

export interface Memory {
  readonly rssMb: number;
  /** Most it ever was. */
  readonly peakMb: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string): number =>
    Number(status.match(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'))?.[1]) / 1_024;
  return { rssMb: megabytes('VmRSS'), peakMb: megabytes('VmHWM') };
}

/**
 * Kinds of the engine's threads: `main`; `workers`, which decode; `kafka`, librdkafka's own; `helpers`, V8's (garbage
 * collection, compiling) and libuv's.
 */
export const THREAD_KINDS = ['main', 'workers', 'kafka', 'helpers'] as const;
export type ThreadKind = (typeof THREAD_KINDS)[number];

/**
 * What a thread of node is, by its name. Threads take the name of the one that starts them: V8 and libuv start theirs while
 * the process is called after its program, decode workers begin when it bears the engine's title.
 */
export function threadKind(name: string, mainName: string): Exclude<ThreadKind, 'main'> {
  if (name.startsWith('rdk:')) return 'kafka';
  return name === mainName ? 'workers' : 'helpers';
}

/** CPU seconds of an engine by kinds of threads. Threads that have ended are missing. */
export function cpuSecondsByThread(pid: number): Record<ThreadKind, number> {
  const seconds = { main: 0, workers: 0, kafka: 0, helpers: 0 };
  const mainName = readStat(`/proc/${pid}/stat`)?.name ?? '';
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const stat = readStat(`/proc/${pid}/task/${thread}/stat`);
    if (stat === null) continue;
    seconds[Number(thread) === pid ? 'main' : threadKind(stat.name, mainName)] += stat.cpuSeconds;
  }
  return seconds;
}
