import { parseArgs } from 'node:util';
import { EngineError } from '../../errors.js';
import { timeOf } from '../dead-letters/arguments.js';
import type { Span } from './queries.js';

const HOUR_MS = 3_600_000;
const HOURS_MAX = 24 * 31;
const PERCENT_DEFAULT = 5;

export type ReferenceKind = 'table' | 'csv' | 'database';

export interface Arguments {
  readonly span: Span;
  /** A ratio: 0.05 for 5 %. */
  readonly threshold: number;
  readonly reference: { readonly kind: ReferenceKind; readonly value: string } | null;
  /** Table or view of a reference that is a database. */
  readonly table: string;
  readonly fail: boolean;
  readonly store: boolean;
  readonly json: boolean;
}

/**
 * Reads the flags. Throws CONFIG_INVALID, naming the flag, what it got and what it wants. The span is of full hours: those of a
 * day that are over, where nothing else is asked for.
 */
export function completenessArguments(argv: string[], env: NodeJS.ProcessEnv, nowMs: number): Arguments {
  const { values } = parseArgs({
    args: argv,
    options: {
      reference: { type: 'string' },
      table: { type: 'string' },
      since: { type: 'string', default: '24h' },
      until: { type: 'string' },
      percent: { type: 'string', default: String(PERCENT_DEFAULT) },
      fail: { type: 'boolean', default: false },
      store: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const percent = Number(values.percent);
  if (values.percent.trim() === '' || !(percent >= 0 && percent < 100))
    throw wrong(`--percent: got ${JSON.stringify(values.percent)}; wants a number from 0 to below 100`);
  const reference = values.reference === undefined ? null : referenceOf(values.reference, env);
  if (values.table !== undefined && reference?.kind !== 'database')
    throw wrong('--table names the table of a --reference that is a database');
  return {
    span: spanOf(values.since, values.until, nowMs),
    threshold: percent / 100,
    reference,
    table: values.table ?? 'dex_trades',
    fail: values.fail,
    store: values.store,
    json: values.json,
  };
}

function spanOf(since: string, until: string | undefined, nowMs: number): Span {
  const untilMs = floor(until === undefined ? nowMs : Math.min(timeOf('--until', until, nowMs), nowMs));
  // An age counts from the last full hour, or `24h` would be 23 of them.
  const sinceMs = floor(timeOf('--since', since, floor(nowMs)));
  const hours = (untilMs - sinceMs) / HOUR_MS;
  if (hours >= 1 && hours <= HOURS_MAX) return { sinceMs, untilMs };
  throw wrong(
    `--since and --until: wants 1 to ${HOURS_MAX} full hours that are over; ${since} to ${until ?? 'now'} are ${Math.max(0, hours)}`,
  );
}

function referenceOf(text: string, env: NodeJS.ProcessEnv): Arguments['reference'] {
  const [, variable] = /^env:(\w+)$/.exec(text) ?? [];
  const value = variable === undefined ? text : env[variable];
  if (value === undefined || value === '') throw wrong(`--reference ${text}: there is no variable ${variable}`);
  if (/^postgres(ql)?:\/\//.test(value)) return { kind: 'database', value };
  if (/\.csv$/i.test(value)) return { kind: 'csv', value };
  return { kind: 'table', value };
}

function floor(ms: number): number {
  return ms - (ms % HOUR_MS);
}

function wrong(text: string): EngineError {
  return new EngineError('CONFIG_INVALID', text);
}
