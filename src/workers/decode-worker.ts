import { workerData } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { SlabTask } from './messages.js';
import { buffersOf } from './result-buffers.js';
import { decodeSlab, type SlabOptions } from './slab.js';

/** The door of a worker thread: a slab in, rows out, both moved. */
export function decode(task: SlabTask): unknown {
  const result = decodeSlab(task, workerData as SlabOptions);
  return move({ [transferableSymbol]: buffersOf(result), [valueSymbol]: result });
}
