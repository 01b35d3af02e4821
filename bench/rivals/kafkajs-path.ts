import { createRequire } from 'node:module';
import type { RivalPlan } from './rival-messages.js';
import type { RivalTable } from './rival-table.js';
import { Stopwatch } from './stopwatch.js';
import { decodeAsTutorial, rivalRows } from './tutorial.js';

export class MissingPackage extends Error {}

/** Of kafkajs, as far as it is used here. */
interface Kafkajs {
  readonly Kafka: new (options: object) => { consumer(options: object): KafkajsConsumer };
  readonly CompressionTypes: { readonly LZ4: number };
  readonly CompressionCodecs: Record<number, unknown>;
  readonly logLevel: { readonly ERROR: number };
}

interface KafkajsConsumer {
  connect(): Promise<void>;
  subscribe(options: object): Promise<void>;
  run(options: { eachBatch: (payload: { batch: KafkajsBatch }) => Promise<void> }): Promise<void>;
  seek(position: { topic: string; partition: number; offset: string }): void;
}

interface KafkajsBatch {
  readonly partition: number;
  readonly messages: readonly { readonly offset: string; readonly value: Buffer | null }[];
}

const require = createRequire(import.meta.url);

function load<T>(name: string): T {
  try {
    return require(name) as T;
  } catch (cause) {
    throw new MissingPackage(`the package ${name} is not installed`, { cause });
  }
}

/** kafkajs leaves LZ4 to others: the frame decoder of lz4-napi, whose binaries come with the package. */
function lz4Codec(): () => object {
  const lz4 = load<{ decompressFrame: (bytes: Uint8Array) => Promise<Buffer> }>('lz4-napi');
  return () => ({
    compress: () => Promise.reject(new Error('this consumer only reads')),
    decompress: (bytes: Buffer) => lz4.decompressFrame(bytes),
  });
}

/** The vendor's tutorial: kafkajs, full decode, plain object, base58 of every bytes field; and one INSERT per batch. */
export async function drainWithKafkajs(plan: RivalPlan, table: RivalTable) {
  const { Kafka, CompressionTypes, CompressionCodecs, logLevel } = load<Kafkajs>('kafkajs');
  CompressionCodecs[CompressionTypes.LZ4] = lz4Codec();
  const client = new Kafka({ brokers: plan.brokers.split(','), clientId: 'rival', logLevel: logLevel.ERROR });
  const consumer = client.consumer({
    groupId: `rival-kafkajs-${process.pid}`,
    maxWaitTimeInMs: 25,
    sessionTimeout: 45_000,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [plan.topic], fromBeginning: true });
  const stopwatch = new Stopwatch();
  const left = new Map(plan.ranges.filter(({ from, to }) => to > from).map(({ partition, to }) => [partition, to]));
  const starts = new Map(plan.ranges.map(({ partition, from }) => [partition, from]));
  await new Promise<void>((resolve, reject) => {
    const eachBatch = async ({ batch }: { batch: KafkajsBatch }): Promise<void> => {
      // What comes before the seek has worked is not part of the race.
      const from = starts.get(batch.partition) ?? 0;
      const messages = batch.messages.filter(({ offset }) => Number(offset) >= from);
      stopwatch.count(messages.length);
      const rows = messages.flatMap(({ value }) => (value === null ? [] : rivalRows(decodeAsTutorial(value))));
      await table.insert(rows).catch(reject);
      const last = Number(batch.messages.at(-1)?.offset ?? -1);
      if (last + 1 >= (left.get(batch.partition) ?? Number.POSITIVE_INFINITY)) left.delete(batch.partition);
      if (left.size === 0) resolve();
    };
    consumer.run({ eachBatch }).catch(reject);
    for (const [partition, from] of starts) consumer.seek({ topic: plan.topic, partition, offset: String(from) });
  });
  return stopwatch.read();
}
