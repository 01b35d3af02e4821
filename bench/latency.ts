import type { BenchContext } from './context.js';
import { Histogram } from './histogram.js';
import type { Chart } from './results.js';
import type { BenchEngine } from './stage/engine.js';
import { type BenchLanding, OverrunError } from './stage/landing.js';
import { histogramBetween, type Scrape } from './stage/metrics-text.js';
import { cpuSecondsOf, type Memory, memoryOf } from './stage/process-usage.js';
import type { Sent } from './stage/producer-messages.js';
import type { Stage } from './stage/stage.js';
import { median } from './statistics.js';
import { number } from './table.js';

const RATES = [1, 5, 20] as const;
const SECONDS = { full: 60, quick: 5 } as const;
/** Sent before, at the same pace, and left out: code is compiled, connections are warm. */
const WARMUP_SECONDS = { full: 15, quick: 2 } as const;
const LAND_TIMEOUT_MS = 120_000;
const SAMPLE_MS = 500;
const QUANTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p99', 0.99],
  ['p99.9', 0.999],
] as const;

interface Paced {
  readonly rate: number;
  /** µs from when a message was due until each of its rows was visible. */
  readonly total: Histogram;
  /** µs by which messages left later than they were due. */
  readonly late: Histogram;
  /** µs from leaving until the broker's answer was seen. */
  readonly broker: Histogram;
  /** µs from the broker's answer until visible. */
  readonly engine: Histogram;
  readonly stages: readonly (readonly [name: string, meanMs: number, p99Ms: number])[];
  /** Of the engine, in cores. */
  readonly cores: number;
  readonly rssMb: readonly number[];
  readonly sent: Sent;
}

/** Record to visible row at a fixed pace: each message has its own time whatever became of the ones before. */
export async function latency(context: BenchContext): Promise<void> {
  const stage = await context.stage();
  const runs: Paced[] = [];
  for (const rate of RATES) {
    const run = await pacedOrOverrun(context, stage, rate);
    if (run === null) continue;
    runs.push(run);
    const { total } = run;
    context.progress.say(
      `${rate}x: p50 ${number(total.quantile(0.5) / 1e3)} ms, p99 ${number(total.quantile(0.99) / 1e3)} ms`,
    );
  }
  if (runs.length > 0) report(context, runs);
}

async function pacedOrOverrun(context: BenchContext, stage: Stage, rate: number): Promise<Paced | null> {
  try {
    return await paced(context, stage, rate);
  } catch (error) {
    if (!(error instanceof OverrunError)) throw error;
    context.remark(
      `latency at ${rate}x has no figure: the engine fell behind what the broker keeps (${error.message})`,
    );
    return null;
  }
}

async function paced(context: BenchContext, stage: Stage, rate: number): Promise<Paced | null> {
  const size = context.options.quick ? 'quick' : 'full';
  const scene = await stage.open({ name: `latency-${rate}` });
  try {
    const [engine, landing] = await scene.startEngine();
    if (!landing.commitTimes) {
      context.remark('latency was left out: the database keeps no commit times (track_commit_timestamp = off)');
      return null;
    }
    await scene.producer.pace(rate, WARMUP_SECONDS[size]);
    await landing.until(scene.producer.ends, engine, LAND_TIMEOUT_MS);
    const before = await engine.scrape();
    const watch = watchProcess(engine);
    const sent = await scene.producer.pace(rate, SECONDS[size]);
    const { cores, rssMb } = watch.end();
    await landing.until(scene.producer.ends, engine, LAND_TIMEOUT_MS);
    const after = await engine.scrape();
    await landing.assertExactly(scene.producer.newTrades);
    const stages = stagesBetween(before, after);
    const histograms = await latenciesOf(landing, sent);
    await engine.stop();
    return { rate, ...histograms, stages, cores, rssMb, sent };
  } finally {
    await scene.close();
  }
}

function watchProcess({ pid }: BenchEngine): { end: () => { cores: number; rssMb: number[] } } {
  const cpu = cpuSecondsOf(pid);
  const startedMs = performance.now();
  const rssMb: number[] = [];
  const look = (): Memory => memoryOf(pid);
  const timer = setInterval(() => rssMb.push(look().rssMb), SAMPLE_MS);
  return {
    end: () => {
      clearInterval(timer);
      rssMb.push(look().rssMb);
      return { cores: (cpuSecondsOf(pid) - cpu) / ((performance.now() - startedMs) / 1_000), rssMb };
    },
  };
}

/** Every trade counts once, with the message that brought it first. */
async function latenciesOf(landing: BenchLanding, sent: Sent) {
  const due = new Map<number, number>();
  // Partitions are few and offsets small: one number holds both.
  const key = (partition: number, offset: number): number => offset * 1_024 + partition;
  for (let index = 0; index < sent.messages; index++)
    due.set(key(sent.partitions[index]!, sent.offsets[index]!), index);
  const rows = await landing.query(
    `SELECT kafka_partition AS partition, kafka_offset::float8 AS "offset",
       (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000)::float8 AS at_ms, count(*)::int AS rows
     FROM solana_dex_trades GROUP BY 1, 2, 3`,
  );
  const [total, late, broker, engine] = Array.from({ length: 4 }, () => new Histogram()) as [
    Histogram,
    Histogram,
    Histogram,
    Histogram,
  ];
  for (const row of rows) {
    const index = due.get(key(row.partition, row.offset));
    if (index === undefined) continue; // of the warm-up
    const [dueMs, sentMs, acknowledgedMs] = [sent.dueMs[index]!, sent.sentMs[index]!, sent.acknowledgedMs[index]!];
    for (let trade = 0; trade < row.rows; trade++) {
      total.record((row.at_ms - dueMs) * 1e3);
      late.record((sentMs - dueMs) * 1e3);
      broker.record((acknowledgedMs - sentMs) * 1e3);
      engine.record((row.at_ms - acknowledgedMs) * 1e3);
    }
  }
  return { total, late, broker, engine };
}

/** The engine's own measure of its stages, per slab or batch. */
function stagesBetween(before: Scrape, after: Scrape): Paced['stages'] {
  const stages = ['queue', 'decode', 'order', 'write'].map((stage) => {
    const between = histogramBetween(before, after, 'message_processing_duration_seconds', `stage="${stage}"`);
    return [stage, between] as const;
  });
  const copy = ['transaction', histogramBetween(before, after, 'pg_copy_duration_seconds')] as const;
  return [...stages, copy]
    .filter(([, { count }]) => count > 0)
    .map(([name, { mean, p99 }]) => [name, mean * 1e3, p99 * 1e3] as const);
}

function report(context: BenchContext, runs: readonly Paced[]): void {
  const { figures } = context;
  const rows = runs.map(({ rate, total, cores, rssMb, sent }) => {
    const quantiles = QUANTILES.map(([name, share]) => {
      return figures.add(`latency.${rate}x.${name}`, total.quantile(share) / 1e3, 'ms', 'lower').value;
    });
    const max = figures.add(`latency.${rate}x.max`, total.max / 1e3, 'ms', 'lower').value;
    const cpu = figures.add(`latency.${rate}x.cpu`, cores, 'cores', 'lower').value;
    // The most it was: a goal on memory is one on its peak.
    const rss = figures.add(`latency.${rate}x.rss`, Math.max(...rssMb), 'MB', 'lower').value;
    return [`${rate}x`, String(sent.messages), String(total.total), ...[...quantiles, max, cpu, rss].map(number)];
  });
  context.table({
    title: 'From when a message is due until its rows are visible, ms',
    head: ['pace', 'messages', 'rows', ...QUANTILES.map(([name]) => name), 'max', 'CPU, cores', 'RSS, MB'],
    rows,
    note: 'Per row, by the commit time of its transaction; producer, broker and PostgreSQL share the machine. CPU and RSS are the engine’s.',
  });
  const column = (of: (run: Paced) => Histogram, name: string): string[] => [
    name,
    ...runs.flatMap((run) => [0.5, 0.99].map((share) => number(of(run).quantile(share) / 1e3))),
  ];
  context.table({
    title: 'Where it goes, ms',
    head: ['', ...runs.flatMap(({ rate }) => [`${rate}x p50`, `${rate}x p99`])],
    rows: [
      column(({ late }) => late, 'producer: late'),
      column(({ broker }) => broker, 'broker: sent to acknowledged'),
      column(({ engine }) => engine, 'engine: acknowledged to visible'),
    ],
    note: 'A row can be visible before the producer sees the broker’s answer; that counts as 0.',
  });
  stageTable(context, runs);
  charts(context, runs);
}

function stageTable(context: BenchContext, runs: readonly Paced[]): void {
  const names = [...new Set(runs.flatMap(({ stages }) => stages.map(([name]) => name)))];
  context.table({
    title: 'The engine’s stages by its own metrics, ms',
    head: ['', ...runs.flatMap(({ rate }) => [`${rate}x mean`, `${rate}x p99 ≤`])],
    rows: names.map((name) => [
      name,
      ...runs.flatMap(({ stages, rate }) => {
        const [, mean, p99] = stages.find(([other]) => other === name) ?? [name, 0, 0];
        context.figures.add(`latency.${rate}x.stage.${name}`, mean, 'ms', 'lower');
        return [number(mean), number(p99)];
      }),
    ]),
    note: 'Per slab (decode, with its wait for a worker) or per batch (write: with its wait for the lane; transaction: BEGIN to COMMIT). The p99 is the upper end of a bucket.',
  });
}

function charts(context: BenchContext, runs: readonly Paced[]): void {
  const chart: Chart = {
    title: 'Latency: share of rows visible after at most so long',
    kind: 'line',
    x: 'ms',
    y: 'share of rows',
    logX: true,
    series: runs.map(({ rate, total }) => ({
      name: `${rate}x`,
      points: total.cumulative().map(([micros, share]) => [Math.max(micros, 100) / 1e3, share] as const),
    })),
  };
  context.chart(chart);
  const names = [...new Set(runs.flatMap(({ stages }) => stages.map(([name]) => name)))];
  context.chart({
    title: 'The engine’s stages, mean',
    kind: 'bars',
    x: '',
    y: 'ms',
    series: runs.map(({ rate, stages }) => ({
      name: `${rate}x`,
      labels: names,
      points: names.map((name, place) => [place, stages.find(([other]) => other === name)?.[1] ?? 0] as const),
    })),
  });
  const { rssMb } = runs[0]!;
  context.progress.say(`RSS at 1x: median ${number(median(rssMb))} MB, peak ${number(Math.max(...rssMb))} MB`);
}
