import type { BenchContext } from './context.js';
export async function scale(_context: BenchContext): Promise<void> {}
