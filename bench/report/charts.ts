import type { Chart } from '../results.js';
import { number } from '../table.js';
import { escapeHtml } from './escape.js';

const WIDTH = 640;
const HEIGHT = 300;
const LEFT = 64;
const RIGHT = 16;
const TOP = 14;
const BOTTOM = 44;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;
const TICKS = 5;
const COLOURS = 6;
const POINTS_MAX = 500;
/** Above the highest point, for what is written over it. */
const HEADROOM = 1.08;

interface Scale {
  /** Pixel of a value. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** A chart as a figure element with inline SVG; colours come from the page's style. */
export function chartHtml(chart: Chart): string {
  const drawn = chart.kind === 'bars' ? bars(chart) : lines(chart);
  const legend = chart.series
    .map(({ name }, place) => `<span class="key k${place % COLOURS}">${escapeHtml(name)}</span>`)
    .join(' ');
  const note = chart.note === undefined ? '' : `<p class="note">${escapeHtml(chart.note)}</p>`;
  return `<figure><figcaption>${escapeHtml(chart.title)}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(chart.title)}">${drawn}</svg>
<p class="legend">${legend}</p>${note}</figure>`;
}

function lines(chart: Chart): string {
  const points = chart.series.flatMap((series) => series.points);
  const x = scale(
    points.map(([value]) => value),
    LEFT,
    LEFT + PLOT_WIDTH,
    chart.logX === true,
    false,
  );
  const y = scale(
    points.map(([, value]) => value),
    TOP + PLOT_HEIGHT,
    TOP,
    chart.logY === true,
    true,
  );
  const paths = chart.series.map(({ points: all }, place) => {
    const drawn = thinned(all).map(([px, py]) => `${x.at(px).toFixed(1)},${y.at(py).toFixed(1)}`);
    const dots = all.length > 12 ? '' : drawn.map((at) => dot(at, place)).join('');
    return `<polyline class="l k${place % COLOURS}" points="${drawn.join(' ')}"/>${dots}`;
  });
  const xTicks = x.ticks.map((value) => {
    const at = x.at(value).toFixed(1);
    return `<line class="g" x1="${at}" x2="${at}" y1="${TOP}" y2="${TOP + PLOT_HEIGHT}"/>${text(at, TOP + PLOT_HEIGHT + 16, tickText(value), 'middle')}`;
  });
  return `${xTicks.join('')}${yAxis(y)}${paths.join('')}${axisNames(chart)}`;
}

function dot(at: string, place: number): string {
  const [x, y] = at.split(',');
  return `<circle class="d k${place % COLOURS}" cx="${x}" cy="${y}" r="3"/>`;
}

/** Series stand beside one another at each place. */
function bars(chart: Chart): string {
  const values = chart.series.flatMap((series) => series.points.map(([, value]) => value));
  const y = scale(values, TOP + PLOT_HEIGHT, TOP, chart.logY === true, true);
  const labels = chart.series[0]?.labels ?? [];
  const places = Math.max(1, ...chart.series.map(({ points }) => points.length));
  const slot = PLOT_WIDTH / places;
  const bar = Math.min((slot * 0.8) / chart.series.length, 60);
  const drawn = chart.series.flatMap(({ points }, place) =>
    points.map(([, value], index) => {
      const left = LEFT + slot * (index + 0.5) + bar * (place - chart.series.length / 2);
      const top = y.at(value);
      const height = Math.max(TOP + PLOT_HEIGHT - top, 0);
      const box = `x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${(bar * 0.94).toFixed(1)}" height="${height.toFixed(1)}"`;
      return `<rect class="b k${place % COLOURS}" ${box}><title>${number(value)}</title></rect>${text(left + bar / 2, top - 3, number(value), 'middle')}`;
    }),
  );
  const names = labels.map((label, index) =>
    text(LEFT + slot * (index + 0.5), TOP + PLOT_HEIGHT + 16, label, 'middle'),
  );
  return `${yAxis(y)}${drawn.join('')}${names.join('')}${axisNames(chart)}`;
}

function yAxis(y: Scale): string {
  return y.ticks
    .map((value) => {
      const at = y.at(value).toFixed(1);
      return `<line class="g" x1="${LEFT}" x2="${LEFT + PLOT_WIDTH}" y1="${at}" y2="${at}"/>${text(LEFT - 6, Number(at) + 4, tickText(value), 'end')}`;
    })
    .join('');
}

function axisNames(chart: Chart): string {
  const middle = TOP + PLOT_HEIGHT / 2;
  return `${text(LEFT + PLOT_WIDTH / 2, HEIGHT - 8, chart.x, 'middle')}<text class="t" transform="rotate(-90 12 ${middle})" x="12" y="${middle}" text-anchor="middle">${escapeHtml(chart.y)}</text>`;
}

function tickText(value: number): string {
  return Number(value.toPrecision(6)).toLocaleString('en-US', { maximumFractionDigits: 6 });
}

function text(x: number | string, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text class="t" x="${x}" y="${y}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;
}

function scale(values: readonly number[], from: number, to: number, log: boolean, fromZero: boolean): Scale {
  const usable = log ? values.filter((value) => value > 0) : values;
  const low =
    !log && fromZero ? Math.min(0, ...usable) : usable.reduce((least, value) => Math.min(least, value), Infinity);
  const high = usable.reduce((most, value) => Math.max(most, value), -Infinity);
  const top = fromZero && !log ? high * HEADROOM : high;
  const [start, end] = Number.isFinite(low) && top > low ? [low, top] : [log ? 1 : 0, Math.max(high, 1) || 1];
  const toUnit = log ? Math.log10 : (value: number): number => value;
  const span = toUnit(end) - toUnit(start) || 1;
  const at = (value: number): number =>
    from + ((toUnit(log ? Math.max(value, start) : value) - toUnit(start)) / span) * (to - from);
  return { at, ticks: log ? decades(start, end) : round(start, end) };
}

function decades(start: number, end: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(start)); power <= Math.ceil(Math.log10(end)); power++) {
    for (const digit of [1, 2, 5]) {
      const tick = digit * 10 ** power;
      if (tick >= start && tick <= end) ticks.push(tick);
    }
  }
  return ticks.length > 12 ? ticks.filter((tick) => Number.isInteger(Math.log10(tick))) : ticks;
}

function round(start: number, end: number): number[] {
  const rough = (end - start) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((candidate) => candidate >= rough) ?? rough;
  const ticks: number[] = [];
  for (let tick = Math.ceil(start / step) * step; tick <= end + step / 1e6; tick += step) ticks.push(tick);
  return ticks;
}

function thinned(points: Chart['series'][number]['points']): Chart['series'][number]['points'] {
  const step = Math.ceil(points.length / POINTS_MAX);
  return step <= 1 ? points : points.filter((_, index) => index % step === 0 || index === points.length - 1);
}
