import { parseArgs } from 'node:util';
import { EngineError } from '../../errors.js';
import { countLetters, type LetterFilter, purgeLetters } from '../../sink/letter-store.js';
import { chosenLetters, FILTER_FLAGS, timeOf } from './arguments.js';
import { type LettersContext, SEARCH_STALL_MS } from './context.js';

const LETTERS_MAX = 2 ** 53 - 1;

/** `dead-letters purge`: removes letters that are done with, and open ones only where told so. */
export function purgeCommand(argv: string[]): (context: LettersContext) => Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      ...FILTER_FLAGS,
      'older-than': { type: 'string' },
      open: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const nowMs = Date.now();
  const chosen = chosenLetters(positionals, values, nowMs);
  const older = values['older-than'];
  const beforeMs = older === undefined ? null : timeOf('--older-than', older, nowMs);
  const dryRun = values['dry-run'];
  if (values.yes === dryRun) {
    throw new EngineError(
      'CONFIG_INVALID',
      'dead-letters purge wants either --dry-run, to see what would go, or --yes, to remove it',
    );
  }
  if (values.status === 'new' && !values.open) {
    throw new EngineError('CONFIG_INVALID', '--status new: letters that are open are removed with --open only');
  }
  const filter: LetterFilter = { ...chosen.filter, beforeMs };
  return async ({ connections }) => {
    const connection = await connections.open('purge', { stallTimeoutMs: SEARCH_STALL_MS });
    const counts = await countLetters(connection, filter);
    const count = (open: boolean) =>
      counts.reduce((sum, { status, letters }) => sum + ((status !== 'replayed') === open ? letters : 0), 0);
    const limit = Math.min(chosen.limit, LETTERS_MAX);
    const removable = Math.min(limit, count(false) + (values.open ? count(true) : 0));
    const removed = dryRun ? 0 : await purgeLetters(connection, filter, limit, values.open);
    const kept = values.open ? 0 : count(true);
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ dry_run: dryRun, removable, removed, open_kept: kept })}\n`);
    } else {
      const what = dryRun ? `${removable} dead letters would be removed` : `${removed} dead letters removed`;
      process.stdout.write(`${what}${kept === 0 ? '' : `; ${kept} are open and stay (--open removes them too)`}\n`);
    }
    return 0;
  };
}
