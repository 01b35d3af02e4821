import type { SlabResult } from './messages.js';

/** The buffers a result owns, each once: what moves with it to another thread. */
export function buffersOf(result: SlabResult): ArrayBuffer[] {
  const buffers = [result.trades.buffer, result.transactions.buffer];
  for (const failure of result.failures) {
    buffers.push(failure.payload.buffer);
    if (failure.key !== null) buffers.push(failure.key.buffer);
  }
  return buffers;
}
