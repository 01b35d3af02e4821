import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Case, Group, Work } from './rounds.js';

interface Hop {
  readonly key: string;
  readonly name: string;
  send(worker: Worker, values: readonly Uint8Array<ArrayBuffer>[]): void;
}

const HOPS: readonly Hop[] = [
  {
    key: 'packed',
    name: 'packed into one buffer and moved',
    send: (worker, values) => {
      const packed = new Uint8Array(values.reduce((sum, { length }) => sum + length, 0));
      let end = 0;
      for (const value of values) {
        packed.set(value, end);
        end += value.length;
      }
      worker.postMessage([packed], [packed.buffer]);
    },
  },
  { key: 'cloned', name: 'cloned', send: (worker, values) => worker.postMessage(values) },
  {
    key: 'each_moved',
    name: 'each in the transfer list',
    send: (worker, values) =>
      worker.postMessage(
        values,
        values.map(({ buffer }) => buffer),
      ),
  },
];

const SHAPES = [
  [1_000, 500],
  [2, 500_000],
] as const;
/** Hops of one run. */
const REPEATS = 10;

/** Ways to get values to a worker and an answer back. The engine packs small values and moves large ones as they are. */
export function hopGroup(): { group: Group; close: () => Promise<void> } {
  const worker = new Worker(new URL('./hop-worker.js', import.meta.url));
  const cases = SHAPES.flatMap(([count, bytes]) => HOPS.map((hop) => hopCase(worker, hop, count, bytes)));
  return {
    group: {
      key: 'hop',
      title: 'Thread hop, there and back',
      item: 'value',
      cases,
      note: 'Moved values are made anew for every hop; making them is part of the time, in all rows.',
    },
    close: async () => {
      await worker.terminate();
    },
  };
}

function hopCase(worker: Worker, hop: Hop, count: number, bytes: number): Case {
  return {
    key: `${hop.key}_${bytes}`,
    against: `${bytes < 32_768 ? 'packed' : 'each_moved'}_${bytes}`,
    name: `${count.toLocaleString('en-US')} × ${bytes.toLocaleString('en-US')} B, ${hop.name}`,
    run: async (): Promise<Work> => {
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        const values = Array.from({ length: count }, () => new Uint8Array(bytes));
        const answer = once(worker, 'message');
        hop.send(worker, values);
        await answer;
      }
      return { bytes: count * bytes * REPEATS, items: count * REPEATS };
    },
  };
}
