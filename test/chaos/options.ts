import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind, KILL_KINDS, type KillKind } from './schedule.js';

export interface ChaosOptions {
  /** Ends after so many kills. */
  readonly kills: number;
  /** Decides what is done to whom and when; how the processes answer to it is theirs. */
  readonly seed: number;
  /** Engines at most; their number changes under way. */
  readonly engines: number;
  /** A real Apache Kafka in place of the mock cluster. */
  readonly kafka: boolean;
  readonly json: boolean;
  /** Messages a second. */
  readonly rate: number;
  /** Only these kinds of kill; all that fit the broker where empty. */
  readonly only: readonly KillKind[];
  /** Only these kinds of fault between the kills; all where null. */
  readonly faults: readonly FaultKind[] | null;
  /** Keeps the logs of a run that was clean too. */
  readonly keep: boolean;
}

export const CHAOS_DEFAULTS = {
  kills: 20,
  seed: 1,
  engines: 4,
  kafka: false,
  json: false,
  rate: 120,
  only: [],
  faults: null,
  keep: false,
} as const satisfies ChaosOptions;

const ENGINES_MAX = 4;

/** Throws with a sentence where the command line makes no sense. */
export function parseChaosOptions(argv: string[]): ChaosOptions {
  const { values } = parseArgs({
    args: argv,
    options: {
      kills: { type: 'string', default: String(CHAOS_DEFAULTS.kills) },
      seed: { type: 'string', default: String(CHAOS_DEFAULTS.seed) },
      engines: { type: 'string', default: String(CHAOS_DEFAULTS.engines) },
      rate: { type: 'string', default: String(CHAOS_DEFAULTS.rate) },
      only: { type: 'string', default: '' },
      faults: { type: 'string' },
      kafka: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  });
  return {
    kills: integer('kills', values.kills, 1, 1_000_000),
    seed: integer('seed', values.seed, 0, 4_294_967_295),
    engines: integer('engines', values.engines, 1, ENGINES_MAX),
    rate: integer('rate', values.rate, 1, 5_000),
    only: kinds('only', values.only, KILL_KINDS),
    faults: values.faults === undefined ? null : kinds('faults', values.faults, FAULT_KINDS),
    kafka: values.kafka,
    json: values.json,
    keep: values.keep,
  };
}

/** The command that repeats a run. */
export function commandOf(options: ChaosOptions): string {
  const words = [
    'npm run chaos --',
    `--kills ${options.kills}`,
    `--seed ${options.seed}`,
    `--engines ${options.engines}`,
  ];
  if (options.rate !== CHAOS_DEFAULTS.rate) words.push(`--rate ${options.rate}`);
  if (options.only.length > 0) words.push(`--only ${options.only.join(',')}`);
  if (options.faults !== null) words.push(`--faults ${options.faults.join(',') || "''"}`);
  if (options.kafka) words.push('--kafka');
  return words.join(' ');
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new Error(`--${name} takes a whole number from ${min} to ${max}, not ${text}`);
  }
  return value;
}

function kinds<Kind extends string>(name: string, text: string, known: readonly Kind[]): Kind[] {
  const words = text.split(',').filter((word) => word !== '');
  const unknown = words.filter((word) => !known.includes(word as Kind));
  if (unknown.length > 0) throw new Error(`--${name} takes ${known.join(', ')}, not ${unknown.join(', ')}`);
  return words as Kind[];
}
