import { type Growth, type GrowthRule, growthOf, type Point } from './growth.js';

const MB = 1_000_000;

interface Series extends GrowthRule {
  readonly unit: 'bytes' | 'ms' | '';
  /** Fewer samples than a verdict needs are no fault: a short run has few windows of latency. */
  readonly mayBeShort?: boolean;
}

/** What is watched, and how much of growth nobody minds: of memory what an allocator may keep for itself, of counts a few. */
export const SERIES = {
  rss: { unit: 'bytes', block: 'lowest', tolerance: 24 * MB },
  heapUsed: { unit: 'bytes', block: 'lowest', tolerance: 4 * MB },
  external: { unit: 'bytes', block: 'lowest', tolerance: 8 * MB },
  files: { unit: '', block: 'middle', tolerance: 3 },
  threads: { unit: '', block: 'middle', tolerance: 2 },
  handles: { unit: '', block: 'middle', tolerance: 3 },
  listeners: { unit: '', block: 'middle', tolerance: 10 },
  connections: { unit: '', block: 'middle', tolerance: 1.5 },
  latencyP99: { unit: 'ms', block: 'middle', tolerance: 50, toleranceShare: 0.5, mayBeShort: true },
} as const satisfies Record<string, Series>;

export type SeriesName = keyof typeof SERIES;

export type Samples = Readonly<Partial<Record<SeriesName, readonly Point[]>>>;

export interface SeriesVerdict extends Growth {
  readonly name: SeriesName;
  readonly unit: Series['unit'];
}

/** A verdict on each series that was sampled. */
export function verdicts(samples: Samples): SeriesVerdict[] {
  return (Object.keys(SERIES) as SeriesName[]).flatMap((name) => {
    const rule: Series = SERIES[name];
    const points = samples[name] ?? [];
    try {
      return [{ name, unit: rule.unit, ...growthOf(points, rule) }];
    } catch (error) {
      if (error instanceof RangeError && rule.mayBeShort === true) return [];
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
    }
  });
}

/** A line for people. */
export function verdictLine({ name, unit, samples, level, grown, noise, slopePerHour, grows }: SeriesVerdict): string {
  const shown = (value: number): string => {
    if (unit === 'bytes') return `${(value / MB).toFixed(1)} MB`;
    return `${Number.isInteger(value) ? value : value.toFixed(1)}${unit === '' ? '' : ` ${unit}`}`;
  };
  const figures = [name.padEnd(12), String(samples).padStart(4), shown(level).padStart(10), shown(grown).padStart(9)];
  const verdict = grows ? `GROWS by ${shown(grown)}, ${shown(slopePerHour)} an hour` : 'ok';
  return `${figures.join('  ')}  ${shown(noise).padStart(9)}  ${verdict}`;
}

export const VERDICT_HEAD = `${'series'.padEnd(12)}  samples  level      growth     noise`;
