/** Tries made at most; each costs as much as a case of the fuzz. */
const TRIES_MAX = 20_000;

/** A smaller input that still fails, found by leaving out ever smaller stretches and by turning bytes into zero. */
export function shrink(failing: Uint8Array, fails: (bytes: Uint8Array) => boolean): Uint8Array {
  let smallest = failing;
  let tries = 0;
  const accept = (candidate: Uint8Array): boolean => {
    if (tries++ >= TRIES_MAX || !fails(candidate)) return false;
    smallest = candidate;
    return true;
  };
  for (let size = failing.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= smallest.length; ) if (!accept(without(smallest, at, size))) at += 1;
  }
  for (let at = 0; at < smallest.length; at++) {
    if (smallest[at] !== 0) accept(smallest.with(at, 0));
  }
  return smallest;
}

/**
 * The bytes without a stretch; the lengths of messages around it are not known, so that one byte before may shrink
 * with it.
 */
function without(bytes: Uint8Array, at: number, size: number): Uint8Array {
  return new Uint8Array(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]));
}
