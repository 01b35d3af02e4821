import { parseArgs } from 'node:util';
import { EngineError } from '../../errors.js';

export interface DemoOptions {
  /** Until Ctrl-C where null, but no longer than {@link DEMO_SECONDS_MAX}. */
  readonly seconds: number | null;
  /** Multiples of the real stream's pace. */
  readonly rate: number;
  readonly seed: number;
  /** SIGKILL the engine every so many seconds; null for never. */
  readonly killEverySeconds: number | null;
  readonly json: boolean;
}

/** The ledger is kept in memory: no run goes on for ever. */
export const DEMO_SECONDS_MAX = 3_600;
const SECONDS_WITHOUT_TERMINAL = 30;
const RATE_MAX = 100;

/** Throws CONFIG_INVALID, or what parseArgs throws, where the flags make no sense. */
export function readDemoOptions(argv: readonly string[], terminal: boolean): DemoOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seconds: { type: 'string' },
      rate: { type: 'string' },
      seed: { type: 'string' },
      'kill-every': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const problems: string[] = [];
  const read = (flag: keyof typeof values, low: number, high: number, whole = false): number | null => {
    const text = values[flag];
    if (text === undefined) return null;
    const value = typeof text === 'string' && text.trim() !== '' ? Number(text) : Number.NaN;
    if (value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
    problems.push(
      `--${flag}: got ${JSON.stringify(text)}; wants a ${whole ? 'whole ' : ''}number from ${low} to ${high}`,
    );
    return null;
  };
  const options: DemoOptions = {
    seconds: read('seconds', 1, DEMO_SECONDS_MAX) ?? (terminal ? null : SECONDS_WITHOUT_TERMINAL),
    rate: read('rate', 0.01, RATE_MAX) ?? 1,
    seed: read('seed', 0, 2 ** 32 - 1, true) ?? 1,
    killEverySeconds: read('kill-every', 0.1, DEMO_SECONDS_MAX),
    json: values.json,
  };
  if (problems.length > 0) throw new EngineError('CONFIG_INVALID', problems.join('\n'));
  return options;
}
