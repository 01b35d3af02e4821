import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateMessages } from '../../src/commands/demo/generator/generator.js';
import { CaptureWriter } from '../../src/ingest/capture-file.js';
import type { SourceMessage } from '../../src/ingest/source.js';
import { runMain } from '../support/command.js';
import type { RoledDatabase } from '../support/least-privilege.js';

export const TOPIC = 'solana.dextrades.proto';
const START_SLOT = 373_000_000;
const SLOT_MS = 2_000;
/** Some minutes of a small market: a few thousand trades. */
const SLOTS = 240;
const ROOM_MS = 60_000;
const MESSAGES_AT_ONCE = 500;

/** A capture file of generated messages whose market ended a minute ago. */
export async function recordMarket(path: string): Promise<void> {
  const writer = new CaptureWriter(path, TOPIC);
  const ends = new Map<number, number>();
  const market = generateMessages({
    seed: 7,
    startMs: Date.now() - SLOTS * SLOT_MS - ROOM_MS,
    startSlot: START_SLOT,
    slotMs: SLOT_MS,
    transactionsPerSlot: 9,
    emptyPerSlot: 4,
    orphanedSlotShare: 0.04,
    tokens: 12,
    traders: 40,
  });
  let messages: SourceMessage[] = [];
  for (const { partition, slot, timestampMs, key, value } of market) {
    if (slot >= START_SLOT + SLOTS) break;
    const offset = ends.get(partition) ?? 0;
    ends.set(partition, offset + 1);
    messages.push({ topic: TOPIC, partition, offset, timestampMs, key, value });
    if (messages.length < MESSAGES_AT_ONCE) continue;
    await writer.write(messages);
    messages = [];
  }
  await writer.write(messages);
  await writer.close();
}

/** Lands a capture file as the engine's role. */
export async function landCapture(path: string, database: RoledDatabase, group: string): Promise<void> {
  const { code, stdout, stderr } = await runMain(['replay', path], {
    DATABASE_URL: database.urls.engine,
    DATABASE_MIGRATE: 'false',
    KAFKA_GROUP_ID: group,
    BIND_ADDRESS: '127.0.0.1',
    HEALTH_CHECK_PORT: '0',
    PROMETHEUS_PORT: '0',
    WORKER_THREADS: '1',
  });
  if (code !== 0) throw new Error(`The capture did not land:\n${stdout.slice(-3_000)}\n${stderr.slice(-3_000)}`);
}

/** A folder with a capture of the market in it, for as long as it is used. */
export async function withMarket<T>(use: (capture: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'market-'));
  try {
    const capture = join(folder, 'market.capture');
    await recordMarket(capture);
    return await use(capture);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
