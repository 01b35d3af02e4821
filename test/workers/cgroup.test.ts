import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerLimits, decodeThreads, workerHeapMb } from '../../src/workers/cgroup.js';

/** Limits of a container with these files under /sys/fs/cgroup. */
function limitsOf(files: Record<string, string>) {
  return containerLimits((path) => files[path.replace('/sys/fs/cgroup/', '')] ?? null);
}

test('cgroup v2 gives quota per period and bytes', () => {
  const limits = limitsOf({ 'cpu.max': '150000 100000\n', 'memory.max': '536870912\n' });
  assert.deepEqual(limits, { cpus: 1.5, memoryBytes: 536_870_912 });
});

test('cgroup v2 says `max` where there is no limit', () => {
  assert.deepEqual(limitsOf({ 'cpu.max': 'max 100000\n', 'memory.max': 'max\n' }), { cpus: null, memoryBytes: null });
});

test('cgroup v1 is read where there is no v2', () => {
  const limits = limitsOf({
    'cpu/cpu.cfs_quota_us': '400000\n',
    'cpu/cpu.cfs_period_us': '100000\n',
    'memory/memory.limit_in_bytes': '1073741824\n',
  });
  assert.deepEqual(limits, { cpus: 4, memoryBytes: 1_073_741_824 });
});

test('cgroup v1 says -1 and nearly 2^63 where there is no limit', () => {
  const limits = limitsOf({
    'cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
    'cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    'memory/memory.limit_in_bytes': '9223372036854771712\n',
  });
  assert.deepEqual(limits, { cpus: null, memoryBytes: null });
});

test('without a cgroup there are no limits, and files that make no sense are none', () => {
  assert.deepEqual(limitsOf({}), { cpus: null, memoryBytes: null });
  assert.deepEqual(limitsOf({ 'cpu.max': '', 'memory.max': 'lots' }), { cpus: null, memoryBytes: null });
});

test('this machine’s own limits can be read', () => {
  const { cpus, memoryBytes } = containerLimits();
  assert.ok(cpus === null || cpus > 0);
  assert.ok(memoryBytes === null || memoryBytes > 0);
});

test('decode threads leave one CPU of the quota to the main thread', () => {
  const quota = (cpus: number | null) => decodeThreads(0, { cpus, memoryBytes: null }, 8);
  assert.deepEqual([0.5, 1, 1.9, 2, 3.9, 4, 100, null].map(quota), [1, 1, 1, 1, 2, 3, 7, 7]);
  assert.equal(decodeThreads(5, { cpus: 1, memoryBytes: null }, 8), 5);
});

test('workers share half of the memory, within bounds', () => {
  const heap = (threads: number, mb: number) =>
    workerHeapMb(threads, { cpus: null, memoryBytes: mb * 2 ** 20 }, 64 * 2 ** 30);
  assert.deepEqual([heap(1, 512), heap(2, 512), heap(8, 512), heap(1, 8_192)], [256, 128, 64, 512]);
  assert.equal(workerHeapMb(1, { cpus: null, memoryBytes: null }, 400 * 2 ** 20), 200);
});
