import protobuf from 'protobufjs/light.js';
import { projectionDescriptor } from '../../proto/generated/projection.js';
import { GENERATOR_DEFAULTS } from '../../src/commands/demo/generator/options.js';
import { decodeSlab } from '../../src/workers/slab.js';
import { decodeAsTutorial, decodeFull } from '../rivals/tutorial.js';
import type { Case, Group, Work } from './rounds.js';
import { readAnew, type Sample, sampleOf } from './slabs.js';

const OPTIONS = { messageMaxBytes: 8_388_608 };
const projection = protobuf.Root.fromJSON(projectionDescriptor)
  .resolveAll()
  .lookupType('solana_messages.DexParsedBlockMessage');

function workOf({ bytes, trades }: Sample): Work {
  return { bytes, items: trades };
}

/** The worker's whole task, slab in, rows out. */
export function decodeSample(sample: Sample): Work {
  for (const slab of readAnew(sample)) decodeSlab(slab, OPTIONS);
  return workOf(sample);
}

function eachMessage(
  key: string,
  name: string,
  samples: readonly Sample[],
  decode: (bytes: Uint8Array) => unknown,
): Case {
  return {
    key,
    name,
    run: (round) => {
      const sample = samples[round % samples.length]!;
      for (const { value } of sample.messages) if (value !== null) decode(value);
      return workOf(sample);
    },
  };
}

/** Ways from a message's bytes to something a trade can be read from. */
export function decodeGroup(samples: readonly Sample[]): Group {
  const kilobytes = samples.reduce((all, { bytes }) => all + bytes, 0) / 1e3;
  return {
    key: 'decode',
    title: `Decode: ${samples.length} seeds, ${Math.round(kilobytes / 1e3)} MB, one core`,
    item: 'trade',
    cases: [
      {
        key: 'walker',
        name: 'walker: decode + extract + encode (decodeSlab)',
        run: (round) => decodeSample(samples[round % samples.length]!),
      },
      eachMessage('projection', 'protobufjs, projection schema, decode alone', samples, (bytes) =>
        projection.decode(bytes),
      ),
      eachMessage('full', 'protobufjs, full schema, decode alone', samples, decodeFull),
      eachMessage('tutorial', 'tutorial: full decode + toObject + bs58', samples, decodeAsTutorial),
    ],
    runsIn: true,
    note: 'Trades are counted as decoded, repeats included. Only the first row gives rows that can be landed.',
  };
}

/** The engine's cost against the size of messages: the same stream cut into smaller ones. */
export function sizeSamples(seed: number, kilobytes: readonly number[], bytes: number): [kilobytes: number, Sample][] {
  return kilobytes.map((size) => {
    // Transactions of a slot are spread over as many messages as they need, each sent two or three times.
    const perSlot = GENERATOR_DEFAULTS.transactionsPerSlot;
    const messageBytesMax = size * 1_000;
    const messages = Math.ceil(bytes / Math.min(messageBytesMax, 500_000)) + 40;
    return [size, sampleOf(seed, messages, { messageBytesMax, transactionsPerSlot: perSlot, emptyPerSlot: 0 })];
  });
}
