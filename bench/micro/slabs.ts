import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import type { GeneratorOptions } from '../../src/commands/demo/generator/options.js';
import { pack } from '../../src/ingest/packer.js';
import type { SourceMessage } from '../../src/ingest/source.js';
import type { SlabTask } from '../../src/workers/messages.js';

const TOPIC = 'solana.dextrades.proto';
/** As the engine's default. */
const SLAB_BYTES = 1_048_576;

/** A piece of the stream, as it came and as slabs. */
export interface Sample {
  readonly messages: readonly SourceMessage[];
  readonly slabs: readonly SlabTask[];
  /** Of values. */
  readonly bytes: number;
  /** Trades in all messages, repeats included: each is decoded. */
  readonly trades: number;
}

/** The first `count` messages of a seed. */
export function sampleOf(seed: number, count: number, generator: Partial<GeneratorOptions> = {}): Sample {
  const offsets = new Map<number, number>();
  let trades = 0;
  let bytes = 0;
  const messages = takeMessages(count, { poisonShare: 0, ...generator, seed }).map((message): SourceMessage => {
    const offset = offsets.get(message.partition) ?? 0;
    offsets.set(message.partition, offset + 1);
    trades += message.trades.length;
    bytes += message.value.length;
    const { partition, key, timestampMs, value } = message;
    return { topic: TOPIC, partition, offset, timestampMs, key, value };
  });
  return { messages, slabs: slabsOf(messages), bytes, trades };
}

let runs = 0;

/** The same slabs as the engine would read them for the first time: what a worker remembers of earlier rounds is of no use. */
export function readAnew({ slabs }: Sample): readonly SlabTask[] {
  const partitions = Math.max(...slabs.map(({ partition }) => partition)) + 1;
  const first = 1 + partitions * runs++;
  return slabs.map((slab) => ({ ...slab, run: first + slab.partition }));
}

/** Slabs of about 1 MiB of each partition's messages. */
function slabsOf(messages: readonly SourceMessage[]): SlabTask[] {
  const slabs: SlabTask[] = [];
  for (const partition of new Set(messages.map((message) => message.partition))) {
    let open: SourceMessage[] = [];
    let bytes = 0;
    const close = (): void => {
      if (open.length > 0) slabs.push(pack(open, { sol: 1_000, usd: 150_000, trades: 100 }, 0));
      open = [];
      bytes = 0;
    };
    for (const message of messages) {
      if (message.partition !== partition) continue;
      const size = message.value?.length ?? 0;
      if (bytes + size > SLAB_BYTES) close();
      open.push(message);
      bytes += size;
    }
    close();
  }
  return slabs;
}
