import { type Candidate, costOf, describe, PRICES } from './grid.js';
import { LOADS } from './loads.js';
import { type Outcome, type Settings, simulate } from './simulate.js';

const BEGIN = '<!-- tables -->';
const END = '<!-- /tables -->';

export interface Ranked extends Candidate {
  readonly cost: number;
}

/** docs/autoscaling.md with its tables replaced. */
export function withTables(page: string, tables: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`The page has no ${BEGIN} … ${END}.`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${tables}\n\n${page.slice(end)}`;
}

/** Load by load, each setting’s outcome; the mean of the seeds. */
export function loadTable(settings: readonly (readonly [name: string, Settings])[], seeds: readonly number[]): string {
  const rows = LOADS.flatMap((load) =>
    settings.map(([name, one]) => {
      const outcomes = seeds.map((seed) => simulate(one, load, seed));
      const mean = (of: (outcome: Outcome) => number): number =>
        outcomes.reduce((sum, outcome) => sum + of(outcome), 0) / seeds.length;
      return [
        load.name,
        name,
        round(mean(({ staleMinutes }) => staleMinutes)),
        round(mean(({ lateMinutes }) => lateMinutes)),
        round(mean(({ worstAgeSeconds }) => worstAgeSeconds)),
        round(mean(({ extraPodMinutes }) => extraPodMinutes)),
        round(mean(({ changes }) => changes)),
        round(mean(({ flaps }) => flaps)),
        round(mean(costOf)),
      ];
    }),
  );
  const head = [
    'load',
    'autoscaler',
    'min. stale',
    'min. late',
    'worst, s',
    'engine min. more',
    'changes',
    'undone',
    'cost',
  ];
  return table(head, rows);
}

export function rankTable(
  ranked: readonly Ranked[],
  shipped: Settings,
  others: readonly (readonly [string, number])[],
): string {
  const place = ranked.findIndex(({ name }) => name === describe(shipped));
  const rows = ranked
    .map(({ name, cost }, at) => [String(at + 1), at === place ? `**${name}**` : name, round(cost)])
    .filter((_, at) => at < 10 || at === place || at === ranked.length - 1);
  return table(['place', 'settings', 'cost'], [...rows, ...others.map(([name, cost]) => ['', name, round(cost)])]);
}

export function priceSentence(): string {
  const { staleMinute, lateMinute, extraPodMinute, change, flap } = PRICES;
  return `Cost: ${staleMinute} a minute stale, ${lateMinute} more a minute late, ${extraPodMinute} a minute of an engine beyond the fewest, ${change} a change, ${flap} a change undone.`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function round(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
