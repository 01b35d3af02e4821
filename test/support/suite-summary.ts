/** Names of the sums that node's reporters print at the end of a file, in their order. */
const COUNTS = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo'] as const;
export type SuiteCounts = Record<(typeof COUNTS)[number], number>;

const SUMMARY_LINE = new RegExp(`^(?:ℹ|#) (${COUNTS.join('|')}|duration_ms) ([\\d.]+)$`);
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with ESC.
const COLOUR = /\u001b\[[0-9;]*m/g;

/** How the process of a file ended. */
export interface FileEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why it was killed by us. */
  overdue: string | undefined;
  /** Processes it left, a line each. */
  left: string;
}

/** Says what was wrong with an end; undefined if nothing but, at most, tests that failed and are counted. */
export function failedFile({ code, signal, overdue, left }: FileEnd): string | undefined {
  if (overdue !== undefined) return overdue;
  if (signal !== null) return `was ended by ${signal}`;
  if (left !== '') return `left processes behind\n${left}`;
  return code === 0 ? undefined : `ended with ${code}`;
}

/** Sums what node's test runner says at the end of each file, and keeps the files that failed. */
export class SuiteSummary {
  readonly counts = Object.fromEntries(COUNTS.map((name) => [name, 0])) as SuiteCounts;
  readonly #failed: string[] = [];
  readonly #started = performance.now();

  /** Takes a file's whole output and what was wrong with its end; returns what to print of it: all but its own sums. */
  add(file: string, output: string, fault: string | undefined): string {
    const kept: string[] = [];
    const counts: Partial<SuiteCounts> = {};
    for (const line of output.split('\n')) {
      const [, name, count] = SUMMARY_LINE.exec(line.replace(COLOUR, '').trimEnd()) ?? [];
      if (name === undefined) kept.push(line);
      else if (name !== 'duration_ms') counts[name as keyof SuiteCounts] = Number(count);
    }
    for (const name of COUNTS) this.counts[name] += counts[name] ?? 0;
    const told = (counts.fail ?? 0) + (counts.cancelled ?? 0);
    // A file that broke outside of its tests has failed whatever they say; one that ran none has not been tested.
    const broken = fault !== undefined && (told === 0 || !fault.startsWith('ended with'));
    const empty = !broken && counts.tests === undefined;
    if (broken || empty) {
      this.counts.tests += 1;
      this.counts.fail += 1;
    }
    const reason = broken ? fault : empty ? 'told no sums' : undefined;
    if (told > 0 || reason !== undefined) this.#failed.push(`${file}${reason === undefined ? '' : `: ${reason}`}`);
    const said = reason === undefined ? '' : `✖ ${file} ${reason}\n`;
    return `${kept.join('\n').trimEnd()}\n${said}`;
  }

  print(): string {
    const files = this.#failed.map((line) => `✖ ${line}\n`).join('');
    const sums = COUNTS.map((name) => `ℹ ${name} ${this.counts[name]}\n`).join('');
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(0);
    return `\n${files === '' ? '' : `Files that failed:\n${files}\n`}${sums}ℹ seconds ${seconds}\n`;
  }
}
