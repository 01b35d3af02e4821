/** One sample of a series: seconds since the start, and what was read. */
export interface Point {
  readonly seconds: number;
  readonly value: number;
}

export interface GrowthRule {
  /**
   * What stands for a block of samples: the lowest of a figure that rises between collections and falls with them, the
   * middle of one that only jitters.
   */
  readonly block: 'lowest' | 'middle';
  /** Growth over the whole span that nobody minds, in the series' unit. */
  readonly tolerance: number;
  /** ... as a share of the series' own level, where that is more. */
  readonly toleranceShare?: number;
}

export interface Growth {
  readonly samples: number;
  /** Middle of the series. */
  readonly level: number;
  readonly slopePerHour: number;
  /** By the slope, over the span of the samples. */
  readonly grown: number;
  /** What `grown` must exceed to count. */
  readonly noise: number;
  readonly grows: boolean;
}

const BLOCKS_MAX = 24;
export const SAMPLES_MIN = 8;
/** Of a normal distribution's deviation in its median absolute deviation. */
const MAD_TO_SIGMA = 1.4826;
/** Growth within so many deviations of what lies about the line is noise. */
const SIGMAS = 3;
/** Two-sided 99 %. */
const CONFIDENCE_Z = 2.576;
/** What only fills up levels off: a leak goes on at this share of its slope in the second half, at the least. */
const LATE_SHARE = 0.25;

/**
 * Whether a series grows: its slope (Theil–Sen, the median of the slopes between all pairs, which one outlier in four does
 * not move) is above nought with 99 % confidence (Sen 1968), amounts to more over the span than the tolerance and than three
 * deviations of what lies about the line, and goes on in the second half. Throws RangeError where there is too little to say.
 */
export function growthOf(points: readonly Point[], rule: GrowthRule): Growth {
  if (points.length < SAMPLES_MIN) throw new RangeError(`${points.length} samples tell nothing of growth`);
  const blocks = blocksOf(points, rule.block);
  const values = blocks.map(({ value }) => value);
  const level = middle(values);
  const slope = theilSen(blocks);
  const span = (points.at(-1) as Point).seconds - (points[0] as Point).seconds;
  const grown = slope.perSecond * span;
  const offset = middle(blocks.map(({ seconds, value }) => value - slope.perSecond * seconds));
  const residuals = blocks.map(({ seconds, value }) => Math.abs(value - slope.perSecond * seconds - offset));
  const tolerance = Math.max(rule.tolerance, Math.abs(level) * (rule.toleranceShare ?? 0));
  const noise = Math.max(tolerance, SIGMAS * MAD_TO_SIGMA * middle(residuals));
  const late = theilSen(blocks.slice(blocks.length >> 1)).perSecond;
  const grows = slope.lowPerSecond > 0 && grown > noise && late >= LATE_SHARE * slope.perSecond;
  return { samples: points.length, level, slopePerHour: slope.perSecond * 3_600, grown, noise, grows };
}

/** Joins neighbours to a few dozen points, which stand for themselves better than samples in the same collection cycle do. */
function blocksOf(points: readonly Point[], kind: GrowthRule['block']): Point[] {
  const count = Math.min(BLOCKS_MAX, Math.max(SAMPLES_MIN, Math.floor(points.length / 4)));
  return Array.from({ length: count }, (_, i) => {
    const block = points.slice(Math.floor((i * points.length) / count), Math.floor(((i + 1) * points.length) / count));
    const values = block.map(({ value }) => value);
    return {
      seconds: middle(block.map(({ seconds }) => seconds)),
      value: kind === 'lowest' ? Math.min(...values) : middle(values),
    };
  });
}

interface Slope {
  readonly perSecond: number;
  /** Lower end of the confidence interval. */
  readonly lowPerSecond: number;
}

/** Sen (1968), Estimates of the regression coefficient based on Kendall's tau. */
function theilSen(points: readonly Point[]): Slope {
  const slopes: number[] = [];
  points.forEach((one, i) => {
    for (const other of points.slice(i + 1)) {
      if (other.seconds !== one.seconds) slopes.push((other.value - one.value) / (other.seconds - one.seconds));
    }
  });
  slopes.sort((one, other) => one - other);
  const n = points.length;
  const spread = CONFIDENCE_Z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const low = slopes[Math.max(0, Math.floor((slopes.length - spread) / 2))] ?? 0;
  return { perSecond: middle(slopes), lowPerSecond: low };
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? upper) + upper) / 2;
}
