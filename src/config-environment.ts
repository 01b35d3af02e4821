import { readFileSync, type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { Option, Report } from './config-option.js';
import { whyUnreadable } from './config-read.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Above this a secret’s file is taken for a mistake. */
const SECRET_FILE_BYTES_MAX = 65_536;

/**
 * The environment with `.env` of the directory below it: what is really set wins, and an empty text counts as not set. One
 * with any of `secrets` in it that others may read is worth a word.
 */
export function withDotEnv(
  env: Environment,
  directory: string,
  secrets: readonly string[],
  report: Report,
): Environment {
  const merged: Record<string, string | undefined> = Object.create(null);
  const path = resolve(directory, '.env');
  try {
    Object.assign(merged, parseEnv(readFileSync(path, 'utf8')));
    warnIfOthersRead(
      '.env',
      path,
      secrets.some((name) => merged[name]),
      report,
    );
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      report.problem('.env', path, `a file that can be read (${code ?? error})`);
  }
  for (const [name, value] of Object.entries(env)) if (value !== undefined && value !== '') merged[name] = value;
  return merged;
}

/**
 * The text of an option: of NAME, or for a secret what stands in the file that NAME_FILE names, without its last line
 * end. Undefined where neither is given, or what is given cannot be used (and was reported).
 */
export function textOf(option: Option, env: Environment, directory: string, report: Report): string | undefined {
  const { env: name } = option;
  const text = env[name] || undefined;
  const fileName = mayBeFile(option) ? env[`${name}_FILE`] || undefined : undefined;
  if (fileName === undefined) return text;
  if (text !== undefined) {
    report.problem(name, text, `only one of ${name} and ${name}_FILE; both are given`);
    return undefined;
  }
  const path = resolve(directory, fileName);
  const unreadable = whyUnreadable(path);
  if (unreadable !== null) {
    report.problem(`${name}_FILE`, fileName, `a file that can be read (${unreadable})`);
    return undefined;
  }
  warnIfOthersRead(`${name}_FILE`, path, option.secret === true, report);
  return contentOf(`${name}_FILE`, path, report);
}

function contentOf(name: string, path: string, report: Report): string | undefined {
  try {
    if (statSync(path).size <= SECRET_FILE_BYTES_MAX) {
      const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
      if (text !== '') return text;
      report.problem(name, path, 'a file that is not empty');
    } else report.problem(name, path, `a file of at most ${SECRET_FILE_BYTES_MAX} bytes`);
  } catch (error) {
    report.problem(name, path, `a file that can be read (${(error as NodeJS.ErrnoException).code ?? error})`);
  }
  return undefined;
}

export function mayBeFile(option: Option): boolean {
  return option.secret === true || option.fromFile === true;
}

/** A key or a secret that group or others may read is worth a word. */
export function warnIfOthersRead(env: string, path: string, secret: boolean, report: Report): void {
  if (secret) warnOfMode(env, path, 0o077, 'read or written', '600', report);
}

/** What others may change, they may put their own in place of. */
export function warnIfOthersWrite(env: string, path: string, report: Report): void {
  warnOfMode(env, path, 0o022, 'written', '644', report);
}

function warnOfMode(env: string, path: string, mask: number, what: string, wanted: string, report: Report): void {
  try {
    const stat = statSync(path);
    const mode = stat.mode & 0o777;
    if ((mode & mask & ~groupThatServesUs(stat)) === 0) return;
    const shown = mode.toString(8).padStart(4, '0');
    report.warning(`${env}: ${path} may be ${what} by group or others (mode ${shown}); chmod ${wanted} ${path}`);
  } catch {
    // Whoever opens it will say what is wrong with it.
  }
}

/**
 * Of a file that is another’s, the right of its group to read is what lets us read it: a Secret in Kubernetes is root’s, and its group is
 * the pod’s.
 */
function groupThatServesUs({ uid, gid }: Stats): number {
  const ours = [process.getegid?.(), ...(process.getgroups?.() ?? [])].includes(gid);
  return ours && uid !== process.geteuid?.() ? 0o040 : 0;
}
