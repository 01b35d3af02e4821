import { parseArgs } from 'node:util';
import type { Config } from '../config.js';
import { REQUIRED_BY } from '../config.js';
import { parseStartFrom } from '../config-kafka.js';
import { loadConfig } from '../config-load.js';
import { EngineError, messageOf } from '../errors.js';
import { CaptureWriter } from '../ingest/capture-file.js';
import { grouplessClient, logIn } from '../ingest/groupless-client.js';
import { type KafkaClient, messageFrom } from '../ingest/kafka-client.js';
import type { TopicPartitionOffset } from '../ingest/source.js';
import { checkLibraries, kafkaFeatures } from './libraries.js';

const CONNECT_TIMEOUT_MS = 10_000;
const CONSUME_MESSAGES = 64;

/**
 * Writes what the topic delivers to a capture file, from KAFKA_START_FROM on. Joins no group and commits nothing: whoever
 * lands the topic is not disturbed.
 */
export async function record(argv: string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { messages: { type: 'string' }, seconds: { type: 'string' } },
  });
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) {
    throw new EngineError('CONFIG_INVALID', 'record wants one file to write: record <file>');
  }
  const messagesMax = limitOf('--messages', values.messages);
  const secondsMax = limitOf('--seconds', values.seconds);
  const { config, warnings } = loadConfig(process.env, { requires: REQUIRED_BY.record });
  for (const warning of [...warnings, ...checkLibraries(config, await kafkaFeatures())])
    process.stderr.write(`${warning}\n`);

  const client = grouplessClient(config);
  await logIn(client, config, CONNECT_TIMEOUT_MS);
  try {
    client.assign(await starts(client, config), false);
    const written = await copy(client, path, config.kafkaTopic, messagesMax, secondsMax);
    process.stderr.write(`${written} messages of ${config.kafkaTopic} written to ${path}\n`);
  } finally {
    await client.disconnect();
  }
  return 0;
}

async function starts(client: KafkaClient, config: Config): Promise<TopicPartitionOffset[]> {
  const topic = config.kafkaTopic;
  const from = parseStartFrom(config.kafkaStartFrom) ?? 'latest';
  const count = await client.partitionCount(topic);
  if (count === null) throw new EngineError('KAFKA_TOPIC_UNKNOWN', `KAFKA_TOPIC: the brokers know no topic "${topic}"`);
  const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }));
  return Promise.all(
    partitions.map(async (partition) => {
      const { low, high } = await client.watermarks(partition);
      if (from === 'earliest') return { ...partition, offset: low };
      const at = from === 'latest' ? null : await client.offsetForTime(partition, from);
      return { ...partition, offset: at ?? high };
    }),
  );
}

async function copy(
  client: KafkaClient,
  path: string,
  topic: string,
  messagesMax: number,
  secondsMax: number,
): Promise<number> {
  const writer = new CaptureWriter(path, topic);
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (stopped = true));
  const deadline = performance.now() + secondsMax * 1_000;
  let written = 0;
  try {
    while (!stopped && written < messagesMax && performance.now() < deadline) {
      const { messages } = await client
        .consume(Math.min(CONSUME_MESSAGES, messagesMax - written))
        .catch((error: unknown) => {
          throw new EngineError('KAFKA_UNREACHABLE', `reading ${topic} failed: ${messageOf(error)}`, { cause: error });
        });
      await writer.write(messages.map(messageFrom));
      written += messages.length;
    }
  } finally {
    await writer.close();
  }
  return written;
}

function limitOf(flag: string, text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const value = Number(text);
  if (!(value > 0)) throw new EngineError('CONFIG_INVALID', `${flag}: got "${text}"; wants a number above 0`);
  return value;
}
