import type { BenchContext } from '../context.js';
export async function rivals(_context: BenchContext): Promise<void> {}
