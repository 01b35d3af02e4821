import { parseArgs } from 'node:util';
import { type Config, REQUIRED_BY } from '../config.js';
import { loadConfig } from '../config-load.js';
import { EngineError } from '../errors.js';
import { type CheckContext, fail, type NamedResult, ok, runChecks, skipped, warn } from './checks/check.js';
import { DATABASE_CHECKS } from './checks/database-checks.js';
import { KAFKA_CHECKS } from './checks/kafka-checks.js';
import { REDIS_CHECKS } from './checks/redis-checks.js';
import { BOTH_CHECKS, STREAM_CHECKS } from './checks/stream-checks.js';

const ALL_CHECKS = [...KAFKA_CHECKS, ...STREAM_CHECKS, ...DATABASE_CHECKS, ...BOTH_CHECKS];
const MARKS = { ok: 'ok', warn: 'WARN', fail: 'FAIL', skipped: '-' } as const;
const EXIT_CONFIG_INVALID = 2;

/** Looks at everything `start` needs and says, a line each, how it is and what to do. */
export async function check(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options: { json: { type: 'boolean', default: false } } });
  const tell = (result: NamedResult) => {
    if (!values.json) process.stdout.write(`${line(result)}\n`);
  };
  const { config, results } = configuration(tell);
  if (config === null) results.push(...skipAll(tell));
  else results.push(...(await checkAll(config, tell)));
  const failed = results.some(({ status }) => status === 'fail');
  if (values.json) process.stdout.write(`${JSON.stringify({ ok: !failed, checks: results })}\n`);
  if (config === null) return EXIT_CONFIG_INVALID;
  return failed ? 1 : 0;
}

/** `null` where the configuration is wrong, and then the result says how. */
function configuration(tell: (result: NamedResult) => void): { config: Config | null; results: NamedResult[] } {
  const name = 'configuration';
  try {
    const { config, warnings } = loadConfig(process.env, { requires: REQUIRED_BY.check });
    const result = { name, ...(warnings.length === 0 ? ok('complete and consistent') : warn(warnings.join('\n'), '')) };
    tell(result);
    return { config, results: [result] };
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'CONFIG_INVALID') throw error;
    const result = { name, ...fail(error.message, 'See the table in README.md.') };
    tell(result);
    return { config: null, results: [result] };
  }
}

async function checkAll(config: Config, tell: (result: NamedResult) => void): Promise<NamedResult[]> {
  const context: CheckContext = { config };
  const checks = config.redisUrl === undefined ? ALL_CHECKS : [...ALL_CHECKS, ...REDIS_CHECKS];
  try {
    return await runChecks(checks, context, tell);
  } finally {
    await Promise.all([context.kafka?.close(), context.database?.end().catch(() => {})]);
  }
}

function skipAll(tell: (result: NamedResult) => void): NamedResult[] {
  return ALL_CHECKS.map(({ name }) => {
    const result = { name, ...skipped('not tried: needs configuration') };
    tell(result);
    return result;
  });
}

function line({ name, status, detail, advice }: NamedResult): string {
  const indent = ' '.repeat(21);
  const text = [detail, advice].filter((part) => part !== '').join('\n→ ');
  return `${MARKS[status].padEnd(5)} ${name.padEnd(14)} ${text.replaceAll('\n', `\n${indent}`)}`;
}
