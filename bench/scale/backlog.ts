import type { BenchContext } from '../context.js';
import { type Drain, drainOnce } from '../stage/drain.js';
import { memoryOf } from '../stage/process-usage.js';
import { number } from '../table.js';
import { type Cost, costOf } from './cost.js';

const TIMES = { full: [1, 10, 100], quick: [1, 10] } as const;
/** Of the backlog taken once, uncompressed. */
const BYTES = { full: 80_000_000, quick: 40_000_000 } as const;
/** A backlog once is too short to be measured once. */
const ONCE_ROUNDS = { full: 10, quick: 3 } as const;
const WARMUP = { full: 15, quick: 4 } as const;
/** Filling the topic may take longer than an engine's session, and the engine stands still meanwhile. */
const PATIENT = { KAFKA_SESSION_TIMEOUT_MS: '300000', KAFKA_MAX_POLL_INTERVAL_MS: '600000' };

/** A backlog once, ten and a hundred times as large. What a broker cannot hold at once is drained piece by piece. */
export async function scaleBacklog(context: BenchContext): Promise<void> {
  const stage = await context.stage();
  const size = context.options.quick ? 'quick' : 'full';
  const scene = await stage.open({ name: 'scale-backlog' });
  try {
    const [engine, landing] = await scene.startEngine(stage.brokers.kind === 'mock' ? {} : PATIENT);
    const pieces = scene.topic.keptBytes !== null;
    const drain = (times: number): Promise<Drain> => drainOnce(stage, scene, engine, landing, BYTES[size] * times);
    for (let round = 0; round < WARMUP[size]; round++) await drain(1);
    const costs: { times: number; cost: Cost; rssMb: number }[] = [];
    for (const times of TIMES[size]) {
      context.progress.say(`a backlog ${times} times`);
      const count = times === 1 ? ONCE_ROUNDS[size] : pieces ? times : 1;
      const drains: Drain[] = [];
      for (let round = 0; round < count; round++) drains.push(await drain(pieces ? 1 : times));
      costs.push({ times, cost: costOf(drains), rssMb: memoryOf(engine.pid).rssMb });
    }
    await landing.assertExactly(scene.producer.newTrades);
    await engine.stop();
    report(context, costs, pieces);
  } finally {
    await scene.close();
  }
}

function report(context: BenchContext, costs: { times: number; cost: Cost; rssMb: number }[], pieces: boolean): void {
  const once = costs[0]!.cost.engineMicros;
  context.table({
    title: 'Cost of a trade against the backlog',
    head: ['backlog', 'new trades', 'trades/s', 'engine µs/trade', '× that at once', 'RSS after, MB'],
    rows: costs.map(({ times, cost, rssMb }) => {
      context.figures.add(`scale.backlog.x${times}_us`, cost.engineMicros, 'µs/trade', 'lower');
      if (times > 1) context.figures.add(`scale.backlog.x${times}_cost`, cost.engineMicros / once, '×', 'lower');
      const ratio = number(cost.engineMicros / once);
      return [
        `${times}×`,
        number(cost.trades),
        number(cost.tradesPerSecond),
        number(cost.engineMicros),
        ratio,
        number(rssMb),
      ];
    }),
    ...(pieces
      ? { note: 'The mock broker holds the backlog once: more of it is drained piece by piece, one after the other.' }
      : {}),
  });
}
