import { RandomSource } from '../fuzz/random-source.js';
import { type Fault, HEAL_MS, type Knobs, type Plan, type PlannedMessage, type PlannedTransaction } from './plan.js';
import { ROW_BYTES } from './rows.js';

/** What plans are made of: shares are weights, rates are chances. */
export interface Profile {
  readonly engines: readonly number[];
  readonly partitions: readonly number[];
  readonly messages: readonly [fewest: number, most: number];
  readonly faults: readonly [fewest: number, most: number];
  readonly kinds: Partial<Record<Fault['kind'], number>>;
  readonly rates: Rates;
  readonly knobs: Partial<Knobs>;
}

export interface Rates {
  readonly empty: number;
  readonly repeat: number;
  readonly conflict: number;
  readonly undecodable: number;
  readonly kills: number;
  readonly refused: number;
  readonly oddTime: number;
}

export const RATES: Rates = {
  empty: 0.2,
  repeat: 0.45,
  conflict: 0.05,
  undecodable: 0.03,
  kills: 0.015,
  refused: 0.01,
  oddTime: 0.05,
};

/** Everything at once. */
export const EVERYTHING: Profile = {
  engines: [1, 2, 2, 3],
  partitions: [1, 2, 3],
  messages: [6, 36],
  faults: [0, 6],
  kinds: {
    kill: 2,
    stop: 2,
    freeze: 2,
    'worker-crash': 2,
    rebalance: 3,
    'broker-down': 1,
    'database-down': 2,
    'database-slow': 2,
    'lose-request': 2,
    'lose-answer': 3,
    'late-commit': 3,
    refuse: 2,
    rewind: 3,
    retention: 2,
    clock: 1,
  },
  rates: RATES,
  knobs: {},
};

const SLOT = 400_000_000;
const TROUBLE_MS = 1_100;
const SQL_STATES = ['40001', '40P01', '55P03', '53300', '57P01', '25006', '53100', '57014', '08006', 'XX000'];

/** The plan that a seed stands for. */
export function planFromSeed(seed: number, profile: Profile = EVERYTHING): Plan {
  const random = new RandomSource(Math.imul(seed, 0x9e37_79b1) ^ 0x5bd1_e995);
  const engines = random.pick(profile.engines);
  const partitions = random.pick(profile.partitions);
  const knobs = { ...knobsFrom(random), ...profile.knobs };
  const messages = messagesFrom(random, partitions, profile);
  const faults = faultsFrom(random, engines, partitions, profile);
  return { seed, engines, partitions, knobs, messages, faults };
}

function knobsFrom(random: RandomSource): Knobs {
  return {
    lanes: random.pick([1, 2]),
    threads: random.pick([1, 2, 3]),
    batchMaxRows: random.pick([2, 10, 100]),
    batchMaxBytes: random.pick([4_000, 1_000_000]),
    batchLingerMs: random.pick([0, 5, 30]),
    budgetBytes: random.pick([12_288, 32_768, 1_048_576]),
    slabMaxBytes: random.pick([1_024, 6_000, 65_536]),
    slabLingerMs: random.pick([0, 5]),
    slabAttempts: random.pick([1, 2, 3]),
    windowEntries: random.pick([0, 3, 64, 64]),
    windowMs: random.pick([50, 240_000, 240_000]),
    gapPolicy: random.pick(['halt', 'continue', 'continue']),
    consumeMax: random.pick([1, 4, 8]),
    drainMs: random.pick([30, 200, 1_000]),
    workerRepeats: random.chance(0.5),
  };
}

function messagesFrom(random: RandomSource, partitions: number, profile: Profile): PlannedMessage[] {
  const [fewest, most] = profile.messages;
  const count = fewest + random.below(most - fewest + 1);
  const stream = new StreamModel(random, profile.rates);
  const messages: PlannedMessage[] = [];
  const spanMs = random.pick([30, 200, TROUBLE_MS]);
  for (let i = 0; i < count; i++) {
    const atMs = Math.floor((spanMs * i) / count) + random.below(10);
    messages.push(stream.message(messages.length, atMs, random.below(partitions)));
  }
  messages.sort((a, b) => a.atMs - b.atMs);
  // A stream that is alive: what a rewind took is noticed with the next message of its partition.
  for (let partition = 0; partition < partitions; partition++) {
    messages.push(stream.last(messages.length, HEAL_MS + 5 * partition, partition));
  }
  return messages;
}

/** Messages of a stream that repeats itself. */
class StreamModel {
  readonly #random: RandomSource;
  readonly #rates: Rates;
  readonly #sent: { transaction: PlannedTransaction; partition: number }[] = [];
  #slot = SLOT;
  #variants = 0;
  #tx = 0;

  constructor(random: RandomSource, rates: Rates) {
    this.#random = random;
    this.#rates = rates;
  }

  message(id: number, atMs: number, partition: number): PlannedMessage {
    const random = this.#random;
    const kind = this.#kind();
    const skipped = kind === 'marker' ? 1 + random.below(2) : random.chance(0.08) ? 1 + random.below(3) : 0;
    const count = kind === 'trades' && !random.chance(this.#rates.empty) ? 1 + random.below(3) : 0;
    const transactions: PlannedTransaction[] = [];
    for (let i = 0; i < count; i++) {
      const next = random.chance(this.#rates.repeat) ? this.#repeat(partition) : this.#fresh();
      if (transactions.some(({ slot, txIndex }) => slot === next.slot && txIndex === next.txIndex)) continue;
      transactions.push(next);
      this.#sent.push({ transaction: next, partition });
    }
    return {
      id,
      atMs,
      partition,
      skipped,
      kind,
      bytes: this.#bytes(kind, transactions),
      timestampMs: this.#time(),
      transactions,
    };
  }

  last(id: number, atMs: number, partition: number): PlannedMessage {
    const transactions = [{ ...this.#fresh(), refused: false }];
    const bytes = 300 + ROW_BYTES * transactions[0]!.trades;
    return { id, atMs, partition, skipped: 0, kind: 'trades', bytes, timestampMs: this.#time(), transactions };
  }

  #kind(): PlannedMessage['kind'] {
    const { kills, undecodable } = this.#rates;
    const dice = this.#random.next();
    if (dice < kills) return this.#random.pick(['kills', 'kills', 'hangs']);
    if (dice < kills + undecodable) return 'undecodable';
    if (dice < kills + undecodable + 0.08) return this.#random.pick(['null', 'marker']);
    return 'trades';
  }

  #fresh(): PlannedTransaction {
    const random = this.#random;
    if (random.chance(0.3)) {
      this.#slot += 1 + random.below(3);
      this.#tx = 0;
    }
    this.#tx += 1 + random.below(3);
    const refused = random.chance(this.#rates.refused);
    return { slot: this.#slot, txIndex: this.#tx, trades: 1 + random.below(3), variant: 0, refused };
  }

  /** Most repeats come soon and in the same partition. */
  #repeat(partition: number): PlannedTransaction {
    const random = this.#random;
    const own = this.#sent.filter((sent) => sent.partition === partition);
    const among = own.length > 0 && random.chance(0.85) ? own.slice(-8) : this.#sent;
    if (among.length === 0) return this.#fresh();
    const { transaction } = random.pick(among);
    if (transaction.refused || !random.chance(this.#rates.conflict)) return transaction;
    return { ...transaction, variant: ++this.#variants, trades: 1 + random.below(3) };
  }

  /** What a worker makes of a message is smaller than the message, as it is with real ones. */
  #bytes(kind: PlannedMessage['kind'], transactions: readonly PlannedTransaction[]): number {
    if (kind === 'null' || kind === 'marker') return 0;
    const rows = transactions.reduce((sum, { trades }) => sum + trades, 0);
    const size = this.#random.pick([700, 900, 2_000]) + (ROW_BYTES + 60) * rows;
    return this.#random.chance(0.02) ? size + 40_000 : size;
  }

  #time(): number {
    const random = this.#random;
    if (!random.chance(this.#rates.oddTime)) return 1_790_000_000_000 + random.below(10_000);
    return random.pick([-1, 0, 1, 4_102_444_800_000, 253_402_300_800_000, Number.MAX_SAFE_INTEGER]);
  }
}

function faultsFrom(random: RandomSource, engines: number, partitions: number, profile: Profile): Fault[] {
  const [fewest, most] = profile.faults;
  const kinds = Object.entries(profile.kinds).flatMap(([kind, weight]) =>
    Array<Fault['kind']>(weight).fill(kind as Fault['kind']),
  );
  const count = fewest + random.below(most - fewest + 1);
  const faults = Array.from({ length: count }, () => faultOf(random, random.pick(kinds), engines, partitions));
  return faults.sort((a, b) => a.atMs - b.atMs);
}

function faultOf(random: RandomSource, kind: Fault['kind'], engines: number, partitions: number): Fault {
  const atMs = 10 + random.below(random.pick([60, 250, TROUBLE_MS]));
  const engine = random.below(engines);
  const forMs = random.pick([20, 100, 300, 700]);
  switch (kind) {
    case 'kill':
    case 'stop':
      return { atMs, kind, engine, downMs: random.pick([10, 100, 400]) };
    case 'freeze':
      return { atMs, kind, engine, forMs };
    case 'worker-crash':
      return { atMs, kind, engine };
    case 'broker-down':
    case 'database-down':
    case 'database-slow':
      return { atMs, kind, forMs };
    case 'late-commit':
      return { atMs, kind, byMs: random.pick([5, 60, 300, 700]) };
    case 'refuse':
      return { atMs, kind, sqlState: random.pick(SQL_STATES), times: 1 + random.below(4) };
    case 'rewind':
      return { atMs, kind, commits: 1 + random.below(6), clockMs: random.pick([0, 0, -60_000, 60_000]) };
    case 'retention':
      return { atMs, kind, partition: random.below(partitions), share: random.pick([0.3, 0.7, 1]) };
    case 'clock':
      return { atMs, kind, byMs: random.pick([-86_400_000, -3_000, 3_000, 86_400_000, -1_790_000_000_000]) };
    default:
      return { atMs, kind };
  }
}
