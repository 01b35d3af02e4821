import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EngineError } from '../../src/errors.js';
import { CaptureReader } from '../../src/ingest/capture-file.js';
import { encodeCaptureHead, encodeRecord } from '../../src/ingest/capture-format.js';
import type { SourceMessage } from '../../src/ingest/source.js';
import { RandomSource } from './random-source.js';
import { caseSeed, type FuzzTarget } from './target.js';

const EXTREME_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff] as const;

/**
 * Capture files with one thing wrong. Cut short, a file gives its first messages and ends; with anything else wrong, it
 * gives its first messages and refuses. It never gives a message that was not written, nor loses any in silence.
 */
export function captureTarget(): FuzzTarget {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-capture-'));
  const path = join(folder, 'capture');
  return {
    run: (seed, index) => runCase(path, new RandomSource(caseSeed(seed, index))),
    close: async () => rmSync(folder, { recursive: true }),
  };
}

async function runCase(path: string, random: RandomSource): Promise<string | null> {
  const topic = random.pick(['t', 'solana.dextrades.proto', '', 'ü'.repeat(40)]);
  const messages = Array.from({ length: random.below(6) }, () => randomMessage(random, topic));
  const whole = Buffer.concat([encodeCaptureHead(topic), ...messages.map(encodeRecord)]);
  const cut = random.chance(0.3);
  const file = cut ? whole.subarray(0, random.below(whole.length + 1)) : damaged(whole, random);
  writeFileSync(path, file);
  const { read, refused, error } = await readAll(path);
  const input = file.toString('hex').slice(0, 4_000);
  if (error !== null) return `${error.stack} at ${input}`;
  if (!isDeepStrictEqual(read, messages.slice(0, read.length))) return `gives what was not written: ${input}`;
  // Cut between two records, a file is whole; cut within its head, it is none.
  if (cut)
    return refused && file.length >= encodeCaptureHead(topic).length ? `refuses a file cut short: ${input}` : null;
  return !refused && !file.equals(whole) ? `does not notice the damage: ${input}` : null;
}

function randomMessage(random: RandomSource, topic: string): SourceMessage {
  const bytes = () => Uint8Array.from(random.bytes(random.pick([0, 1, 7, 300])));
  return {
    topic,
    partition: random.pick([0, 1, 2 ** 31 - 1]),
    offset: random.pick([0, 1, 2 ** 52, random.below(1_000_000)]),
    timestampMs: random.pick([-1, 0, 1_790_000_000_000]),
    key: random.chance(0.3) ? null : bytes(),
    value: random.chance(0.2) ? null : bytes(),
  };
}

/** Something of the file changed, added or gone; a shorter one is no mere cut. */
function damaged(whole: Buffer, random: RandomSource): Buffer {
  const at = random.below(whole.length);
  const some = Buffer.from(random.bytes(1 + random.below(12)));
  switch (random.below(5)) {
    case 0: {
      const flipped = Buffer.from(whole);
      flipped[at] = flipped[at]! ^ (1 << random.below(8));
      return flipped;
    }
    case 1: {
      const set = Buffer.from(whole);
      set[at] = random.pick(EXTREME_BYTES);
      return set;
    }
    case 2:
      return Buffer.concat([whole.subarray(0, at), some, whole.subarray(at)]);
    case 3: {
      const set = Buffer.from(whole);
      some.copy(set, at);
      return set;
    }
    default:
      return some;
  }
}

interface Outcome {
  readonly read: SourceMessage[];
  readonly refused: boolean;
  /** One that no capture may cause. */
  readonly error: Error | null;
}

async function readAll(path: string): Promise<Outcome> {
  const read: SourceMessage[] = [];
  let reader: CaptureReader | null = null;
  try {
    reader = await CaptureReader.open(path);
    for (let next = await reader.next(); next !== null; next = await reader.next()) read.push(next);
    return { read, refused: false, error: null };
  } catch (error) {
    const known = error instanceof EngineError && error.code === 'CAPTURE_INVALID';
    return { read, refused: true, error: known ? null : (error as Error) };
  } finally {
    await reader?.close();
  }
}
