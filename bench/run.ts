/** The bench: runs what is asked for, prints tables, writes a result file and a report. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError, messageOf } from '../src/errors.js';
import { type BenchOptions, type Command, readBenchOptions, USAGE } from './bench-options.js';
import { compareFigures, comparisonTable } from './compare.js';
import type { BenchContext } from './context.js';
import { Figures } from './figures.js';
import { latency } from './latency.js';
import { describeMachine, PACKAGE_ROOT } from './machine.js';
import { memory } from './memory.js';
import { micro } from './micro/micro.js';
import { profile } from './profile.js';
import { Progress } from './progress.js';
import type { Flame } from './report/flame.js';
import { reportHtml } from './report/report.js';
import { type BenchResult, type Chart, fileStem, readResult, writeResult } from './results.js';
import { rivals } from './rivals/rivals.js';
import { scale } from './scale.js';
import { openStage, type Stage } from './stage/stage.js';
import { number, percent, type Table, tableLines } from './table.js';
import { throughput } from './throughput.js';

const RUNS: Readonly<Record<Command, (context: BenchContext) => Promise<void>>> = {
  micro,
  throughput,
  latency,
  rivals,
  memory,
  scale,
  profile,
};
/** Minutes of each on two cores, full and quick, for the estimate at the start. */
const MINUTES: Readonly<Record<Command, readonly [full: number, quick: number]>> = {
  micro: [3, 0.4],
  throughput: [4, 0.7],
  latency: [4, 0.7],
  rivals: [3, 0.3],
  memory: [2.5, 0.3],
  scale: [25, 0.3],
  profile: [1, 0.3],
};

/** Its backlogs are larger, and a topic takes longer to fill. */
const KAFKA_TAKES = 2;
const EXIT_INTERRUPTED = 130;

function print(table: Table): void {
  process.stdout.write(`\n${tableLines(table).join('\n')}\n`);
}

async function compare(files: readonly [string, string], tolerance: number): Promise<number> {
  const [before, after] = [await readResult(files[0]), await readResult(files[1])];
  const comparisons = compareFigures(before.figures, after.figures, tolerance);
  if (comparisons.length === 0) throw new EngineError('CONFIG_INVALID', 'the two results have no figure in common');
  print(comparisonTable(comparisons, tolerance));
  for (const [what, one, other] of [
    ['brokers', before.broker, after.broker],
    ['machines', before.machine.cpu, after.machine.cpu],
    ['numbers of cores', before.machine.cores, after.machine.cores],
    ['sizes', before.quick ? '--quick' : 'full', after.quick ? '--quick' : 'full'],
  ] as const) {
    if (one !== other) process.stdout.write(`Made on different ${what}: ${one} and ${other}.\n`);
  }
  return comparisons.some(({ verdict }) => verdict === 'worse') ? 1 : 0;
}

async function measure(options: BenchOptions): Promise<number> {
  const startedAt = new Date().toISOString();
  const folder = options.out ?? fileURLToPath(new URL('bench/results/', PACKAGE_ROOT));
  const figures = new Figures();
  const progress = new Progress();
  const [tables, charts, flames, remarks]: [Table[], Chart[], Flame[], string[]] = [[], [], [], []];
  let stage: Promise<Stage> | null = null;
  const context: BenchContext = {
    options,
    figures,
    progress,
    folder,
    stem: fileStem({ startedAt }),
    stage: () => {
      stage ??= openStage(options, process.env, progress);
      return stage;
    },
    table: (table) => {
      tables.push(table);
      print(table);
    },
    chart: (chart) => charts.push(chart),
    flame: (flame) => flames.push(flame),
    remark: (text) => {
      remarks.push(text);
      progress.say(text);
    },
  };
  const machine = describeMachine();
  const minutes = options.commands.reduce((all, command) => all + MINUTES[command][options.quick ? 1 : 0], 0);
  const estimate = Math.ceil(minutes * (options.kafka ? KAFKA_TAKES : 1));
  progress.say(`${options.commands.join(', ')}: about ${estimate} min on two quiet cores`);
  if (machine.loadAtStart > 0.5) {
    context.remark(`The machine was not quiet: a load of ${machine.loadAtStart.toFixed(2)} at the start.`);
  }
  let failed = false;
  for (const [place, command] of options.commands.entries()) {
    progress.say(`${command} (${place + 1} of ${options.commands.length})`);
    try {
      await RUNS[command](context);
    } catch (error) {
      failed = true;
      context.remark(`${command} failed: ${messageOf(error)}`);
      if (error instanceof Error && process.env.BENCH_DEBUG !== undefined) process.stderr.write(`${error.stack}\n`);
    }
  }
  const opened = await (stage as Promise<Stage> | null)?.catch(() => null);
  const result: BenchResult = {
    schema: 1,
    startedAt,
    seconds: Math.round(progress.seconds * 10) / 10,
    commands: options.commands,
    quick: options.quick,
    seed: options.seed,
    broker: opened?.brokerDescribed ?? null,
    database: opened?.databaseDescribed ?? null,
    machine,
    figures: figures.all,
    tables,
    charts,
    remarks,
  };
  await opened?.close();
  await finish(folder, result, flames, progress);
  return failed ? 1 : 0;
}

async function finish(
  folder: string,
  result: BenchResult,
  flames: readonly Flame[],
  progress: Progress,
): Promise<void> {
  print(goalsTable(result));
  const file = await writeResult(folder, result);
  const report = join(folder, `${fileStem(result)}.html`);
  await writeFile(report, reportHtml(result, flames));
  progress.say(`result ${file}`);
  progress.say(`report ${report}`);
}

function goalsTable({ figures }: BenchResult): Table {
  const held = figures.filter(({ goal }) => goal !== null);
  return {
    title: 'Goals',
    head: ['figure', 'value', 'unit', 'spread', 'goal', ''],
    rows: held.map(({ name, value, unit, spread, goal, met }) => [
      name,
      number(value),
      unit,
      percent(spread),
      goal ?? '',
      met ? 'met' : 'NOT MET',
    ]),
  };
}

// So that whatever is to be cleaned up at the exit is.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(EXIT_INTERRUPTED));
try {
  if (process.argv.includes('--help')) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const options = readBenchOptions(process.argv.slice(2));
  const code = options.compare === null ? await measure(options) : await compare(options.compare, options.tolerance);
  // Exits whatever is still open: the Kafka client's threads would keep the process alive.
  process.exit(code);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(2);
}
