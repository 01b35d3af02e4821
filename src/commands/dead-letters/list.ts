import { parseArgs } from 'node:util';
import { countLetters, type Letter, listLetters } from '../../sink/letter-store.js';
import { chosenLetters, FILTER_FLAGS } from './arguments.js';
import { type LettersContext, SEARCH_STALL_MS } from './context.js';
import { isoTime, letterJson, placeOf } from './letter-text.js';

const LIMIT_DEFAULT = 50;

/** `dead-letters list`: the newest letters, a line each, and how many there are of each class. */
export function listCommand(argv: string[]): (context: LettersContext) => Promise<number> {
  const { values } = parseArgs({ args: argv, options: { ...FILTER_FLAGS, json: { type: 'boolean', default: false } } });
  const { filter, limit } = chosenLetters([], values, Date.now());
  return async ({ connections }) => {
    const connection = await connections.open('list', { stallTimeoutMs: SEARCH_STALL_MS });
    const letters = await listLetters(connection, filter, Number.isFinite(limit) ? limit : LIMIT_DEFAULT);
    const counts = await countLetters(connection, filter);
    const total = counts.reduce((sum, count) => sum + count.letters, 0);
    if (values.json) {
      const byClass = counts.map((count) => ({
        error_class: count.errorClass,
        status: count.status,
        letters: count.letters,
      }));
      process.stdout.write(`${JSON.stringify({ total, classes: byClass, letters: letters.map(letterJson) })}\n`);
      return 0;
    }
    for (const letter of letters) process.stdout.write(`${lineOf(letter)}\n`);
    const shown = letters.length < total ? `, ${letters.length} of them shown` : '';
    process.stdout.write(`${total} dead letters${shown}\n`);
    for (const { errorClass, status, letters: count } of counts) {
      process.stdout.write(`  ${String(count).padStart(8)}  ${errorClass} (${status})\n`);
    }
    return 0;
  };
}

function lineOf(letter: Letter): string {
  const state = letter.status === 'replayed' ? `replayed ${isoTime(letter.replayedAtMs)}` : triedText(letter);
  const errorClass = letter.lastErrorClass ?? letter.errorClass;
  return `#${letter.id}  ${isoTime(letter.createdAtMs)}  ${placeOf(letter)}  ${errorClass}  ${letter.payloadBytes} bytes  ${state}`;
}

function triedText({ status, attempts }: Letter): string {
  return attempts === 0 ? status : `${status}, tried ${attempts} ${attempts === 1 ? 'time' : 'times'}`;
}
