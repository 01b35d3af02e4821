import type { ParseArgsConfig } from 'node:util';
import { EngineError } from '../../errors.js';
import type { LetterFilter, LetterStatus } from '../../sink/letter-store.js';

/** The flags that choose letters, for `parseArgs`. */
export const FILTER_FLAGS = {
  group: { type: 'string' },
  topic: { type: 'string' },
  partition: { type: 'string' },
  class: { type: 'string' },
  status: { type: 'string' },
  since: { type: 'string' },
  limit: { type: 'string' },
} as const satisfies ParseArgsConfig['options'];

type FilterValues = { readonly [name in keyof typeof FILTER_FLAGS]?: string | undefined };

const STATUSES: readonly string[] = ['new', 'replayed'];
const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export interface Chosen {
  readonly filter: LetterFilter;
  /** Infinity where none was given. */
  readonly limit: number;
  /** Nothing was asked for by id or flag: every letter is meant. */
  readonly everything: boolean;
}

/** Reads ids and flags. Throws CONFIG_INVALID, naming the flag, what it got and what it wants. `nowMs` is what ages count from. */
export function chosenLetters(ids: readonly string[], values: FilterValues, nowMs: number): Chosen {
  const filter: LetterFilter = {
    ids: ids.length === 0 ? null : ids.map(idOf),
    groupId: values.group ?? null,
    topic: values.topic ?? null,
    partition: values.partition === undefined ? null : wholeNumber('--partition', values.partition, 0, 2 ** 31 - 1),
    errorClass: values.class ?? null,
    status: values.status === undefined ? null : statusOf(values.status),
    sinceMs: values.since === undefined ? null : timeOf('--since', values.since, nowMs),
    beforeMs: null,
  };
  const limit = values.limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--limit', values.limit, 1, 1e9);
  return { filter, limit, everything: Object.values(filter).every((value) => value === null) };
}

/** The id of a letter, with or without the `#` that it is printed with. */
export function idOf(text: string): number {
  return wholeNumber('a letter’s id', text.replace(/^#/, ''), 1, Number.MAX_SAFE_INTEGER);
}

/** An ISO 8601 time, or an age before now: `90s`, `30m`, `6h`, `7d`. */
export function timeOf(flag: string, text: string, nowMs: number): number {
  const [, count = '', unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const time = unit === '' ? Date.parse(text) : nowMs - Number(count) * (UNITS_MS[unit] ?? 0);
  if (Math.abs(time) <= 8.64e15 && (unit !== '' || /^\d{4}-\d{2}/.test(text))) return time;
  throw wrong(flag, text, 'a time as 2026-08-01T12:00:00Z, or an age as 90s, 30m, 6h, 7d');
}

function statusOf(text: string): LetterStatus {
  if (STATUSES.includes(text)) return text as LetterStatus;
  throw wrong('--status', text, `one of ${STATUSES.join(', ')}`);
}

function wholeNumber(what: string, text: string, min: number, max: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw wrong(what, text, `a whole number from ${min} to ${max}`);
}

function wrong(what: string, got: string, wants: string): EngineError {
  return new EngineError('CONFIG_INVALID', `${what}: got ${JSON.stringify(got)}; wants ${wants}`);
}
