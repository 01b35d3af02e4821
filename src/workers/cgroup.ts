import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** Limits of the container; null where there is none. */
export interface ContainerLimits {
  /** CPUs the process may use on average, 1.5 for one and a half. */
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
}

/** Reads a file of the cgroup file system as text, null where it does not exist. */
export type ReadText = (path: string) => string | null;

const ROOT = '/sys/fs/cgroup';
/** cgroup v1 says "no limit" with the largest multiple of a page below 2^63. */
const UNLIMITED_BYTES = 2 ** 62;

/**
 * The container's quota, by cgroup v2 (`cpu.max`, `memory.max`) or else v1. Node's own `os.availableParallelism()`
 * ignores it before version 22.
 */
export function containerLimits(read: ReadText = readText): ContainerLimits {
  return {
    cpus: cpusOfMax(read(`${ROOT}/cpu.max`)) ?? cpusOfQuota(read),
    memoryBytes: bytesOf(read(`${ROOT}/memory.max`)) ?? bytesOf(read(`${ROOT}/memory/memory.limit_in_bytes`)),
  };
}

/** Decode threads: as configured, or with 0 one less than the CPUs, which are the main thread's; at least 1. */
export function decodeThreads(
  configured: number,
  limits: ContainerLimits,
  processors = availableParallelism(),
): number {
  if (configured > 0) return configured;
  return Math.max(1, Math.floor(Math.min(limits.cpus ?? processors, processors)) - 1);
}

const HEAP_SHARE = 0.5;
const HEAP_MB_MIN = 64;
const HEAP_MB_MAX = 512;

/** Heap of one worker in MiB: all workers together get half of the memory, for buffers live outside of heaps. */
export function workerHeapMb(threads: number, limits: ContainerLimits, machineBytes = totalmem()): number {
  const bytes = Math.min(limits.memoryBytes ?? machineBytes, machineBytes);
  const share = Math.floor((bytes * HEAP_SHARE) / threads / 2 ** 20);
  return Math.min(Math.max(share, HEAP_MB_MIN), HEAP_MB_MAX);
}

/** `cpu.max` of cgroup v2: quota and period in µs, `max` for no quota. */
function cpusOfMax(text: string | null): number | null {
  if (text === null) return null;
  const [quota, period] = text.trim().split(/\s+/);
  return ratioOf(Number(quota), Number(period));
}

function cpusOfQuota(read: ReadText): number | null {
  for (const folder of ['cpu', 'cpu,cpuacct']) {
    const quota = read(`${ROOT}/${folder}/cpu.cfs_quota_us`);
    const period = read(`${ROOT}/${folder}/cpu.cfs_period_us`);
    if (quota !== null && period !== null) return ratioOf(Number(quota), Number(period));
  }
  return null;
}

/** Null for `max` (not a number) and for v1's -1. */
function ratioOf(quota: number, period: number): number | null {
  return quota > 0 && period > 0 ? quota / period : null;
}

function bytesOf(text: string | null): number | null {
  if (text === null) return null;
  const bytes = Number(text.trim());
  return bytes > 0 && bytes < UNLIMITED_BYTES ? bytes : null;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
