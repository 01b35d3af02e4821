/**
 * Memory limit of the container in bytes, null where there is none.
 *
 * `constrainedBytes` is node's reading of the cgroup (`process.constrainedMemory()`): 0 or undefined where it found none, a
 * number near 2^64 where the cgroup says "max". A limit at or above the machine's memory limits nothing.
 */
export function memoryLimitBytes(constrainedBytes: number | undefined, machineBytes: number): number | null {
  if (constrainedBytes === undefined || constrainedBytes <= 0 || constrainedBytes >= machineBytes) return null;
  return constrainedBytes;
}
