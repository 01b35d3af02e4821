/** The producer's process: generates messages at their pace, and tells its parent what the broker acknowledged. */
import { once } from 'node:events';
import { setImmediate, setTimeout } from 'node:timers/promises';
import kafka from 'node-rdkafka';
import { Credit } from './credit.js';
import { generateMessages } from './generator/generator.js';
import type { GeneratedMessage } from './generator/message.js';
import type { FromProducer, ProducedMessage, ProducerPlan, ToProducer } from './producer.js';

const TELL_INTERVAL_MS = 50;
/** Longest nap before looking again whether to stop. */
const NAP_MS_MAX = 50;

let stopping = false;
let credit: Credit | null = null;
let wake = (): void => {};
let acknowledged: ProducedMessage[] = [];
let outstanding = 0;
let settled = (): void => {};

function tell(message: FromProducer): void {
  if (process.connected) process.send?.(message, () => {});
}

function fail(error: unknown): void {
  tell({ kind: 'failed', text: error instanceof Error ? error.message : String(error) });
}

async function connect(plan: ProducerPlan): Promise<kafka.Producer> {
  const producer = new kafka.Producer({
    'compression.codec': 'lz4',
    'enable.idempotence': true, // acks=all, and no message twice after a lost answer
    'linger.ms': 5,
    'message.max.bytes': 10_000_000,
    'queue.buffering.max.kbytes': 262_144,
    dr_cb: true,
    ...plan.kafka,
  } as kafka.ProducerGlobalConfig);
  producer.on('event.error', (error) => fail(error));
  producer.on('delivery-report', (error, report) => {
    if (error) return fail(error);
    const { message, timestampMs, trades } = report.opaque as Sent;
    credit?.acknowledged(report.partition, report.offset, message.value.length);
    const { value, poison } = message;
    const { partition, offset } = report;
    acknowledged.push({ partition, offset, poison: poison !== null, trades, bytes: value.length, timestampMs });
    outstanding -= 1;
    if (outstanding === 0) settled();
  });
  producer.setPollInterval(10);
  producer.connect();
  await once(producer, 'ready');
  return producer;
}

interface Sent {
  readonly message: GeneratedMessage;
  readonly timestampMs: number;
  readonly trades: ProducedMessage['trades'];
}

let tradesSeen = 0;

/** Trades as plain data, one in `answerEvery` with its known answer. */
function told(message: GeneratedMessage, answerEvery: number): ProducedMessage['trades'] {
  return message.trades.map(({ slot, txIndex, tradeIndex, row }) =>
    tradesSeen++ % answerEvery === 0 ? { slot, txIndex, tradeIndex, row: row() } : { slot, txIndex, tradeIndex },
  );
}

async function produce(producer: kafka.Producer, plan: ProducerPlan, room: Credit): Promise<void> {
  const beganAt = Date.now();
  let virtualStart: number | null = null;
  for (const message of generateMessages({ ...plan.generator, startMs: beganAt })) {
    virtualStart ??= message.timestampMs;
    const dueAt = beganAt + (message.timestampMs - virtualStart) / plan.rate;
    while (!stopping && (Date.now() < dueAt || !room.has(message.partition))) {
      const nap = new AbortController();
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const napMs = Math.min(Math.max(dueAt - Date.now(), 1), NAP_MS_MAX);
      await Promise.race([woken, setTimeout(napMs, undefined, { signal: nap.signal }).catch(() => {})]);
      nap.abort();
    }
    if (stopping) return;
    room.take(message.partition, message.value.length);
    const timestampMs = Date.now();
    const opaque: Sent = { message, timestampMs, trades: told(message, plan.answerEvery) };
    const { value, key, partition } = message;
    producer.produce(plan.topic, partition, Buffer.from(value.buffer), key && Buffer.from(key), timestampMs, opaque);
    outstanding += 1;
    await setImmediate();
  }
}

/** Resolves when every message has its delivery report; one that fails fails the process before. */
async function acknowledgedAll(): Promise<void> {
  if (outstanding === 0) return;
  await new Promise<void>((resolve) => {
    settled = resolve;
  });
}

async function run(plan: ProducerPlan): Promise<void> {
  credit = new Credit(plan.generator.partitions, plan.aheadBytesMax);
  const producer = await connect(plan);
  const report = (): void => {
    if (acknowledged.length > 0) tell({ kind: 'produced', messages: acknowledged });
    acknowledged = [];
  };
  const reporting = setInterval(report, TELL_INTERVAL_MS);
  await produce(producer, plan, credit);
  await acknowledgedAll();
  clearInterval(reporting);
  report();
  tell({ kind: 'done' });
}

process.once('disconnect', () => process.exit(0));
process.on('message', (message: ToProducer) => {
  if (message.kind === 'stop') stopping = true;
  else if (message.kind === 'start') run(message.plan).catch(fail);
  else for (const [partition, nextOffset] of message.nextOffsets) credit?.landed(partition, nextOffset);
  wake();
});
