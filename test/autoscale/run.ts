/**
 * Prints what each autoscaler makes of each load and how the grid ranks, and writes docs/autoscaling.md's tables and its chart:
 * `--seeds N`. Needs nothing and takes a minute or two.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chart, type Panel } from './chart.js';
import { FIXED, GUIDE, grid, score } from './grid.js';
import { GROUP } from './group.js';
import { LOADS } from './loads.js';
import { loadTable, priceSentence, rankTable, withTables } from './page.js';
import { shipped } from './shipped.js';
import { type Settings, simulate, type Trace } from './simulate.js';

const ROOT = new URL('../../../', import.meta.url);
const PAGE = new URL('docs/autoscaling.md', ROOT);
const CHART = new URL('docs/images/autoscaling.svg', ROOT);
const COLOURS = ['#b3261e', '#1b6ac9'];

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '3' } } });
const seeds = Array.from({ length: Number(values.seeds) }, (_, at) => at + 1);
if (seeds.length === 0) throw new Error(`--seeds: got ${JSON.stringify(values.seeds)}; wants a number from 1`);

const ours = shipped();
const named = [
  ['two engines, no autoscaler', FIXED],
  ['the guide’s', GUIDE],
  ['shipped', ours],
] as const;
const candidates = grid();
const ranked = candidates
  .map(({ name, settings }, at) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${at + 1} of ${candidates.length}`);
    return { name, settings, cost: score(settings, seeds) };
  })
  .sort((one, other) => one.cost - other.cost);
const others = [
  ['the guide’s', score(GUIDE, seeds)],
  ['two engines, no autoscaler', score(FIXED, seeds)],
] as const;

const tables = [
  priceSentence(),
  loadTable(named, seeds),
  `The grid, ${candidates.length} settings, each over all loads; the shipped one is set in bold:`,
  rankTable(ranked, ours, others),
].join('\n\n');
process.stdout.write(`${tables}\n`);
writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8'), tables));
writeFileSync(CHART, chart(LOADS.filter(({ name }) => name !== 'level').map(panelOf)));

function panelOf(load: (typeof LOADS)[number]): Panel {
  const line = (label: string, colour: string, settings: Settings) => {
    const trace: Trace[] = [];
    simulate(settings, load, 1, GROUP, trace);
    return { label, colour, trace };
  };
  return {
    title: `${load.name}: ${load.what}`,
    lines: [line('the guide’s', COLOURS[0]!, GUIDE), line('shipped', COLOURS[1]!, ours)],
  };
}
