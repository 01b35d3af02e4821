import { pack } from '../../src/ingest/packer.js';
import type { SourceMessage } from '../../src/ingest/source.js';
import type { Case, Group } from './rounds.js';

const VOLUME = { sol: 0, usd: 0, trades: 0 };

/** `count` messages of one partition with values of `bytes` bytes each. */
export function equalMessages(count: number, bytes: number): SourceMessage[] {
  return Array.from({ length: count }, (_, offset) => ({
    topic: 't',
    partition: 0,
    offset,
    timestampMs: offset,
    key: null,
    value: new Uint8Array(bytes).fill(offset & 0xff),
  }));
}

/** The main thread's packing of messages into a task, for small values and for values of the real stream's size. */
export function packingGroup(): Group {
  const sizes = [
    [500, 1_000],
    [10_000, 100],
    [500_000, 40],
  ] as const;
  const cases = sizes.flatMap(([bytes, count]): Case[] => {
    const messages = equalMessages(count, bytes);
    const work = { bytes: bytes * count, items: count };
    return [
      {
        key: `engine_${bytes}`,
        against: `engine_${bytes}`,
        name: `engine (pack), values of ${bytes.toLocaleString('en-US')} B`,
        run: () => {
          pack(messages, VOLUME, 1);
          return work;
        },
      },
      {
        key: `concat_${bytes}`,
        against: `engine_${bytes}`,
        name: `Buffer.concat, values of ${bytes.toLocaleString('en-US')} B`,
        run: () => {
          Buffer.concat(messages.map(({ value }) => value!));
          return work;
        },
      },
    ];
  });
  return {
    key: 'packing',
    title: 'Packing messages into a task',
    item: 'message',
    cases,
    note: 'A value of 32 KiB or more is not copied: its MB/s are those of noting where it lies.',
  };
}
