import type { Trace } from './simulate.js';

export interface Line {
  readonly label: string;
  readonly colour: string;
  readonly trace: readonly Trace[];
}

export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

const WIDTH = 900;
const ROW = 190;
const LEFT = 60;
const RIGHT = 20;
const PLOTS = [
  { of: 'replicas', unit: 'engines', top: 34, height: 56 },
  { of: 'ageSeconds', unit: 'seconds behind', top: 104, height: 56 },
] as const;

/** For each load two plots over the same hours: how many engines, and how far behind. */
export function chart(panels: readonly Panel[]): string {
  const height = 30 + panels.length * ROW;
  const legend = (panels[0]?.lines ?? []).map(
    ({ label, colour }, at) =>
      `<rect x="${LEFT + at * 270}" y="12" width="14" height="4" fill="${colour}"/><text x="${LEFT + 20 + at * 270}" y="18">${label}</text>`,
  );
  const rows = panels.map((panel, at) => `<g transform="translate(0 ${28 + at * ROW})">${row(panel)}</g>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...legend,
    ...rows,
    '</svg>\n',
  ].join('\n');
}

function row({ title, lines }: Panel): string {
  const plots = PLOTS.map(({ of, unit, top, height }) => {
    const values = lines.map(({ trace }) => trace.map((point) => point[of]));
    const most = Math.max(1, ...values.flat());
    const paths = lines.map(({ colour }, at) => {
      const points = values[at]!;
      const steps = points
        .map((value, index) => [index, value] as const)
        // A point between two of its height is on their line.
        .filter(([index, value]) => value !== points[index - 1] || value !== points[index + 1])
        .map(([index, value]) => `${x(index, points.length)} ${(top + height * (1 - value / most)).toFixed(1)}`);
      return `<polyline fill="none" stroke="${colour}" stroke-width="1.3" points="${steps.join(', ')}"/>`;
    });
    const frame = `<path d="M${LEFT} ${top}V${top + height}H${WIDTH - RIGHT}" fill="none" stroke="#999"/>`;
    const scale = `<text x="${LEFT - 6}" y="${top + 8}" text-anchor="end">${Math.round(most)}</text><text x="${LEFT + 4}" y="${top - 3}" fill="#666">${unit}</text>`;
    return frame + scale + paths.join('');
  });
  return `<text x="${LEFT}" y="14" font-weight="bold">${title}</text>${plots.join('')}`;
}

function x(index: number, count: number): string {
  return (LEFT + ((WIDTH - LEFT - RIGHT) * index) / Math.max(1, count - 1)).toFixed(1);
}
