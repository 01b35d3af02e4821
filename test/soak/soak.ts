import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startPostgres } from '../../src/commands/demo/embedded-postgres.js';
import { GENERATOR_DEFAULTS } from '../../src/commands/demo/generator/options.js';
import { Random } from '../../src/commands/demo/generator/random.js';
import { Landing } from '../../src/commands/demo/landing.js';
import { endsOf, type Landed, type Ledger, settle } from '../../src/commands/demo/ledger.js';
import { startMockBroker } from '../../src/commands/demo/mock-broker.js';
import { percentile } from '../../src/commands/demo/progress.js';
import { type EngineExit, EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { roledDatabase } from '../support/least-privilege.js';
import { type DisturbanceKind, Disturbances } from './disturbances.js';
import { SAMPLES_MIN } from './growth.js';
import { SoakProducer } from './producer.js';
import { probeEnvironment, Sampler } from './sampler.js';
import { type SeriesVerdict, verdicts } from './series.js';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Multiples of real time. */
  readonly rate: number;
  /** Leaked on purpose, to see that it is found. */
  readonly leak?: string;
  readonly say: (line: string) => void;
}

export interface SoakOutcome {
  readonly minutes: number;
  readonly seed: number;
  readonly rate: number;
  readonly disturbances: Readonly<Record<DisturbanceKind, number>>;
  readonly series: readonly SeriesVerdict[];
  readonly ledger: Ledger;
  readonly exit: EngineExit;
  readonly passed: boolean;
}

const TOPIC = 'solana.dextrades.proto';
const GROUP = 'soak';
const PARTITIONS = 4;
/** A short run is looked at more often, a long one not so often that looking costs it anything. */
const SAMPLES = { perRun: 200, minMs: 500, maxMs: 4_000 } as const;
/** How soon the producer hears of what has landed. */
const ROOM_MS = 100;
const LATENCY_WINDOW_MS = 10_000;
const LATENCY_STEP_MS = 5_000;
const END_STEP_MS = 200;
/** Twice what a verdict needs: the probe within the engine looks a little less often than we do. */
const CALM_SAMPLES_MIN = 2 * SAMPLES_MIN;
const LAND_TIMEOUT_MS = 180_000;
const WARM_UP = { share: 0.3, minMs: 20_000, maxMs: 120_000 } as const;

const ENGINE = {
  KAFKA_TOPIC: TOPIC,
  KAFKA_GROUP_ID: GROUP,
  KAFKA_START_FROM: 'earliest',
  KAFKA_SESSION_TIMEOUT_MS: '6000',
  KAFKA_PROPERTIES: 'heartbeat.interval.ms=500;fetch.wait.max.ms=10',
  DATABASE_MIGRATE: 'false',
  // What remembers on purpose is full when the warm-up is over: after that nothing may grow.
  DUPLICATE_WINDOW_ENTRIES: '5000',
  DUPLICATE_WINDOW_MS: '15000',
};

type Close = () => Promise<unknown>;

/** Runs an engine at a steady pace with small disturbances, and says of each thing it holds whether it grows. */
export async function soak(options: SoakOptions): Promise<SoakOutcome> {
  const closers: Close[] = [];
  try {
    return await run(options, await openScene(options, closers));
  } finally {
    for (const close of closers.reverse()) await close().catch(() => {});
  }
}

type Scene = Awaited<ReturnType<typeof openScene>>;

/** An engine that owns all partitions of an empty topic, and what it stands on. */
async function openScene({ minutes, seed, rate, leak }: SoakOptions, closers: Close[]) {
  const sampleMs = Math.min(SAMPLES.maxMs, Math.max(SAMPLES.minMs, (minutes * 60_000) / SAMPLES.perRun));
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  closers.push(async () => rmSync(folder, { recursive: true, force: true }));
  const server = await startPostgres({ settings: { track_commit_timestamp: 'on' } });
  closers.push(() => server.stop());
  const [database, broker] = await Promise.all([roledDatabase(server.url), startMockBroker({ topics: [TOPIC] })]);
  closers.push(() => broker.stop());
  const engineEnvironment = { ...ENGINE, KAFKA_BROKERS: broker.brokers, DATABASE_URL: database.urls.engine };
  const probeFile = join(folder, 'probe');
  const engine = new EngineProcess({ ...engineEnvironment, ...probeEnvironment(probeFile, sampleMs, leak) });
  closers.push(() => engine.kill());
  const landing = await Landing.connect(database.url, GROUP, TOPIC, GENERATOR_DEFAULTS.startSlot);
  closers.push(() => landing.close());
  await until('the engine owns all partitions', async () => (await landing.positions()).size === PARTITIONS, {
    explain: () => engine.output.slice(-4_000),
    hopeless: () => !engine.running,
  });
  const producer = new SoakProducer({ brokers: broker.brokers, topic: TOPIC, seed, rate });
  closers.push(() => producer.kill());
  const sampler = new Sampler(engine.pid);
  return { sampleMs, database, engineEnvironment, probeFile, engine, landing, producer, sampler };
}

async function run({ minutes, seed, rate, say }: SoakOptions, scene: Scene): Promise<SoakOutcome> {
  const { engine, landing, producer, sampler } = scene;
  const disturbances = new Disturbances({ ...scene, random: new Random(seed) });
  const enough = new AbortController();
  const startedAt = Date.now();
  const warmUpMs = Math.min(WARM_UP.maxMs, Math.max(WARM_UP.minMs, minutes * 60_000 * WARM_UP.share));
  const calmFrom = startedAt + warmUpMs;
  // Where little of the time was calm it goes on, twice as long at most, until a verdict can be given.
  const timer = setInterval(() => {
    const share = (Date.now() - startedAt) / (minutes * 60_000);
    if (share >= 2 || (share >= 1 && sampler.calmSamples(calmFrom) >= CALM_SAMPLES_MIN)) enough.abort();
  }, END_STEP_MS);
  say(`seed ${seed}: ${minutes} minutes at ${rate} times the real pace`);
  producer.resume();
  const tasks = [
    disturbances.run(enough.signal),
    watch(enough.signal, scene.sampleMs, () => sample(scene)),
    watch(enough.signal, ROOM_MS, async () => producer.landed(await landing.positions())),
  ];
  try {
    await Promise.race([Promise.all(tasks), producer.failed]);
  } finally {
    clearInterval(timer);
    enough.abort();
  }
  const landed = await landAll(scene);
  const exit = await engine.stop();
  const ledger = settle(producer.produced, landed);
  const latencyP99 = latencyWindows(producer, landed, sampler);
  const series = verdicts(sampler.samples(scene.probeFile, calmFrom, { latencyP99 }));
  const passed = ledger.clean && exit.code === 0 && series.every(({ grows }) => !grows);
  return { minutes, seed, rate, disturbances: disturbances.counts, series, ledger, exit, passed };
}

async function sample({ database, engine, sampler }: Scene): Promise<void> {
  if (!engine.running) throw new Error(`the engine ended:\n${engine.output.slice(-4_000)}`);
  const [row] = await database.query<{ count: string }>('SELECT count(*) FROM pg_stat_activity WHERE usename = $1', [
    database.roles.engine,
  ]);
  sampler.sample({ connections: Number(row?.count) });
}

/** Ends the stream and waits until all of it has landed. */
async function landAll({ engine, landing, producer }: Scene): Promise<Landed> {
  await producer.pause();
  const ends = endsOf(producer.produced);
  const everything = async (): Promise<boolean> => {
    const positions = await landing.positions();
    return [...ends].every(([partition, end]) => (positions.get(partition) ?? 0) >= end);
  };
  const explain = () => engine.output.slice(-4_000);
  await until('everything has landed', everything, { timeoutMs: LAND_TIMEOUT_MS, explain });
  return landing.landed(producer.produced);
}

async function watch(enough: AbortSignal, everyMs: number, look: () => Promise<void>): Promise<void> {
  while (!enough.aborted) {
    await look();
    await delay(everyMs, undefined, { signal: enough }).catch(() => {});
  }
}

/** The 99th percentile from a message's timestamp to when its rows became visible, over windows of calm time. */
function latencyWindows(
  { produced }: SoakProducer,
  { trades }: Landed,
  sampler: Sampler,
): { at: number; value: number }[] {
  const timestamps = new Map(
    produced.map(({ partition, offset, timestampMs }) => [`${partition}/${offset}`, timestampMs]),
  );
  const measured = trades
    .flatMap(({ partition, offset, committedAtUs }) => {
      const at = timestamps.get(`${partition}/${offset}`);
      return at === undefined || committedAtUs === null ? [] : [{ at, value: committedAtUs / 1_000 - at }];
    })
    .filter(({ at }) => sampler.isCalm(at))
    .sort((one, other) => one.at - other.at);
  const points: { at: number; value: number }[] = [];
  const last = measured.at(-1)?.at ?? 0;
  let first = 0;
  let behind = 0;
  for (let from = measured[0]?.at ?? 0; from + LATENCY_WINDOW_MS <= last; from += LATENCY_STEP_MS) {
    while ((measured[first]?.at ?? from) < from) first += 1;
    while ((measured[behind]?.at ?? last + LATENCY_WINDOW_MS) < from + LATENCY_WINDOW_MS) behind += 1;
    const value = percentile(
      measured.slice(first, behind).map((one) => one.value),
      0.99,
    );
    if (value !== null) points.push({ at: from + LATENCY_WINDOW_MS / 2, value });
  }
  return points;
}
