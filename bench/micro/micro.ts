import type { BenchContext } from '../context.js';
import { median } from '../statistics.js';
import { base58Group } from './base58-group.js';
import { copyGroup } from './copy-group.js';
import { decodeGroup, decodeSample, sizeSamples } from './decode-group.js';
import { hopGroup } from './hop-group.js';
import { packingGroup } from './packing-group.js';
import { type Rounds, ratios, runGroup, warmupRounds } from './rounds.js';
import { sampleOf } from './slabs.js';

interface Sizes {
  readonly seeds: number;
  readonly messages: number;
  readonly keys: number;
  readonly rows: number;
  readonly decode: Rounds;
  readonly small: Rounds;
  readonly sizeBytes: number;
}

const FULL: Sizes = {
  seeds: 5,
  messages: 90,
  keys: 5_000,
  rows: 2_000,
  decode: { warmup: 5, warmupItems: 10_000, measured: 15 },
  small: { warmup: 20, measured: 30 },
  sizeBytes: 20_000_000,
};
const QUICK: Sizes = {
  seeds: 3,
  messages: 40,
  keys: 1_000,
  rows: 500,
  decode: { warmup: 3, warmupItems: 10_000, measured: 5 },
  small: { warmup: 5, measured: 7 },
  sizeBytes: 4_000_000,
};
const MESSAGE_KILOBYTES = [20, 50, 100, 250, 500, 1_000] as const;

/** The parts by themselves, each beside its alternatives, on one core. */
export async function micro(context: BenchContext): Promise<void> {
  const sizes = context.options.quick ? QUICK : FULL;
  const { seed } = context.options;
  const samples = Array.from({ length: sizes.seeds }, (_, place) => sampleOf(seed + place, sizes.messages));
  const decoded = await runGroup(context, decodeGroup(samples), sizes.decode);
  const walker = decoded.get('walker')!.nsPerItem;
  for (const [key, name] of [
    ['full', 'times_full_decode'],
    ['tutorial', 'times_tutorial'],
    ['projection', 'times_projection'],
  ] as const) {
    const times = ratios(decoded.get(key)!.nsPerItem, walker);
    context.figures.add(`micro.decode.${name}`, times, '×', 'higher');
  }
  costAgainstSize(context, sizes);
  const { small } = sizes;
  for (const bytes of [32, 64] as const) {
    await runGroup(context, base58Group(bytes, sizes.keys, small.warmup + small.measured), small);
  }
  await runGroup(context, copyGroup(samples, sizes.rows), small);
  await runGroup(context, packingGroup(), small);
  const { group, close } = hopGroup();
  try {
    await runGroup(context, group, small);
  } finally {
    await close();
  }
}

/** Rounds go over all sizes in turn, as in a group. */
function costAgainstSize(context: BenchContext, { sizeBytes, decode }: Sizes): void {
  const samples = sizeSamples(context.options.seed, MESSAGE_KILOBYTES, sizeBytes);
  const rounds = samples.map(() => ({ ns: [] as number[], mb: [] as number[] }));
  const warmup = warmupRounds(decode, Math.min(...samples.map(([, { trades }]) => trades)));
  for (let round = 0; round < warmup + decode.measured; round++) {
    for (const [place, [, sample]] of samples.entries()) {
      const startedMs = performance.now();
      const { bytes, items } = decodeSample(sample);
      const ms = performance.now() - startedMs;
      if (round < warmup) continue;
      rounds[place]!.ns.push((ms * 1e6) / items);
      rounds[place]!.mb.push(bytes / 1e3 / ms);
    }
  }
  for (const [place, [kilobytes]] of samples.entries()) {
    context.figures.add(`micro.size.${kilobytes}_kb.ns`, rounds[place]!.ns, 'ns/trade', 'lower');
  }
  const points = samples.map(([kilobytes], place) => [kilobytes, median(rounds[place]!.ns)] as const);
  context.chart({
    title: 'Cost of a trade against message size (decode + extract + encode)',
    kind: 'line',
    x: 'largest message, KB',
    y: 'ns per trade',
    logX: true,
    series: [{ name: 'decodeSlab', points }],
  });
}
