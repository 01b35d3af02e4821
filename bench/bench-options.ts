import { parseArgs } from 'node:util';
import { EngineError } from '../src/errors.js';

/** In the order in which they run where none is named. */
export const COMMANDS = ['micro', 'throughput', 'latency', 'rivals', 'memory', 'scale', 'profile'] as const;
export type Command = (typeof COMMANDS)[number];

export interface BenchOptions {
  readonly commands: readonly Command[];
  /** Two result files; nothing is measured then. */
  readonly compare: readonly [before: string, after: string] | null;
  /** Small sizes and few rounds: under three minutes in all. */
  readonly quick: boolean;
  /** A real Apache Kafka, started for the run. */
  readonly kafka: boolean;
  readonly seed: number;
  /** Share by which a figure may get worse before `compare` fails. */
  readonly tolerance: number;
  /** Where results and report go; null for bench/results. */
  readonly out: string | null;
}

export const USAGE = `Usage: npm run bench -- [command …] [--quick] [--kafka] [--seed N] [--out FOLDER]
       npm run bench -- compare BEFORE.json AFTER.json [--tolerance 0.1]

Commands: ${COMMANDS.join(', ')}; all of them where none is named.
  --quick      small sizes and few rounds, under three minutes in all
  --kafka      a real Apache Kafka (Java 17 and Maven) in place of the mock broker; KAFKA_BROKERS uses yours
  --tolerance  share by which a figure may get worse before compare exits with 1 (0.1)
DATABASE_URL uses your PostgreSQL, in databases of the bench's own.
`;

/** Throws CONFIG_INVALID, or what parseArgs throws, where the arguments make no sense. */
export function readBenchOptions(argv: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      kafka: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      tolerance: { type: 'string', default: '0.1' },
      out: { type: 'string' },
    },
  });
  const seed = Number(values.seed);
  const tolerance = Number(values.tolerance);
  if (!Number.isInteger(seed) || seed < 0) throw invalid(`--seed: got ${values.seed}; wants a whole number`);
  if (!(tolerance >= 0)) throw invalid(`--tolerance: got ${values.tolerance}; wants a share, 0.1 for one`);
  const common = { quick: values.quick, kafka: values.kafka, seed, tolerance, out: values.out ?? null };
  if (positionals[0] === 'compare') {
    const [, before, after, ...more] = positionals;
    if (before === undefined || after === undefined || more.length > 0)
      throw invalid('compare: wants two result files');
    return { ...common, commands: [], compare: [before, after] };
  }
  const unknown = positionals.filter((name) => !COMMANDS.some((command) => command === name));
  if (unknown.length > 0) throw invalid(`there is no bench ${unknown.join(', ')}; there is ${COMMANDS.join(', ')}`);
  const commands = COMMANDS.filter((command) => positionals.length === 0 || positionals.includes(command));
  return { ...common, commands, compare: null };
}

function invalid(text: string): EngineError {
  return new EngineError('CONFIG_INVALID', text);
}
