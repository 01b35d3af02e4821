import { GOALS, goalText } from '../goals.js';
import type { BenchResult } from '../results.js';
import { number, percent, type Table } from '../table.js';
import { chartHtml } from './charts.js';
import { escapeHtml } from './escape.js';
import { type Flame, flameHtml } from './flame.js';
import { STYLE } from './style.js';

/** One page that needs nothing else: no script, no other host. */
export function reportHtml(result: BenchResult, flames: readonly Flame[]): string {
  const { machine, startedAt } = result;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const about: [string, string][] = [
    [
      'made',
      `${startedAt}, in ${Math.round(result.seconds)} s, ${result.quick ? '--quick' : 'full'}, seed ${result.seed}`,
    ],
    ['commit', `${machine.commit}${machine.dirty ? ' with changes' : ''}`],
    [
      'machine',
      `${machine.cores} cores, ${machine.cpu}, ${machine.memoryGb} GB, ${machine.system}, load ${machine.loadAtStart.toFixed(2)} at the start`,
    ],
    ['versions', `node ${machine.node}, ${versions.join(', ')}`],
    ['broker', result.broker ?? 'none was needed'],
    ['database', result.database ?? 'none was needed'],
  ];
  const remarks = result.remarks.map((remark) => `<li>${escapeHtml(remark)}</li>`).join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bench ${escapeHtml(startedAt)}</title><style>${STYLE}</style></head><body>
<h1>Bench</h1>
<table class="about">${about.map(([name, value]) => `<tr><th>${name}</th><td>${escapeHtml(value)}</td></tr>`).join('')}</table>
<h2>Goals</h2>${goalsHtml(result)}
${remarks === '' ? '' : `<h2>To be read with</h2><ul>${remarks}</ul>`}
${result.charts.length === 0 ? '' : `<h2>Charts</h2><div class="charts">${result.charts.map(chartHtml).join('')}</div>`}
${flames.length === 0 ? '' : `<h2>Where the time goes</h2>${flames.map(flameHtml).join('')}`}
${result.tables.length === 0 ? '' : `<h2>Tables</h2>${result.tables.map(tableHtml).join('')}`}
<h2>All figures</h2>${figuresHtml(result)}
</body></html>
`;
}

function goalsHtml(result: BenchResult): string {
  const rows = Object.entries(GOALS).map(([name, goal]) => {
    const figure = result.figures.find((candidate) => candidate.name === name);
    const verdict = figure === undefined ? 'not measured' : figure.met ? 'met' : 'not met';
    const value = figure === undefined ? '' : `${number(figure.value)} ${figure.unit}`;
    return `<tr><td>${escapeHtml(goal.says)}</td><td class="n">${goalText(goal)}</td><td class="n">${escapeHtml(value)}</td><td class="${verdict.replaceAll(' ', '-')}">${verdict}</td></tr>`;
  });
  return `<table><tr><th>figure</th><th>goal</th><th>this run</th><th></th></tr>${rows.join('')}</table>`;
}

function tableHtml(table: Table): string {
  const cells = (row: readonly string[], tag: string): string =>
    row.map((cell, place) => `<${tag}${place === 0 ? '' : ' class="n"'}>${escapeHtml(cell)}</${tag}>`).join('');
  const rows = table.rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('');
  const note = table.note === undefined ? '' : `<p class="note">${escapeHtml(table.note)}</p>`;
  return `<h3>${escapeHtml(table.title)}</h3><table><tr>${cells(table.head, 'th')}</tr>${rows}</table>${note}`;
}

function figuresHtml(result: BenchResult): string {
  return tableHtml({
    title: 'Median of the rounds; spread is half the distance between their quartiles',
    head: ['figure', 'value', 'unit', 'spread', 'rounds', 'goal', ''],
    rows: result.figures.map(({ name, value, unit, spread, rounds, goal, met }) => [
      name,
      number(value),
      unit,
      percent(spread),
      String(rounds),
      goal ?? '',
      met === null ? '' : met ? 'met' : 'not met',
    ]),
  });
}
