import type { BenchContext } from './context.js';
export async function memory(_context: BenchContext): Promise<void> {}
