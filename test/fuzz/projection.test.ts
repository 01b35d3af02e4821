import assert from 'node:assert/strict';
import { test } from 'node:test';
import type protobuf from 'protobufjs';
import { fullType } from '../../proto/full-codec.js';
import type { Long64 } from '../../proto/generated/projection.js';
import { PROJECTION } from '../../proto/projection.js';
import { UndecodableError } from '../../src/workers/wire.js';
import { randomMessage, randomNumbers } from '../support/random-messages.js';
import { concat } from '../support/wire.js';
import { walkedMessage } from '../workers/walked-message.js';
import { decodeFull, decodeProjection } from './reference/decode-message.js';

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
  if (typeof value !== 'object' || value === null) return value;
  const { low, high } = value as Long64;
  return `${high | 0} ${low | 0}`;
}

/** All three decoders’ answers; null where one rejects. */
function decodeAll(bytes: Uint8Array): { full: unknown; projected: unknown; walked: unknown } {
  return {
    full: attempt(() => kept(decodeFull(bytes), type)),
    projected: attempt(() => kept(decodeProjection(bytes), type)),
    walked: attempt(() => kept(walkedMessage(bytes), type)),
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

test('the projection and the walker read what the full schema reads, also of messages in pieces', () => {
  const random = randomNumbers(7);
  let trades = 0;
  for (let i = 0; i < MESSAGES; i++) {
    const pieces = [randomMessage(type, random), randomMessage(type, random)].map((m) => type.encode(m).finish());
    const { full, projected, walked } = decodeAll(concat(...pieces));
    assert.ok(full !== null);
    assert.deepEqual(projected, full, `message ${i}`);
    if (walked !== 'wrong_type') assert.deepEqual(walked, full, `message ${i}`);
    trades += JSON.stringify(full).split('InstructionIndex').length - 1;
  }
  assert.ok(trades > MESSAGES, `${trades} trades were compared`);
});

test('of damaged messages the projection reads whatever the full schema still reads, and the walker what the projection reads', () => {
  const random = randomNumbers(11);
  const outcomes = { same: 0, bothReject: 0, onlySkippedPartDamaged: 0 };
  for (let i = 0; i < MESSAGES; i++) {
    const bytes = type.encode(randomMessage(type, random)).finish();
    for (let j = 0; j < MUTATIONS_PER_MESSAGE && bytes.length > 0; j++) {
      const damaged = Uint8Array.from(bytes);
      for (let k = 0; k <= j % 3; k++) damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
      const { full, projected, walked } = decodeAll(damaged);
      if (walked !== 'wrong_type') assert.deepEqual(walked, projected, `message ${i}, mutation ${j}`);
      if (full !== null) assert.deepEqual(projected, full, `message ${i}, mutation ${j}`);
      if (full !== null) outcomes.same += 1;
      else if (projected === null) outcomes.bothReject += 1;
      else outcomes.onlySkippedPartDamaged += 1;
    }
  }
  assert.ok(outcomes.same > 100 && outcomes.bothReject > 100, JSON.stringify(outcomes));
});
