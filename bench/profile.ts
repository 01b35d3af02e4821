import type { BenchContext } from './context.js';
export async function profile(_context: BenchContext): Promise<void> {}
