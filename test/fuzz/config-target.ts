import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Config, OPTIONS, REQUIRED_BY } from '../../src/config.js';
import { type LoadedConfig, loadConfig, redacted } from '../../src/config-load.js';
import type { Option } from '../../src/config-option.js';
import { EngineError } from '../../src/errors.js';
import { redactText } from '../../src/observe/redact.js';
import { RandomSource } from './random-source.js';
import { caseSeed, type FuzzTarget, shown } from './target.js';

const MARK = 'hu5hhu5h';
const OPTION_LIST = Object.values(OPTIONS) as Option[];
const PIECES = [
  ...['', '0', '-1', '1', '1e9', '1_0', '0x10', '00', '9'.repeat(30), 'NaN', 'Infinity', '-0', '٣'],
  ...[
    ',',
    ';',
    '=',
    ':',
    '://',
    '@',
    '%',
    '%zz',
    '%00',
    '/',
    '//',
    '\\',
    '.',
    '..',
    '?',
    '#',
    '&',
    '[',
    ']',
    '[::1]:9',
  ],
  ...[' ', '\n', '\r\n', '\t', '"', "'", '`', '$', '{}', '\u0000', '\u202e', '💥', '\ud800', 'ß', 'İ'],
  ...['postgres://', 'postgresql://', 'a:1', 'localhost', 'true', 'off', 'SASL_SSL', 'PLAIN', 'latest', 'earliest'],
  ...['__proto__', 'constructor', 'toString', '2026-13-99T99:99:99Z', '2026-01-01T00:00:00Z', 'group.id', 'debug'],
  ...['a'.repeat(5_000), '/tmp', '/dev/null', '/proc/self/environ', '-----BEGIN PRIVATE KEY-----', MARK],
];

/**
 * Environments and `.env` files of any kind end in a configuration within its limits, the same each time, or in
 * CONFIG_INVALID; and no text that comes of it shows a secret.
 */
export function configTarget(): FuzzTarget {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-config-'));
  return {
    run: async (seed, index) => runCase(folder, new RandomSource(caseSeed(seed, index))),
    close: async () => rmSync(folder, { recursive: true }),
  };
}

function runCase(directory: string, random: RandomSource): string | null {
  const env = randomEnvironment(random);
  const dotEnv = random.chance(0.3)
    ? Object.entries(randomEnvironment(random))
        .map(([name, text]) => `${name}=${text}`)
        .join('\n')
    : '';
  writeFileSync(join(directory, '.env'), dotEnv);
  const requires = random.chance(0.5) ? REQUIRED_BY.start : [];
  const load = () => attempt(() => loadConfig(env, { directory, requires }));
  const [first, second] = [load(), load()];
  const input = shown({ env, dotEnv });
  if (!isDeepStrictEqual(first, second)) return `differs from one time to the next: ${input}`;
  if ('unknown' in first) return `${first.unknown.stack} at ${input}`;
  const told =
    'refusal' in first ? first.refusal : JSON.stringify([first.loaded.warnings, redacted(first.loaded.config)]);
  const secret = secretsOf(env).find((value) => redactText(told).includes(value));
  if (secret !== undefined) return `shows the secret ${JSON.stringify(secret)} in ${told}: ${input}`;
  return 'loaded' in first ? outOfLimits(first.loaded.config, input) : null;
}

type Outcome = { readonly loaded: LoadedConfig } | { readonly refusal: string } | { readonly unknown: Error };

function attempt(load: () => LoadedConfig): Outcome {
  try {
    return { loaded: load() };
  } catch (error) {
    if (error instanceof EngineError && error.code === 'CONFIG_INVALID') return { refusal: error.message };
    return { unknown: error as Error };
  }
}

function randomEnvironment(random: RandomSource): Record<string, string> {
  const env: Record<string, string> = {};
  for (let count = random.below(8); count >= 0; count -= 1) {
    const option = random.pick(OPTION_LIST);
    const name = random.chance(0.2) ? `${option.env}_FILE` : random.chance(0.05) ? option.env.slice(1) : option.env;
    env[name] = randomText(option, random);
  }
  return env;
}

function randomText(option: Option, random: RandomSource): string {
  const text = Array.from({ length: 1 + random.below(4) }, () => random.pick(PIECES)).join('');
  // No environment holds a NUL.
  const plain = text.replaceAll('\u0000', '');
  if (option.secret === true && random.chance(0.7))
    return `${random.chance(0.5) ? 'postgres://u:' : ''}${plain}${MARK}`;
  return option.choices !== undefined && random.chance(0.5) ? random.pick(option.choices) : plain;
}

/** Where the mark stands in a secret, that part of it: what is told may hold the mark of an option that is none. */
function secretsOf(env: Record<string, string>): string[] {
  return OPTION_LIST.filter(({ secret }) => secret === true).flatMap(({ env: name }) => {
    const text = env[name] ?? '';
    return text.endsWith(MARK) && text.length > MARK.length + 6 && !text.startsWith('postgres://') ? [text] : [];
  });
}

function outOfLimits(config: Config, input: string): string | null {
  for (const [name, { type, min, max, choices }] of Object.entries(OPTIONS) as [keyof Config, Option][]) {
    const value: unknown = config[name];
    if (value === undefined) continue;
    const inside =
      type === 'integer'
        ? Number.isSafeInteger(value) && Number(value) >= (min ?? -Infinity) && Number(value) <= (max ?? Infinity)
        : type !== 'choice' || choices === undefined || choices.includes(String(value));
    if (!inside) return `${name} is ${JSON.stringify(value)}: ${input}`;
  }
  return Object.isFrozen(config) ? null : `is not frozen: ${input}`;
}
