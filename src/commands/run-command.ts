import { EngineError, messageOf } from '../errors.js';
import { redactText } from '../observe/redact.js';
import { type COMMANDS, commandHelp, isCommand, overview } from './help.js';
import { libraryError } from './libraries.js';
import { version } from './version.js';

/** Exit codes of every command: what was asked is wrong, or it went wrong. */
export const EXIT_USAGE = 2;
export const EXIT_FAILURE = 1;

/**
 * Runs one command line to its exit code. The command's file is loaded only now, so that a library it cannot load
 * stops that command and no other.
 */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined) return usage(overview());
  if (name === '--help' || name === '-h' || name === 'help') return helpFor(rest[0]);
  if (name === '--version' || name === '-v') return print(version());
  if (!isCommand(name)) return usage(`There is no command ${JSON.stringify(name)}.\n\n${overview()}`);
  const flags = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  if (flags.includes('--help') || flags.includes('-h')) return print(commandHelp(name));
  process.title = `solana-trades-engine ${name}`;
  process.once('uncaughtException', crash);
  try {
    const module: Record<string, unknown> = await import(`./${name}.js`);
    const command = module[exportedName(name)] as (argv: string[]) => Promise<number>;
    return await command(rest);
  } catch (error) {
    return failure(name, error);
  }
}

/** `dead-letters` is the function deadLetters of dead-letters.ts. */
function exportedName(command: string): string {
  return command.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function helpFor(name: string | undefined): number {
  if (name === undefined) return print(overview());
  return isCommand(name) ? print(commandHelp(name)) : usage(`There is no command ${JSON.stringify(name)}.`);
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function usage(text: string): number {
  process.stderr.write(`${text}\n`);
  return EXIT_USAGE;
}

function failure(name: keyof typeof COMMANDS, error: unknown): number {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS_'))
    return usage(`${messageOf(error)}\n\n${commandHelp(name)}`);
  const known = error instanceof EngineError ? error : libraryError(error);
  if (known?.code === 'CONFIG_INVALID') return usage(redactText(known.message));
  process.stderr.write(`${redactText(known === null ? stackOf(error) : `${known.code}: ${known.message}`)}\n`);
  return EXIT_FAILURE;
}

/** What Node itself prints of an error shows every field of it, and so what a library keeps there. */
function crash(error: unknown): never {
  process.stderr.write(`${redactText(stackOf(error))}\n`);
  process.exit(EXIT_FAILURE);
}

/** An error nobody foresaw is worth its stack, and those of its causes. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return messageOf(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
