import type { BenchContext } from './context.js';
export async function latency(_context: BenchContext): Promise<void> {}
