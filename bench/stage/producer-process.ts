/** The producer's process: sends the corpus in bursts or at a pace, and tells what the broker acknowledged. */
import { once } from 'node:events';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import kafka from 'node-rdkafka';
import { Credit } from '../../src/commands/demo/credit.js';
import { endlessly, partitionOf, readCorpus, type StreamMessage } from './corpus.js';
import type { FromProducer, ProducerPlan, Sent, ToProducer } from './producer-messages.js';

const QUEUE_FULL = kafka.CODES.ERRORS.ERR__QUEUE_FULL;
const POLL_MS = 1;

interface Record {
  readonly message: StreamMessage;
  readonly partition: number;
  readonly dueMs: number;
  readonly sentMs: number;
  offset: number;
  acknowledgedMs: number;
}

let plan: ProducerPlan;
let producer: kafka.Producer;
let stream: Iterator<StreamMessage, never>;
/** Drawn from the stream and not sent: what was left out would be missing from every count. */
let held: StreamMessage | null = null;
let records: Record[] = [];
let outstanding = 0;
let credit: Credit | null = null;

function tell(message: FromProducer): void {
  if (process.connected) process.send?.(message, () => {});
}

async function open(given: ProducerPlan): Promise<void> {
  plan = given;
  stream = endlessly(readCorpus(plan.corpusFile));
  producer = new kafka.Producer({
    'compression.codec': 'lz4', // as the real topic
    'enable.idempotence': true,
    'linger.ms': 0,
    'batch.size': 1_000_000,
    'message.max.bytes': 10_000_000,
    'queue.buffering.max.kbytes': 1_048_576,
    dr_cb: true,
    ...plan.kafka,
  } as kafka.ProducerGlobalConfig);
  producer.on('event.error', (error) => tell({ kind: 'failed', text: error.message }));
  producer.on('delivery-report', (error, report) => {
    if (error) return tell({ kind: 'failed', text: error.message });
    const record = report.opaque as Record;
    record.offset = report.offset;
    record.acknowledgedMs = now();
    credit?.acknowledged(record.partition, report.offset, record.message.value.length);
    outstanding -= 1;
  });
  producer.setPollInterval(POLL_MS);
  producer.connect();
  await once(producer, 'ready');
  tell({ kind: 'ready' });
}

function draw(): StreamMessage {
  const message = held ?? stream.next().value;
  held = null;
  return message;
}

/** Since the epoch, finer than a millisecond. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

async function send(message: StreamMessage, dueMs: number): Promise<Record> {
  const partition = partitionOf(message, plan.partitions);
  const record: Record = { message, partition, dueMs, sentMs: now(), offset: -1, acknowledgedMs: 0 };
  for (;;) {
    try {
      // The client copies the value: the corpus may change it in its next round.
      producer.produce(plan.topic, partition, message.value, message.key, Math.floor(dueMs), record);
      break;
    } catch (error) {
      if ((error as { code?: unknown }).code !== QUEUE_FULL) throw error;
      await delay(POLL_MS);
    }
  }
  records.push(record);
  outstanding += 1;
  return record;
}

async function burst(partitionBytes: number, bytes: number): Promise<void> {
  const taken = Array.from({ length: plan.partitions }, () => 0);
  let sent = 0;
  while (sent < bytes && Math.max(...taken) < partitionBytes) {
    const { partition, message } = await send(draw(), now());
    taken[partition]! += message.value.length;
    sent += message.value.length;
    // Lets delivery reports in now and then.
    if (records.length % 32 === 0) await setImmediate();
  }
  await finish();
}

async function pace(rate: number, seconds: number, aheadBytes: number | null): Promise<void> {
  credit = aheadBytes === null ? null : new Credit(plan.partitions, aheadBytes);
  const beganMs = now() + 50;
  let streamMs: number | null = null;
  for (;;) {
    const message = draw();
    streamMs ??= message.atMs;
    const dueMs = beganMs + (message.atMs - streamMs) / rate;
    held = message;
    if (dueMs > beganMs + seconds * 1_000) break;
    while (now() < dueMs) await delay(Math.max(Math.min(dueMs - now(), 50), 0.5));
    if (credit !== null) {
      const partition = partitionOf(message, plan.partitions);
      while (!credit.has(partition)) {
        if (now() > beganMs + seconds * 1_000) return finish();
        await delay(POLL_MS);
      }
      credit.take(partition, message.value.length);
    }
    held = null;
    await send(message, dueMs);
  }
  await finish();
}

async function finish(): Promise<void> {
  while (outstanding > 0) await delay(POLL_MS);
  const sent = records;
  records = [];
  const total = (of: (message: StreamMessage) => number): number =>
    sent.reduce((sum, { message }) => sum + of(message), 0);
  const column = (of: (record: Record) => number): Float64Array => Float64Array.from(sent, of);
  const summary: Sent = {
    messages: sent.length,
    bytes: total(({ value }) => value.length),
    trades: total(({ trades }) => trades),
    newTrades: total(({ newTrades }) => newTrades),
    streamMs: (sent.at(-1)?.message.atMs ?? 0) - (sent[0]?.message.atMs ?? 0),
    partitions: Int32Array.from(sent, ({ partition }) => partition),
    offsets: column(({ offset }) => offset),
    dueMs: column(({ dueMs }) => dueMs),
    sentMs: column(({ sentMs }) => sentMs),
    acknowledgedMs: column(({ acknowledgedMs }) => acknowledgedMs),
  };
  tell({ kind: 'sent', sent: summary });
}

async function obey(message: ToProducer): Promise<void> {
  if (message.kind === 'open') await open(message.plan);
  else if (message.kind === 'burst') await burst(message.partitionBytes, message.bytes);
  else if (message.kind === 'pace') await pace(message.rate, message.seconds, message.aheadBytes);
  else for (const [partition, nextOffset] of message.nextOffsets) credit?.landed(partition, nextOffset);
}

process.once('disconnect', () => process.exit(0));
process.on('message', (message: ToProducer) => {
  obey(message).catch((error: unknown) => tell({ kind: 'failed', text: String(error) }));
});
