import { hostname } from 'node:os';
import { type Config, OPTIONS, type OptionName, RULES } from './config.js';
import {
  type Environment,
  mayBeFile,
  textOf,
  warnIfOthersRead,
  warnIfOthersWrite,
  withDotEnv,
} from './config-environment.js';
import { misspelt } from './config-misspelt.js';
import { type Option, quoted, type Report } from './config-option.js';
import { type OptionValue, readOption } from './config-read.js';
import { rememberSecret } from './config-secrets.js';
import { EngineError } from './errors.js';

export interface LoadOptions {
  /** Options that must be given; see REQUIRED_BY. */
  readonly requires?: readonly OptionName[];
  /** Where `.env` and relative paths lie; the working directory by default. */
  readonly directory?: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Sentences for the log: nothing is wrong, but something is probably not meant. */
  readonly warnings: readonly string[];
}

/**
 * Reads the configuration of a process. Throws CONFIG_INVALID with every problem, one a line: the variable, what it got
 * (a secret's value never), what it wants.
 */
export function loadConfig(env: Environment, options: LoadOptions = {}): LoadedConfig {
  const { requires = [], directory = process.cwd() } = options;
  const findings = new Findings();
  const secrets = Object.values(OPTIONS).filter((option: Option) => option.secret === true);
  const merged = withDotEnv(
    env,
    directory,
    secrets.map((option) => option.env),
    findings,
  );
  const values: Record<string, OptionValue | undefined> = {};
  for (const [name, option] of Object.entries(OPTIONS) as [OptionName, Option][]) {
    const text = textOf(option, merged, directory, findings);
    if (text === undefined) {
      values[name] = option.default;
      if (requires.includes(name)) findings.problem(option.env, undefined, lowerFirst(option.description));
      continue;
    }
    if (option.secret === true) rememberSecret(text);
    const reading = readOption(option, text, directory);
    values[name] = 'value' in reading ? reading.value : option.default;
    if ('wants' in reading) findings.problem(option.env, text, reading.wants);
  }
  const config = Object.freeze(values) as Config;
  for (const rule of RULES) rule(config, findings);
  warnOfSurroundings(config, merged, findings);
  if (findings.problems.size > 0) {
    const count = findings.problems.size === 1 ? 'One setting is' : `${findings.problems.size} settings are`;
    throw new EngineError('CONFIG_INVALID', [`${count} wrong:`, ...findings.problems.values()].join('\n  '));
  }
  return { config, warnings: Object.freeze(findings.warnings) };
}

/** The configuration for logs: secrets say only that they are set. */
export function redacted(config: Config): Record<string, OptionValue> {
  const shown: Record<string, OptionValue> = {};
  for (const [name, option] of Object.entries(OPTIONS) as [OptionName, Option][]) {
    const value = config[name];
    if (value === undefined || value === '') continue;
    shown[name] = option.secret ? '[redacted]' : value;
  }
  return shown;
}

class Findings implements Report {
  readonly problems = new Map<string, string>();
  readonly warnings: string[] = [];

  problem(env: string, got: string | undefined, wants: string): void {
    const variable = env.replace(/_FILE$/, '');
    if (this.problems.has(variable)) return;
    const options: readonly Option[] = Object.values(OPTIONS);
    const option = options.find((candidate) => candidate.env === env) ?? {};
    const what = got === undefined ? 'not given' : `got ${quoted(option, got)}`;
    this.problems.set(variable, `${env}: ${what}; wants ${wants}`);
  }

  warning(sentence: string): void {
    this.warnings.push(sentence);
  }
}

function warnOfSurroundings(config: Config, env: Environment, findings: Findings): void {
  const known = Object.values(OPTIONS).flatMap((option: Option) =>
    mayBeFile(option) ? [option.env, `${option.env}_FILE`] : [option.env],
  );
  for (const sentence of misspelt(env, known)) findings.warning(sentence);
  // A certificate tells a broker who is coming, and its file often holds the key as well; a CA is public, but not for all to change.
  for (const name of ['kafkaClientCertPath', 'kafkaClientKeyPath'] as const)
    if (config[name] !== undefined) warnIfOthersRead(OPTIONS[name].env, config[name], true, findings);
  if (config.kafkaCaCertPath !== undefined)
    warnIfOthersWrite(OPTIONS.kafkaCaCertPath.env, config.kafkaCaCertPath, findings);
  for (const [name, option] of Object.entries(OPTIONS) as [OptionName, Option][]) {
    const value = config[name];
    if (option.secret && typeof value === 'string' && value !== value.trim())
      findings.warning(`${option.env} begins or ends with white space, which is taken as part of it.`);
  }
  const host = hostname();
  if (host.length >= 4 && config.kafkaGroupId?.includes(host))
    findings.warning(
      `KAFKA_GROUP_ID contains this machine’s name "${host}": a group that differs per replica makes every replica read everything.`,
    );
}

function lowerFirst(sentence: string): string {
  return sentence.replace(/^[A-Z](?=[a-z]+\b)/, (letter) => letter.toLowerCase()).replace(/\.$/, '');
}
