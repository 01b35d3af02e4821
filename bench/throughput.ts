import type { BenchContext } from './context.js';
import { timesRealTime } from './real-time.js';
import { type Drain, drainOnce } from './stage/drain.js';
import type { BenchLanding } from './stage/landing.js';
import { type RawCopyRun, type RawRun, rawCopy, rawDrain } from './stage/raw.js';
import type { Scene, Stage } from './stage/stage.js';
import { median, sum } from './statistics.js';
import { number } from './table.js';
import { cpuByThread } from './throughput-cpu.js';

const WORKERS = [1, 2, 4] as const;

interface Sizes {
  readonly warmup: number;
  readonly rounds: number;
  /** Of one backlog, uncompressed; the mock broker keeps less. */
  readonly bytes: number;
  readonly rawRounds: number;
}

const FULL = { mock: { warmup: 8, rounds: 30 }, other: { warmup: 1, rounds: 5 }, bytes: 4_000_000_000, rawRounds: 7 };
const QUICK = { mock: { warmup: 3, rounds: 7 }, other: { warmup: 1, rounds: 3 }, bytes: 400_000_000, rawRounds: 3 };

function sizesOf({ options }: BenchContext, stage: Stage): Sizes {
  const { bytes, rawRounds, mock, other } = options.quick ? QUICK : FULL;
  return { bytes, rawRounds, ...(stage.brokers.kind === 'mock' ? mock : other) };
}

/** Backlogs drained end to end with 1, 2 and 4 workers, beside the limits that client and database set. */
export async function throughput(context: BenchContext): Promise<void> {
  const stage = await context.stage();
  const sizes = sizesOf(context, stage);
  const runs: WorkerRun[] = [];
  for (const workers of WORKERS) {
    const last = workers === WORKERS.at(-1);
    runs.push(await runWorkers(context, stage, sizes, workers, last));
  }
  report(context, runs);
}

interface Limits {
  readonly drain: readonly RawRun[];
  readonly copy: readonly RawCopyRun[];
  /** On one connection, by the rows of a transaction. */
  readonly commits: readonly (readonly [rows: number, runs: readonly RawRun[]])[];
}

interface WorkerRun {
  readonly workers: number;
  readonly drains: readonly Drain[];
  readonly timeline: readonly (readonly [seconds: number, tradesPerSecond: number])[];
  /** Measured once, on what the last engine drained and landed. */
  readonly limits: Limits | null;
}

const RAW_ROWS_MAX = 400_000;
/** What a transaction costs is measured with so many rows in it, so many times a round. */
const COMMIT_ROWS = [100, 2_000, 10_000] as const;
const COMMITS = 20;

async function runWorkers(
  context: BenchContext,
  stage: Stage,
  sizes: Sizes,
  workers: number,
  withLimits: boolean,
): Promise<WorkerRun> {
  const scene = await stage.open({ name: `throughput-${workers}` });
  try {
    const [engine, landing] = await scene.startEngine({ WORKER_THREADS: String(workers) });
    const drains: Drain[] = [];
    for (let round = 0; round < sizes.warmup + sizes.rounds; round++) {
      const drain = await drainOnce(stage, scene, engine, landing, sizes.bytes);
      if (round >= sizes.warmup) drains.push(drain);
    }
    await landing.assertExactly(scene.producer.newTrades);
    const timeline = await timelineOf(landing, drains);
    await engine.stop();
    const tradesPerSecond = median(drains.map(({ sent, seconds }) => sent.newTrades / seconds));
    context.progress.say(`${workers} workers: ${number(tradesPerSecond)} trades/s, every trade accounted for`);
    return { workers, drains, timeline, limits: withLimits ? await measureLimits(context, stage, scene, sizes) : null };
  } finally {
    await scene.close();
  }
}

async function measureLimits(context: BenchContext, stage: Stage, scene: Scene, sizes: Sizes): Promise<Limits> {
  context.progress.say('the limits: raw drain, raw COPY');
  const drain = await rawDrain(scene, sizes.rawRounds);
  const rounds = sizes.rawRounds;
  // As the engine: its default lanes and batch.
  const copy = await rawCopy(stage, scene, { rounds, lanes: 2, batchRows: 10_000, rowsMax: RAW_ROWS_MAX });
  const commits: [number, readonly RawRun[]][] = [];
  for (const batchRows of COMMIT_ROWS) {
    const rowsMax = batchRows * COMMITS;
    commits.push([batchRows, await rawCopy(stage, scene, { rounds, lanes: 1, batchRows, rowsMax })]);
  }
  return { drain, copy, commits };
}

const BUCKETS_MAX = 200;
const BUCKET_SECONDS_MIN = 0.1;

/** Trades per second over the time that backlogs were drained, the pauses between them left out. */
async function timelineOf(landing: BenchLanding, drains: readonly Drain[]): Promise<[number, number][]> {
  const commits = await landing.commits(drains[0]?.startedMs ?? 0);
  const seconds = sum(drains.map((drain) => drain.seconds));
  const buckets = Math.max(1, Math.min(BUCKETS_MAX, Math.floor(seconds / BUCKET_SECONDS_MIN)));
  const width = seconds / buckets;
  const rows = new Float64Array(buckets);
  let before = 0;
  for (const { startedMs, seconds: length } of drains) {
    for (const commit of commits) {
      const at = (commit.atMs - startedMs) / 1_000;
      if (at < 0 || at > length) continue;
      rows[Math.min(Math.floor((before + at) / width), buckets - 1)]! += commit.rows;
    }
    before += length;
  }
  return commits.length === 0 ? [] : Array.from(rows, (count, place) => [place * width, count / width]);
}

function report(context: BenchContext, runs: readonly WorkerRun[]): void {
  const { figures } = context;
  const rows = runs.map(({ workers, drains }) => {
    const add = (name: string, of: (drain: Drain) => number, unit: string, better: 'higher' | 'lower' = 'higher') =>
      figures.add(`throughput.w${workers}.${name}`, drains.map(of), unit, better).value;
    return [
      `engine, ${workers} ${workers === 1 ? 'worker' : 'workers'}`,
      number(add('trades_s', ({ sent, seconds }) => sent.newTrades / seconds, 'trades/s')),
      number(add('mb_s', ({ sent, seconds }) => sent.bytes / 1e6 / seconds, 'MB/s')),
      number(add('times_real_time', ({ sent, seconds }) => timesRealTime(sent, seconds), '×')),
      number(
        add('cpu_us', ({ sent, engineCpuSeconds }) => (engineCpuSeconds * 1e6) / sent.newTrades, 'µs/trade', 'lower'),
      ),
      drains.length.toString(),
    ];
  });
  const best = runs.reduce((one, other) => (speedOf(other) > speedOf(one) ? other : one));
  const speeds = best.drains.map(({ sent, seconds }) => timesRealTime(sent, seconds));
  figures.add('throughput.best.times_real_time', speeds, '×', 'higher');
  const limits = runs.find((run) => run.limits !== null)?.limits;
  if (limits != null) rows.push(...limitRows(context, limits, best));
  const { bytes, newTrades, trades } = best.drains[0]!.sent;
  context.table({
    title: `A backlog of ${number(bytes / 1e6)} MB and ${number(newTrades)} new trades, drained end to end`,
    head: ['', 'rows/s', 'MB/s', '× real time', 'CPU µs/row', 'rounds'],
    rows,
    note: `MB/s are uncompressed and hold repeats: each new trade came ${(trades / newTrades).toFixed(2)} times. Broker, PostgreSQL and engine share the cores.`,
  });
  if (limits != null) {
    cpuAgainstLimits(context, limits, best);
    commitCost(context, limits);
  }
  charts(context, runs);
  cpuByThread(context, best.workers, best.drains);
}

function speedOf({ drains }: WorkerRun): number {
  return median(drains.map(({ sent, seconds }) => sent.newTrades / seconds));
}

function limitRows({ figures }: BenchContext, { drain, copy }: Limits, best: WorkerRun): string[][] {
  const rowsPerMb = newTradesPerMb(best);
  const drainMb = figures.add(
    'throughput.raw_drain.mb_s',
    drain.map(({ bytes, seconds }) => bytes / 1e6 / seconds),
    'MB/s',
    'higher',
  );
  const drainCpu = figures.add(
    'throughput.raw_drain.cpu_us_mb',
    drain.map(({ cpuSeconds, bytes }) => (cpuSeconds * 1e12) / bytes),
    'µs/MB',
    'lower',
  );
  const copyRows = figures.add(
    'throughput.raw_copy.rows_s',
    copy.map(({ items, seconds }) => items / seconds),
    'rows/s',
    'higher',
  );
  const copyCpu = figures.add(
    'throughput.raw_copy.cpu_us',
    copy.map(({ cpuSeconds, items }) => (cpuSeconds * 1e6) / items),
    'µs/row',
    'lower',
  );
  return [
    [
      'limit: raw drain',
      '',
      number(drainMb.value),
      number(drainMb.value / 20),
      number(drainCpu.value / rowsPerMb),
      String(drain.length),
    ],
    [
      'limit: raw COPY, 2 lanes',
      number(copyRows.value),
      '',
      number(copyRows.value / 507),
      number(copyCpu.value),
      String(copy.length),
    ],
  ];
}

function newTradesPerMb({ drains }: WorkerRun): number {
  return sum(drains.map(({ sent }) => sent.newTrades)) / (sum(drains.map(({ sent }) => sent.bytes)) / 1e6);
}

function commitCost(context: BenchContext, { commits }: Limits): void {
  context.table({
    title: 'A transaction by its rows: BEGIN + COPY + COMMIT on one connection',
    head: ['rows', 'ms', 'rows/s'],
    rows: commits.map(([rows, runs]) => {
      // The last batch of a round may be short, so milliseconds are by rows.
      const ms = runs.map(({ seconds, items }) => (seconds * 1e3 * rows) / items);
      const figure = context.figures.add(`throughput.commit.rows_${rows}`, ms, 'ms', 'lower');
      return [number(rows), number(figure.value), number((rows * 1e3) / figure.value)];
    }),
  });
}

/** CPU clocks tick in 10 ms, so the ratios are of sums, not of rounds. */
function cpuAgainstLimits(context: BenchContext, { drain, copy }: Limits, { drains }: WorkerRun): void {
  const megabytes = sum(drains.map(({ sent }) => sent.bytes)) / 1e6;
  const rows = sum(drains.map(({ sent }) => sent.newTrades));
  const perMb = sum(drain.map(({ cpuSeconds }) => cpuSeconds)) / (sum(drain.map(({ bytes }) => bytes)) / 1e6);
  const copied = sum(copy.map(({ items }) => items));
  const drainSeconds = perMb * megabytes;
  const copySeconds = (sum(copy.map(({ cpuSeconds }) => cpuSeconds)) / copied) * rows;
  const engineSeconds = sum(drains.map(({ engineCpuSeconds }) => engineCpuSeconds));
  const clients = engineSeconds / (drainSeconds + copySeconds);
  context.figures.add('throughput.cpu_ratio_clients', clients, '×', 'lower');
  const serverKnown = copy.every(({ serverCpuSeconds }) => serverCpuSeconds !== null);
  const lines = [
    ['engine against clients alone', number(engineSeconds), number(drainSeconds), number(copySeconds), number(clients)],
  ];
  if (serverKnown) {
    const server = (sum(copy.map(({ serverCpuSeconds }) => serverCpuSeconds ?? 0)) / copied) * rows;
    const all = engineSeconds + sum(drains.map(({ databaseCpuSeconds }) => databaseCpuSeconds ?? 0));
    const ratio = all / (drainSeconds + copySeconds + server);
    context.figures.add('throughput.cpu_ratio', ratio, '×', 'lower');
    lines.unshift([
      'with PostgreSQL on both sides',
      number(all),
      number(drainSeconds),
      number(copySeconds + server),
      number(ratio),
    ]);
  }
  context.table({
    title: `CPU seconds for ${number(rows)} rows out of ${number(megabytes)} MB`,
    head: ['', 'engine', 'raw drain', 'raw COPY', 'ratio'],
    rows: lines,
  });
}

function charts(context: BenchContext, runs: readonly WorkerRun[]): void {
  context.chart({
    title: 'Throughput over time',
    kind: 'line',
    x: 'seconds of draining',
    y: 'new trades per second',
    series: runs.map(({ workers, timeline }) => ({ name: `${workers} workers`, points: timeline })),
    note: 'By the commit times of the rows; pauses between backlogs are left out.',
  });
  context.chart({
    title: 'Throughput against worker count',
    kind: 'bars',
    x: 'workers',
    y: 'new trades per second',
    series: [
      {
        name: 'engine',
        points: runs.map((run, place) => [place, speedOf(run)]),
        labels: runs.map(({ workers }) => String(workers)),
      },
    ],
  });
}
