import protobuf from 'protobufjs';

/** A stream of numbers in [0, 1) that `seed` decides (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const TEXTS = ['', 'pump', 'Pumpfun', ' 🚀 ', 'a\0b', 'ünïcödé'];

/** A message of any type with any of its fields set to anything, nested and repeated ones too. */
export function randomMessage(type: protobuf.Type, random: () => number, depth = 0): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    field.resolve();
    const nested = field.resolvedType instanceof protobuf.Type;
    if (random() < (nested ? 0.25 + 0.05 * depth : 0.4)) continue;
    const value = () => randomValue(field, random, depth);
    message[field.name] = field.repeated ? Array.from({ length: Math.floor(random() * 3) }, value) : value();
  }
  return message;
}

function randomValue(field: protobuf.Field, random: () => number, depth: number): unknown {
  if (field.resolvedType instanceof protobuf.Type) return randomMessage(field.resolvedType, random, depth + 1);
  const bits = () => Math.floor(random() * 2 ** 32) | 0;
  switch (field.type) {
    case 'bool':
      return random() < 0.5;
    case 'string':
      return TEXTS[Math.floor(random() * TEXTS.length)];
    case 'bytes':
      return Uint8Array.from({ length: random() < 0.2 ? 0 : 32 }, () => Math.floor(random() * 3));
    case 'uint64':
    case 'int64':
      return { low: bits(), high: random() < 0.5 ? 0 : bits(), unsigned: field.type === 'uint64' };
    case 'uint32':
      return bits() >>> Math.floor(random() * 32);
    case 'float':
    case 'double':
      return random() < 0.2 ? 0 : random() * 1e6;
    default:
      return Math.floor(random() * 3);
  }
}
