/** A parser under fuzz. What it may hold open between cases is closed in the end. */
export interface FuzzTarget {
  /** Runs one case; resolves with what is wrong, and with what input, or null. The same seed and case give the same input. */
  run(seed: number, index: number): Promise<string | null>;
  close(): Promise<void>;
}

/** A seed of its own for each case, so that any of them runs by itself. */
export function caseSeed(seed: number, index: number): number {
  return (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)) >>> 0;
}

/** For a report: any text on one line. */
export function shown(input: unknown): string {
  return JSON.stringify(input).slice(0, 2_000);
}
