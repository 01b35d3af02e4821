import type { BenchContext } from '../context.js';
import { median } from '../statistics.js';
import { number, percent } from '../table.js';

/** What one run of a case got through. */
export interface Work {
  readonly bytes: number;
  readonly items: number;
}

export interface Case {
  /** Last part of the figure's name. */
  readonly key: string;
  /** For the table. */
  readonly name: string;
  /** Case it is to be held against in the table; the group's first where absent. */
  readonly against?: string;
  /** `round` chooses the data, so that no round meets what the one before left warm. */
  run(round: number): Work | Promise<Work>;
}

export interface Group {
  /** Middle part of the figures' names. */
  readonly key: string;
  readonly title: string;
  /** What `Work.items` counts, in the singular. */
  readonly item: string;
  readonly cases: readonly Case[];
  /** Every timed run comes right after one of the same case on the next round's data: it pays for nobody else's garbage and caches. */
  readonly runsIn?: boolean;
  readonly note?: string;
}

export interface Rounds {
  /** Rounds at least before any is measured. */
  readonly warmup: number;
  /** Items that every case must have got through by then: what is compiled late must not be measured half compiled. */
  readonly warmupItems?: number;
  readonly measured: number;
}

/** Rounds of warming up where one has `items`. */
export function warmupRounds({ warmup, warmupItems = 0 }: Rounds, items: number): number {
  return Math.max(warmup, Math.ceil(warmupItems / Math.max(1, items)));
}

/** Of one case, a value per round. */
export interface Measured {
  readonly nsPerItem: readonly number[];
  readonly mbPerSecond: readonly number[];
}

/**
 * Runs all cases of a group round by round, one after the other, so that whatever slows the machine down slows all of them;
 * a later round begins with another case. Adds figures and a table.
 */
export async function runGroup(context: BenchContext, group: Group, rounds: Rounds): Promise<Map<string, Measured>> {
  const measured = new Map(
    group.cases.map(({ key }) => [key, { nsPerItem: [] as number[], mbPerSecond: [] as number[] }]),
  );
  let warmup = rounds.warmup;
  for (let round = 0; round < warmup + rounds.measured; round++) {
    for (let place = 0; place < group.cases.length; place++) {
      const one = group.cases[(place + round) % group.cases.length]!;
      if (group.runsIn) await one.run(round + 1);
      const startedMs = performance.now();
      const { bytes, items } = await one.run(round);
      const ms = performance.now() - startedMs;
      if (round === 0) warmup = Math.max(warmup, warmupRounds(rounds, items));
      if (round < warmup) continue;
      measured.get(one.key)!.nsPerItem.push((ms * 1e6) / items);
      measured.get(one.key)!.mbPerSecond.push(bytes / 1e3 / ms);
    }
  }
  report(context, group, measured);
  return measured;
}

function report(context: BenchContext, group: Group, measured: ReadonlyMap<string, Measured>): void {
  const { figures } = context;
  const first = group.cases[0]!.key;
  context.table({
    title: group.title,
    head: ['', 'MB/s', `${group.item}s/s`, `ns per ${group.item}`, 'spread', '× the engine’s'],
    rows: group.cases.map(({ key, name, against = first }) => {
      const { nsPerItem, mbPerSecond } = measured.get(key)!;
      const ns = figures.add(`micro.${group.key}.${key}.ns`, nsPerItem, `ns/${group.item}`, 'lower');
      const mb = figures.add(`micro.${group.key}.${key}.mb_s`, mbPerSecond, 'MB/s', 'higher');
      return [
        name,
        number(mb.value),
        number(1e9 / ns.value),
        number(ns.value),
        percent(ns.spread),
        number(ns.value / median(measured.get(against)!.nsPerItem)),
      ];
    }),
    ...(group.note === undefined ? {} : { note: group.note }),
  });
}

/** `one` divided by `other`, round by round. */
export function ratios(one: readonly number[], other: readonly number[]): number[] {
  return one.map((value, round) => value / other[round]!);
}
