import assert from 'node:assert/strict';
import { test } from 'node:test';
import type protobuf from 'protobufjs';
import { fullType } from '../../proto/full-codec.js';
import { PROJECTION } from '../../proto/projection.js';
import { decodeMessage, UndecodableError } from '../../src/workers/decode-message.js';
import { WireReader } from '../../src/workers/wire-reader.js';
import { randomMessage, randomNumbers } from '../support/random-messages.js';
import { concat } from '../support/wire.js';

const type = fullType('DexParsedBlockMessage');
const MESSAGES = 300;
const MUTATIONS_PER_MESSAGE = 20;

/** What the projection keeps of a decoded message, with bytes and texts as hex, and 64-bit integers as text. */
function kept(message: unknown, of: protobuf.Type): unknown {
  if (message === null || message === undefined) return null;
  const values: Record<string, unknown> = {};
  for (const name of PROJECTION[of.name]!) {
    const field = of.fields[name]!.resolve();
    const value = (message as Record<string, unknown>)[name];
    const nested = field.resolvedType as protobuf.Type | null;
    if (nested === null) values[name] = plain(value);
    else values[name] = field.repeated ? (value as unknown[]).map((item) => kept(item, nested)) : kept(value, nested);
  }
  return values;
}

function plain(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array || Array.isArray(value)) return Buffer.from(value).toString('hex');
  return typeof value === 'object' ? String(value) : value;
}

/** Both decoders’ answers; null where one rejects. */
function decodeBoth(bytes: Uint8Array): { full: unknown; projected: unknown } {
  return {
    full: attempt(() => kept(type.decode(new WireReader(bytes)), type)),
    projected: attempt(() => kept(decodeMessage(bytes), type)),
  };
}

function attempt(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    if (error instanceof UndecodableError && error.errorClass === 'wrong_type') return 'wrong_type';
    return null;
  }
}

test('the projection reads what the full schema reads, also of messages in pieces', () => {
  const random = randomNumbers(7);
  let trades = 0;
  for (let i = 0; i < MESSAGES; i++) {
    const pieces = [randomMessage(type, random), randomMessage(type, random)].map((m) => type.encode(m).finish());
    const { full, projected } = decodeBoth(concat(...pieces));
    assert.ok(full !== null);
    if (projected === 'wrong_type') continue;
    assert.deepEqual(projected, full, `message ${i}`);
    trades += JSON.stringify(full).split('InstructionIndex').length - 1;
  }
  assert.ok(trades > MESSAGES, `${trades} trades were compared`);
});

test('of damaged messages the projection reads whatever the full schema still reads', () => {
  const random = randomNumbers(11);
  const outcomes = { same: 0, bothReject: 0, onlySkippedPartDamaged: 0 };
  for (let i = 0; i < MESSAGES; i++) {
    const bytes = type.encode(randomMessage(type, random)).finish();
    for (let j = 0; j < MUTATIONS_PER_MESSAGE && bytes.length > 0; j++) {
      const damaged = Uint8Array.from(bytes);
      for (let k = 0; k <= j % 3; k++) damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
      const { full, projected } = decodeBoth(damaged);
      if (projected === 'wrong_type') continue;
      if (full !== null) assert.deepEqual(projected, full, `message ${i}, mutation ${j}`);
      if (full !== null) outcomes.same += 1;
      else if (projected === null) outcomes.bothReject += 1;
      else outcomes.onlySkippedPartDamaged += 1;
    }
  }
  assert.ok(outcomes.same > 100 && outcomes.bothReject > 100, JSON.stringify(outcomes));
});
