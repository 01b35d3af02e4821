/** Drains a topic through node-rdkafka and drops everything: the limit of any engine on this client. Tells its parent what it took. */
import kafka from 'node-rdkafka';
import type { RawDrainPlan, RawRun } from './raw-messages.js';

const CONSUME_MESSAGES = 32;
const TIMEOUT_MS = 10_000;

type Position = { topic: string; partition: number; offset: number };

function answer<T>(ask: (done: (error: unknown, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => ask((error, value) => (error ? reject(error) : resolve(value as T))));
}

async function drainOnce(consumer: kafka.KafkaConsumer, from: readonly Position[], messages: number): Promise<RawRun> {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  let bytes = 0;
  let count = 0;
  consumer.assign([...from]);
  while (count < messages) {
    const batch = await answer<kafka.Message[]>((done) => consumer.consume(CONSUME_MESSAGES, done));
    for (const message of batch) bytes += message.size;
    count += batch.length;
  }
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - startedMs) / 1_000;
  consumer.unassign();
  return { seconds, cpuSeconds: (user + system) / 1e6, bytes, items: count };
}

async function run(plan: RawDrainPlan): Promise<RawRun[]> {
  const consumer = new kafka.KafkaConsumer(
    {
      ...plan.kafka,
      'group.id': 'bench-raw-drain',
      'enable.auto.commit': false,
      'queued.max.messages.kbytes': 32_768,
      'fetch.max.bytes': 33_554_432,
      'fetch.message.max.bytes': 1_048_576,
      'fetch.queue.backoff.ms': 5,
      'fetch.wait.max.ms': 25,
      'check.crcs': true,
    } as kafka.ConsumerGlobalConfig,
    { 'auto.offset.reset': 'error' },
  );
  consumer.setDefaultConsumeTimeout(10);
  await answer((done) => consumer.connect({ timeout: TIMEOUT_MS }, done));
  const from: Position[] = [];
  let messages = 0;
  for (let partition = 0; partition < plan.partitions; partition++) {
    const marks = await answer<kafka.WatermarkOffsets>((done) =>
      consumer.queryWatermarkOffsets(plan.topic, partition, TIMEOUT_MS, done),
    );
    from.push({ topic: plan.topic, partition, offset: marks.lowOffset });
    messages += marks.highOffset - marks.lowOffset;
  }
  const runs: RawRun[] = [];
  for (let round = 0; round < plan.rounds + 1; round++) runs.push(await drainOnce(consumer, from, messages));
  return runs.slice(1);
}

process.once('message', (plan: RawDrainPlan) => {
  run(plan).then(
    (runs) => process.send?.({ runs }, () => process.exit(0)),
    (error: unknown) => process.send?.({ failed: String(error) }, () => process.exit(1)),
  );
});
