import { EVERYTHING, type Profile, RATES } from './plan-from-seed.js';

/** Partitions are taken with work in flight, and drains run over their budget. */
export const REVOKES: Profile = {
  ...EVERYTHING,
  engines: [2, 3],
  faults: [3, 7],
  kinds: { rebalance: 5, stop: 3, freeze: 2, 'database-slow': 3, 'late-commit': 1 },
  knobs: { drainMs: 30 },
};

/** Partitions go from one engine to another and back while workers and the database are still busy with them. */
export const RETURNS: Profile = {
  ...EVERYTHING,
  engines: [2],
  faults: [5, 9],
  kinds: { rebalance: 6, freeze: 3, 'worker-crash': 2, 'database-slow': 1, 'late-commit': 2 },
};

/** Batches fail in every way while later ones are ready. */
export const FAILING_BATCHES: Profile = {
  ...EVERYTHING,
  faults: [3, 8],
  kinds: { 'lose-request': 2, 'lose-answer': 3, 'late-commit': 3, refuse: 3, 'database-down': 1, 'database-slow': 1 },
};

/** Hardly a row: empty messages, repeats, markers. */
export const EMPTY_STREAMS: Profile = { ...EVERYTHING, rates: { ...RATES, empty: 0.85, repeat: 0.95, conflict: 0 } };

/** Clocks jump, at both ends, and messages are of any time. */
export const ODD_TIMES: Profile = {
  ...EVERYTHING,
  faults: [3, 7],
  kinds: { clock: 6, rewind: 2, kill: 1, 'database-down': 2, rebalance: 1 },
  rates: { ...RATES, oddTime: 0.8 },
};
