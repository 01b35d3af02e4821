import type { Figure } from './figures.js';
import type { Table } from './table.js';
import { number, percent } from './table.js';

export interface Comparison {
  readonly name: string;
  readonly unit: string;
  readonly before: number;
  readonly after: number;
  /** after / before. */
  readonly ratio: number;
  /** Spreads of both, added up; null where neither has one. */
  readonly spread: number | null;
  /** By how much it got worse, as a share; negative where it got better. */
  readonly worseBy: number;
  readonly verdict: 'worse' | 'better' | 'same';
}

/**
 * Figures that both runs have. One is worse, or better, where it moved by more than `tolerance` and by more than both runs'
 * spread: a change within the spread is none.
 */
export function compareFigures(before: readonly Figure[], after: readonly Figure[], tolerance: number): Comparison[] {
  const others = new Map(after.map((figure) => [figure.name, figure]));
  return before.flatMap((one) => {
    const other = others.get(one.name);
    if (other === undefined || one.value === 0) return [];
    const ratio = other.value / one.value;
    const spread = one.spread === null && other.spread === null ? null : (one.spread ?? 0) + (other.spread ?? 0);
    const worseBy = one.better === 'higher' ? 1 / ratio - 1 : ratio - 1;
    const counts = Math.abs(worseBy) > Math.max(tolerance, spread ?? 0);
    const verdict = !counts ? 'same' : worseBy > 0 ? 'worse' : 'better';
    return [{ name: one.name, unit: one.unit, before: one.value, after: other.value, ratio, spread, worseBy, verdict }];
  });
}

export function comparisonTable(comparisons: readonly Comparison[], tolerance: number): Table {
  const counted = (verdict: Comparison['verdict']): number =>
    comparisons.filter((comparison) => comparison.verdict === verdict).length;
  return {
    title: 'Compared',
    head: ['figure', 'before', 'after', 'unit', 'ratio', 'spread', ''],
    rows: comparisons.map(({ name, before, after, unit, ratio, spread, verdict }) => [
      name,
      number(before),
      number(after),
      unit,
      ratio.toFixed(3),
      percent(spread),
      verdict === 'same' ? '' : verdict,
    ]),
    note: `${counted('worse')} worse, ${counted('better')} better, ${counted('same')} the same within ${tolerance * 100} % or their spread.`,
  };
}
