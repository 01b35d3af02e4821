/** Where things stand in a chart. Pure. */

/** Values for about `count` lines from 0 to above `max`: 1, 2 or 5 times a power of ten apart. */
export function niceTicks(max, count) {
  if (!(max > 0)) return [0, 1];
  const rough = max / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const ticks = [];
  for (let i = 0; (i - 1) * step < max; i += 1) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/** First and last moment of the axis: all the points, at least `minMs` and at most `maxMs` of time. */
export function timeSpan(points, nowMs, minMs, maxMs) {
  const first = points.length === 0 ? nowMs : points[0][0];
  const width = Math.min(maxMs, Math.max(minMs, nowMs - first));
  return { from: nowMs - width, to: nowMs };
}

/** Stretches of points without a hole in them: one where the value is null, or where nothing came for `gapMs`. */
export function stretches(points, column, gapMs) {
  const found = [];
  let open = [];
  let before = null;
  for (const point of points) {
    const value = point[column];
    if (open.length > 0 && (value === null || point[0] - before > gapMs)) {
      found.push(open);
      open = [];
    }
    if (value !== null) open.push([point[0], value]);
    before = point[0];
  }
  if (open.length > 0) found.push(open);
  return found;
}

/** The point nearest to a moment, null where there is none. */
export function nearest(points, atMs) {
  let best = null;
  for (const point of points) if (best === null || Math.abs(point[0] - atMs) <= Math.abs(best[0] - atMs)) best = point;
  return best;
}

/** What a chart shows, in a sentence, for whoever cannot see it. */
export function chartSummary(name, points, column, format) {
  const values = points.map((point) => point[column]).filter((value) => value !== null);
  if (values.length === 0) return `${name}: nothing yet`;
  const last = values[values.length - 1];
  return `${name}: now ${format(last)}, between ${format(Math.min(...values))} and ${format(Math.max(...values))} in what is shown`;
}
