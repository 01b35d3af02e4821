import type { Drain } from '../stage/drain.js';
import { sum } from '../statistics.js';

/** What some drains cost, all together: single ones are too short for a clock of 10 ms. */
export interface Cost {
  readonly trades: number;
  readonly tradesPerSecond: number;
  readonly engineMicros: number;
  /** Null where the server is not ours. */
  readonly databaseMicros: number | null;
}

export function costOf(drains: readonly Drain[]): Cost {
  const trades = sum(drains.map(({ sent }) => sent.newTrades));
  const known = drains.every(({ databaseCpuSeconds }) => databaseCpuSeconds !== null);
  const micros = (of: (drain: Drain) => number): number => (sum(drains.map(of)) * 1e6) / trades;
  return {
    trades,
    tradesPerSecond: trades / sum(drains.map(({ seconds }) => seconds)),
    engineMicros: micros(({ engineCpuSeconds }) => engineCpuSeconds),
    databaseMicros: known ? micros(({ databaseCpuSeconds }) => databaseCpuSeconds ?? 0) : null,
  };
}
