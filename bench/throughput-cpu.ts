import type { BenchContext } from './context.js';
import type { Drain } from './stage/drain.js';
import { median, sum } from './statistics.js';
import { number } from './table.js';

/** Where a new trade's CPU goes: the engine by kinds of threads, and the two servers. `of`: seconds, null where not ours. */
const PARTS: readonly (readonly [key: string, name: string, label: string, of: (drain: Drain) => number | null])[] = [
  ['main', 'engine: main thread', 'main thread', ({ threads }) => threads.main],
  ['workers', 'engine: decode workers', 'workers', ({ threads }) => threads.workers],
  ['librdkafka', 'engine: librdkafka', 'librdkafka', ({ threads }) => threads.kafka],
  ['helpers', 'engine: garbage collection, compiling, libuv', 'GC, libuv', ({ threads }) => threads.helpers],
  ['postgres', 'PostgreSQL', 'PostgreSQL', ({ databaseCpuSeconds }) => databaseCpuSeconds],
  ['broker', 'broker', 'broker', ({ brokerCpuSeconds }) => brokerCpuSeconds],
];

/** Figures, a table and a chart of the CPU that a new trade takes, by threads of the engine and by server. */
export function cpuByThread(context: BenchContext, workers: number, drains: readonly Drain[]): void {
  const rows: (readonly [name: string, micros: number, label: string])[] = [];
  for (const [key, name, label, of] of PARTS) {
    const seconds = drains.map(of);
    if (seconds.some((value) => value === null)) continue;
    const rounds = drains.map(({ sent }, round) => (seconds[round]! * 1e6) / sent.newTrades);
    context.figures.add(`throughput.cpu.${key}_us`, rounds, 'µs/trade', 'lower');
    rows.push([name, median(rounds), label]);
  }
  const total = sum(rows.map(([, micros]) => micros));
  const title = `CPU of a new trade, ${workers} ${workers === 1 ? 'worker' : 'workers'}`;
  context.table({
    title,
    head: ['', 'µs/trade', 'share'],
    rows: rows.map(([name, micros]) => [name, number(micros), `${((100 * micros) / total).toFixed(0)} %`]),
    note: `Together ${number(total)} µs: two cores could land ${number(2e6 / total)} trades/s.`,
  });
  context.chart({
    title,
    kind: 'bars',
    x: '',
    y: 'µs per new trade',
    series: [
      {
        name: 'CPU',
        points: rows.map(([, micros], place) => [place, micros]),
        labels: rows.map(([, , label]) => label),
      },
    ],
  });
}
