import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchContext } from './context.js';
import type { BenchEngine } from './stage/engine.js';
import type { BenchLanding } from './stage/landing.js';
import { total } from './stage/metrics-text.js';
import { memoryOf } from './stage/process-usage.js';
import type { Scene, Stage } from './stage/stage.js';
import { median } from './statistics.js';
import { number } from './table.js';

const SECONDS = { full: { before: 15, stall: 60, after: 30 }, quick: { before: 3, stall: 8, after: 5 } } as const;
/** Times real time: rows weigh a twentieth of their messages, and the budget is to fill within the stall. */
const RATE = 10;
/** What the mock broker keeps would not come near the engine's own default. */
const MOCK_BUDGET_BYTES = 33_554_432;
const DEFAULT_BUDGET_BYTES = 134_217_728;
const MOCK_QUEUE_BYTES = 8_388_608;
const SAMPLE_MS = 250;
const LAND_TIMEOUT_MS = 180_000;

interface Look {
  readonly seconds: number;
  readonly rssMb: number;
  readonly inflightMb: number;
}

/** Memory while the database stands still, and how the engine comes back. */
export async function memory(context: BenchContext): Promise<void> {
  const stage = await context.stage();
  const mock = stage.brokers.kind === 'mock';
  const budgetBytes = mock ? MOCK_BUDGET_BYTES : DEFAULT_BUDGET_BYTES;
  if (mock) context.remark('memory: the mock broker keeps too little to fill a budget with rows; --kafka does');
  const scene = await stage.open({ name: 'memory' });
  try {
    const [engine, landing] = await scene.startEngine({
      MEMORY_BUDGET_BYTES: String(budgetBytes),
      ...(mock ? { KAFKA_QUEUE_BYTES: String(MOCK_QUEUE_BYTES) } : {}),
    });
    await stallAndRecover(context, stage, scene, engine, landing, budgetBytes / 1e6);
    await landing.assertExactly(scene.producer.newTrades);
    await engine.stop();
  } finally {
    await scene.close();
  }
}

async function stallAndRecover(
  context: BenchContext,
  stage: Stage,
  scene: Scene,
  engine: BenchEngine,
  landing: BenchLanding,
  budgetMb: number,
): Promise<void> {
  const { before, stall, after } = context.options.quick ? SECONDS.quick : SECONDS.full;
  const looks: Look[] = [];
  const stopLooking = lookOn(engine, looks);
  const follow = followLanding(scene, landing);
  const sending = scene.producer.pace(RATE, before + stall + after, scene.topic.keptBytes);
  await delay(before * 1_000);
  const stalledAt = looks.at(-1)?.seconds ?? 0;
  follow.pause();
  const release = await holdDatabase(stage, landing);
  await delay(stall * 1_000);
  await release();
  const releasedAt = looks.at(-1)?.seconds ?? 0;
  follow.resume();
  const sent = await sending;
  await landing.until(scene.producer.ends, engine, LAND_TIMEOUT_MS);
  await follow.stop();
  const recoveredAt = looks.at(-1)?.seconds ?? 0;
  await stopLooking();
  report(context, looks, { stalledAt, releasedAt, recoveredAt, budgetMb, sentMb: sent.bytes / 1e6 });
}

/** Scrapes and looks at the process until stopped. */
function lookOn(engine: BenchEngine, looks: Look[]): () => Promise<void> {
  const startedMs = performance.now();
  let stopped = false;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      const inflightMb = total(await engine.scrape(), 'engine_inflight_bytes') / 1e6;
      looks.push({ seconds: (performance.now() - startedMs) / 1_000, rssMb: memoryOf(engine.pid).rssMb, inflightMb });
      await delay(SAMPLE_MS);
    }
  };
  const running = loop();
  running.catch(() => {}); // whoever stops it hears of it
  return async () => {
    stopped = true;
    await running;
  };
}

/** Tells the producer how far the engine has landed, while the database can be asked. */
function followLanding(scene: Scene, landing: BenchLanding) {
  let state: 'on' | 'paused' | 'stopped' = 'on';
  const loop = async (): Promise<void> => {
    while (state !== 'stopped') {
      if (state === 'on') scene.producer.landed(await landing.positions());
      await delay(20);
    }
  };
  const running = loop();
  running.catch(() => {});
  return {
    pause: () => {
      state = 'paused';
    },
    resume: () => {
      state = 'on';
    },
    stop: async () => {
      state = 'stopped';
      await running;
    },
  };
}

/** Lets the server go on when told to, and when its standard input ends: a bench that was killed leaves nothing stopped. */
const RELEASER = 'read -r word; kill -CONT "$@"';

/** Stops the server's processes where it is ours; else locks the table that every batch ends with. */
async function holdDatabase(stage: Stage, landing: BenchLanding): Promise<() => Promise<void>> {
  const pids = stage.database.pids();
  if (pids.length === 0) {
    await landing.query('BEGIN');
    await landing.query('LOCK TABLE kafka_offsets IN ACCESS EXCLUSIVE MODE');
    return async () => {
      await landing.query('COMMIT');
    };
  }
  const releaser = spawn('sh', ['-c', RELEASER, 'sh', ...pids.map(String)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  for (const pid of pids) stopProcess(pid);
  return async () => {
    const released = once(releaser, 'exit');
    releaser.stdin?.end('go\n');
    await released;
  };
}

function stopProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGSTOP');
  } catch {
    // A backend that has ended meanwhile.
  }
}

interface Story {
  readonly stalledAt: number;
  readonly releasedAt: number;
  readonly recoveredAt: number;
  readonly budgetMb: number;
  readonly sentMb: number;
}

function report(context: BenchContext, looks: readonly Look[], story: Story): void {
  const { stalledAt, releasedAt, recoveredAt, budgetMb, sentMb } = story;
  const within = (from: number, to: number): Look[] => looks.filter(({ seconds }) => seconds >= from && seconds < to);
  const middle = (stalledAt + releasedAt) / 2;
  const rss = (from: number, to: number): number => median(within(from, to).map(({ rssMb }) => rssMb));
  const quarter = (releasedAt - stalledAt) / 4;
  const [early, late] = [rss(middle, middle + quarter), rss(releasedAt - quarter, releasedAt)];
  const peak = Math.max(...looks.map(({ inflightMb }) => inflightMb));
  const { figures } = context;
  figures.add('memory.rss_before', rss(0, stalledAt), 'MB', 'lower');
  figures.add('memory.rss_peak', Math.max(...looks.map(({ rssMb }) => rssMb)), 'MB', 'lower');
  figures.add('memory.budget_peak', peak / budgetMb, 'of budget', 'lower');
  figures.add('memory.stall_growth', late / early - 1, 'of RSS', 'lower');
  figures.add('memory.recovery', recoveredAt - releasedAt, 's', 'lower');
  context.table({
    title: `Database stands still for ${number(releasedAt - stalledAt)} s at ${RATE} times real time`,
    head: ['', 'RSS, MB', 'in flight, MB'],
    rows: (
      [
        ['before', 0, stalledAt],
        ['first half of the stall', stalledAt, middle],
        ['second half', middle, releasedAt],
        ['after', releasedAt, recoveredAt + 1],
      ] as const
    ).map(([name, from, to]) => {
      const seen = within(from, to);
      const most = (of: (look: Look) => number): string => number(Math.max(0, ...seen.map(of)));
      return [name, most(({ rssMb }) => rssMb), most(({ inflightMb }) => inflightMb)];
    }),
    note: `Most in each phase. Budget ${number(budgetMb)} MB; ${number(sentMb)} MB were sent in all, and every trade landed.`,
  });
  const line = (of: (look: Look) => number): [number, number][] => looks.map((look) => [look.seconds, of(look)]);
  context.chart({
    title: 'Memory with a stalled database',
    kind: 'line',
    x: 'seconds',
    y: 'MB',
    series: [
      { name: 'RSS', points: line(({ rssMb }) => rssMb) },
      { name: 'in flight', points: line(({ inflightMb }) => inflightMb) },
      { name: 'budget', points: line(() => budgetMb) },
      {
        name: 'stall',
        points: line(({ seconds }) => (seconds >= stalledAt && seconds < releasedAt ? budgetMb / 2 : 0)),
      },
    ],
  });
}
