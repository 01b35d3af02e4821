import { parseArgs } from 'node:util';
import { EngineError } from '../../errors.js';
import { type LetterOutcome, LetterReplayer } from '../../sink/letter-replay.js';
import { openLetterIds } from '../../sink/letter-store.js';
import { SolVolumes } from '../../sink/sol-volume.js';
import { chosenLetters, FILTER_FLAGS } from './arguments.js';
import { type LettersContext, SEARCH_STALL_MS } from './context.js';
import { LetterDecoder } from './decode-letter.js';
import { printable } from './letter-text.js';

/** Letters asked for at a time: a list of millions of ids is never held. */
const PAGE = 10_000;

/** `dead-letters replay`: lands what can be landed by now, each letter once and for all. */
export function replayCommand(argv: string[]): (context: LettersContext) => Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      ...FILTER_FLAGS,
      all: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const { filter, limit, everything } = chosenLetters(positionals, values, Date.now());
  if (everything && !values.all) {
    throw new EngineError(
      'CONFIG_INVALID',
      'dead-letters replay wants ids or filters; --all takes every letter that is open',
    );
  }
  return async ({ config, connections }) => {
    const asking = await connections.open('list', { stallTimeoutMs: SEARCH_STALL_MS });
    const decoder = new LetterDecoder(config);
    const volumes = new SolVolumes();
    const replayer = new LetterReplayer(connections, (letter, connection) =>
      decoder.decode(letter, (slot) => volumes.near(connection, slot)),
    );
    const report = new ReplayReport(values.json);
    try {
      // Those named by id are told of one by one, also where nothing is to be done any more.
      const ids = filter.ids === null ? openIds() : filter.ids.slice(0, limit);
      for await (const id of ids) report.add(id, await replayer.replay(id));
    } finally {
      await replayer.close();
      await decoder.close();
    }
    return report.end();

    async function* openIds(): AsyncGenerator<number> {
      let left = limit;
      let after = 0;
      for (;;) {
        const page = await openLetterIds(asking, filter, Math.min(PAGE, left), after);
        yield* page;
        left -= page.length;
        after = page.at(-1) ?? after;
        if (page.length < PAGE || left === 0) return;
      }
    }
  };
}

/** Tells what became of each letter and of all. */
class ReplayReport {
  readonly #json: boolean;
  readonly #letters: Record<string, unknown>[] = [];
  readonly #counts = { replayed: 0, failed: 0, done: 0, gone: 0, rows: 0, duplicates: 0 };

  constructor(json: boolean) {
    this.#json = json;
  }

  add(id: number, outcome: LetterOutcome): void {
    this.#counts[outcome.kind === 'partly' ? 'failed' : outcome.kind] += 1;
    if ('rows' in outcome) {
      this.#counts.rows += outcome.rows;
      this.#counts.duplicates += outcome.duplicates;
    }
    if (this.#json) {
      const { kind, ...rest } = outcome;
      const { errorClass, errorText, ...counts } = { errorClass: undefined, errorText: undefined, ...rest };
      this.#letters.push({ id, outcome: kind, ...counts, error_class: errorClass, error_text: errorText });
    } else process.stdout.write(`#${id}  ${sentence(outcome)}\n`);
  }

  /** The exit code: 1 where a letter is still open. */
  end(): number {
    const counts = this.#counts;
    if (this.#json) process.stdout.write(`${JSON.stringify({ ...counts, letters: this.#letters })}\n`);
    else {
      const others = counts.done + counts.gone === 0 ? '' : `, ${counts.done + counts.gone} had been dealt with`;
      process.stdout.write(
        `${counts.replayed} replayed with ${counts.rows} trades (${counts.duplicates} were there already), ${counts.failed} still open${others}\n`,
      );
    }
    return counts.failed === 0 ? 0 : 1;
  }
}

function sentence(outcome: LetterOutcome): string {
  switch (outcome.kind) {
    case 'replayed':
      return `replayed: ${outcome.rows} trades, ${outcome.duplicates} were there already`;
    case 'partly':
      return `partly: ${outcome.rows} trades landed; still open: ${outcome.errorClass}, ${printable(outcome.errorText)}`;
    case 'failed':
      return `still open: ${outcome.errorClass}, ${printable(outcome.errorText)}`;
    case 'done':
      return 'was replayed before';
    case 'gone':
      return 'there is no such letter';
  }
}
