import type { BenchContext } from '../context.js';
import { type Drain, drainOnce } from '../stage/drain.js';
import { number } from '../table.js';
import { type Cost, costOf } from './cost.js';

const COUNTS = [1, 2, 4, 8, 16, 32] as const;
const BYTES = { full: 1_000_000_000, quick: 80_000_000 } as const;
const ROUNDS = { full: 5, quick: 2 } as const;
const WARMUP = { full: 3, quick: 1 } as const;

/** The same stream over 1 to 32 partitions, as far as the broker allows. */
export async function scalePartitions(context: BenchContext): Promise<void> {
  const stage = await context.stage();
  const size = context.options.quick ? 'quick' : 'full';
  const possible = COUNTS.filter((count) => count <= stage.brokers.partitionsMax);
  const counts = context.options.quick ? [possible[0]!, possible.at(-1)!] : possible;
  if (possible.length < COUNTS.length) {
    context.remark(
      `scale: the mock broker has ${stage.brokers.partitionsMax} partitions at the most; --kafka goes to 32`,
    );
  }
  const costs: [partitions: number, Cost][] = [];
  for (const partitions of counts) {
    context.progress.say(`${partitions} partitions`);
    const scene = await stage.open({ name: `scale-partitions-${partitions}`, partitions });
    try {
      const [engine, landing] = await scene.startEngine();
      const drains: Drain[] = [];
      for (let round = 0; round < WARMUP[size] + ROUNDS[size]; round++) {
        const drain = await drainOnce(stage, scene, engine, landing, BYTES[size]);
        if (round >= WARMUP[size]) drains.push(drain);
      }
      await landing.assertExactly(scene.producer.newTrades);
      await engine.stop();
      costs.push([partitions, costOf(drains)]);
    } finally {
      await scene.close();
    }
  }
  context.table({
    title: 'Cost of a trade against partitions',
    head: ['partitions', 'trades/s', 'engine µs/trade'],
    rows: costs.map(([partitions, cost]) => {
      context.figures.add(`scale.partitions.p${partitions}_us`, cost.engineMicros, 'µs/trade', 'lower');
      return [String(partitions), number(cost.tradesPerSecond), number(cost.engineMicros)];
    }),
  });
}
