import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchContext } from './context.js';
import { type CpuProfile, type FlameNode, flameOf, selfTimes } from './report/flame.js';
import { drainOnce } from './stage/drain.js';
import { number } from './table.js';

const BURSTS = { full: 25, quick: 5 } as const;
const BYTES = { full: 1_000_000_000, quick: 200_000_000 } as const;
const INTERVAL_US = 500;
const TOP = 15;

/** CPU profiles of the engine's threads while it drains at full speed, as files and as flame charts. */
export async function profile(context: BenchContext): Promise<void> {
  const stage = await context.stage();
  const size = context.options.quick ? 'quick' : 'full';
  const folder = await mkdtemp(join(tmpdir(), 'trades-bench-profile-'));
  const scene = await stage.open({ name: 'profile' });
  try {
    const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${INTERVAL_US}`];
    const [engine, landing] = await scene.startEngine({}, flags);
    // The mock broker holds little: several backlogs make one profile.
    const bursts = scene.topic.keptBytes === null ? 1 : BURSTS[size];
    let trades = 0;
    for (let burst = 0; burst < bursts; burst++) {
      trades += (await drainOnce(stage, scene, engine, landing, BYTES[size])).sent.newTrades;
    }
    await landing.assertExactly(scene.producer.newTrades);
    await engine.stop(); // which writes the profiles
    await keep(context, folder, trades);
  } finally {
    await scene.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** `CPU.date.time.pid.thread.sequence.cpuprofile`; thread 0 is the main one. */
async function keep(context: BenchContext, folder: string, trades: number): Promise<void> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.cpuprofile')).sort();
  if (files.length === 0) throw new Error('node wrote no CPU profile');
  await mkdir(context.folder, { recursive: true });
  for (const file of files) {
    const thread = Number(file.split('.').at(-3));
    const name = thread === 0 ? 'main thread' : `worker ${thread}`;
    const target = join(context.folder, `${context.stem}-${name.replace(' ', '-')}.cpuprofile`);
    await copyFile(join(folder, file), target);
    const root = flameOf(JSON.parse(await readFile(target, 'utf8')) as CpuProfile);
    context.flame({ title: name, root });
    context.progress.say(`profile ${target}`);
    table(context, name, root, trades);
  }
}

function table(context: BenchContext, name: string, root: FlameNode, trades: number): void {
  const key = name.replaceAll(' ', '_');
  context.figures.add(`profile.${key}_us`, (root.ms * 1e3) / trades, 'µs/trade', 'lower');
  context.table({
    title: `Where the ${name} spends its time: ${number(root.ms)} ms at work for ${number(trades)} new trades`,
    head: ['', 'ms', 'share'],
    rows: selfTimes(root)
      .slice(0, TOP)
      .map(([frame, ms]) => [frame, number(ms), `${((100 * ms) / root.ms).toFixed(1)} %`]),
    note: 'Time in the function itself, from the start of the process on, loading and compiling included.',
  });
}
