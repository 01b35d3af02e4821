import { PartitionIntake, type Slab } from '../../src/ingest/partition.js';
import type { Source } from '../../src/ingest/source.js';
import { Suspects } from '../../src/ingest/suspects.js';
import { BatchLane } from '../../src/sink/batch-lane.js';
import { Batcher } from '../../src/sink/batcher.js';
import { DuplicateWindow } from '../../src/sink/duplicates.js';
import type { PostgresSink } from '../../src/sink/postgres-sink.js';
import { Reassembler } from '../../src/sink/reassembler.js';
import type { PartOutcome, Sink } from '../../src/sink/sink.js';
import { type Change, ModelDatabase, type OffsetsRow } from './database.js';
import { ModelPool } from './pool.js';
import { decodeRows, type ModelRow } from './rows.js';
import type { Session } from './session.js';
import type { ModelSource } from './source.js';
import type { Seams } from './world.js';

export interface Mutation {
  readonly name: string;
  readonly seams: Seams;
  /** Shows where engines take partitions from each other. */
  readonly fenced?: true;
}

/** Rows become visible some time after the position that covers them. */
class CommitsBeforeItLands extends ModelDatabase {
  override insertRow(row: ModelRow): Change {
    const { apply, undo } = super.insertRow(row);
    return { apply: () => void setTimeout(apply, 3), undo };
  }
}

/** Whoever reads the offsets row finds itself as its owner, and may move it. */
class ChecksNoEpoch extends ModelDatabase {
  readonly #epochs = new Map<string, number>();

  override setOffsets(partition: number, row: OffsetsRow): Change {
    this.#epochs.set(`${row.owner} ${partition}`, row.epoch);
    return super.setOffsets(partition, row);
  }

  override read(partition: number, { owner }: Session): OffsetsRow | undefined {
    const row = super.read(partition, { owner } as Session);
    const epoch = this.#epochs.get(`${owner} ${partition}`);
    return row === undefined || epoch === undefined ? row : { ...row, owner, epoch };
  }

  override holds(): boolean {
    return true;
  }
}

class ComparesNoPosition extends ModelDatabase {
  override standsAt(): boolean {
    return true;
  }
}

/** A batch that is tried again goes by what the offsets row said at the first try. */
class LooksOnce extends ModelDatabase {
  readonly #read = new Map<string, OffsetsRow | undefined>();

  begins(owner: string, partition: number): void {
    this.#read.delete(`${owner} ${partition}`);
  }

  override read(partition: number, reader: Session): OffsetsRow | undefined {
    const key = `${reader.owner} ${partition}`;
    if (!this.#read.has(key)) this.#read.set(key, super.read(partition, reader));
    return this.#read.get(key);
  }
}

class WritesNoGapRow extends ModelDatabase {
  override recordGap(): Change {
    return { apply: () => {}, undo: () => {} };
  }
}

/** Remembers what it wrote in whatever run. */
class RemembersAcrossRuns extends ModelPool {
  override windowKey(_run: number, partition: number, transaction: string): string {
    return `${partition} ${transaction}`;
  }
}

function sinkLike(sink: PostgresSink, more: Partial<Sink>): Sink {
  return {
    open: () => sink.open(),
    position: (...args) => sink.position(...args),
    claim: (...args) => sink.claim(...args),
    recordGap: (...args) => sink.recordGap(...args),
    recentTransactions: (...args) => sink.recentTransactions(...args),
    write: (...args) => sink.write(...args),
    close: () => sink.close(),
    ...more,
  };
}

function sourceLike(source: ModelSource, more: Partial<Source>): Source {
  return {
    start: (handler) => source.start(handler),
    hold: () => source.hold(),
    release: () => source.release(),
    seek: (position) => source.seek(position),
    commit: (positions) => source.commit(positions),
    watermarks: (partition) => source.watermarks(partition),
    startOffset: (partition, watermarks) => source.startOffset(partition, watermarks),
    fenced: (partition) => source.fenced(partition),
    stop: () => source.stop(),
    ...more,
  };
}

/** A sink that answers `landed` for what did not land. */
const takesForLanded = (kind: PartOutcome['kind']) => (sink: PostgresSink) =>
  sinkLike(sink, {
    write: async (lane, batch, signal) => {
      const outcomes = await sink.write(lane, batch, signal);
      return outcomes.map((outcome) =>
        outcome.kind === kind ? { kind: 'landed', part: outcome.part, rowsInserted: 0, rowsDuplicate: 0 } : outcome,
      );
    },
  });

/** Replaces a method of a real class; answers what puts it back. */
function replaceMethod<Class extends object, Name extends keyof Class & string>(
  { prototype }: { prototype: Class },
  name: Name,
  create: (original: Class[Name]) => Class[Name],
): () => void {
  const original = prototype[name];
  prototype[name] = create(original);
  return () => {
    prototype[name] = original;
  };
}

/** Stretches close the hole before them, and what comes to fill it later is passed over. */
function swallowHoles(): () => void {
  return replaceMethod(Reassembler<unknown>, 'add', (add) => {
    return function (this: Reassembler<unknown>, from, to, value) {
      if (to > this.position) add.call(this, this.position, to, value);
      else if (from >= this.position) add.call(this, from, to, value);
    };
  });
}

/** A slab says that it is of the tenure in which it is asked. */
function forgetTenures(): () => void {
  return replaceMethod(PartitionIntake, 'takeSlab', (takeSlab) => {
    return function (this: PartitionIntake, ...args): Slab {
      const slab = { ...takeSlab.apply(this, args) };
      return Object.defineProperty(slab, 'tenure', { get: () => this.tenure });
    };
  });
}

/** The batch that is due is put behind the next one. */
function takeLaterFirst(): () => void {
  return replaceMethod(Batcher, 'take', (take) => {
    return function (this: Batcher, nowMs) {
      const due = take.call(this, nowMs);
      if (this.empty) return due;
      const next = take.call(this, nowMs);
      for (const part of due) this.add(part, nowMs);
      return next;
    };
  });
}

function dropStretchesWithoutRows(): () => void {
  return replaceMethod(BatchLane, 'push', (push) => {
    return function (this: BatchLane, part) {
      if (part.tradeRows > 0 || part.failures.length > 0) push.call(this, part);
    };
  });
}

/** The first message of a slab whose worker died is condemned, and the others with it. */
function condemnAtOnce(): () => void {
  const restoreLastChance = replaceMethod(Suspects, 'lastChance', () => () => true);
  const restoreFailed = replaceMethod(Suspects, 'failed', () => () => 'poison');
  return () => {
    restoreLastChance();
    restoreFailed();
  };
}

/** Each breaks one invariant on purpose, at a seam of the engine; the simulation must find every one. */
export const MUTATIONS: readonly Mutation[] = [
  { name: 'the position is committed before the rows', seams: { database: CommitsBeforeItLands } },
  { name: 'no epoch is checked', seams: { database: ChecksNoEpoch }, fenced: true },
  { name: 'no position is compared', seams: { database: ComparesNoPosition } },
  {
    name: 'a lost answer is taken for a failure',
    seams: {
      database: LooksOnce,
      sink: (sink, world, owner) =>
        sinkLike(sink, {
          write: (lane, batch, signal) => {
            for (const { partition } of batch.parts) (world.server.database as LooksOnce).begins(owner, partition);
            return sink.write(lane, batch, signal);
          },
        }),
    },
  },
  { name: 'a rewound part is taken for landed', seams: { sink: takesForLanded('rewound') } },
  { name: 'a fenced part is taken for landed', seams: { sink: takesForLanded('fenced') }, fenced: true },
  { name: 'a gap has no row', seams: { database: WritesNoGapRow } },
  { name: 'a hole is passed over', seams: { patch: swallowHoles } },
  { name: 'results of an earlier tenure are accepted', seams: { patch: forgetTenures } },
  { name: 'batches leave out of order', seams: { patch: takeLaterFirst } },
  { name: 'stretches without rows do not advance', seams: { patch: dropStretchesWithoutRows } },
  { name: 'a slab is condemned with its neighbours', seams: { patch: condemnAtOnce } },
  {
    name: 'the window of repeats outlives a rewind',
    seams: { patch: () => replaceMethod(DuplicateWindow, 'clear', () => () => {}) },
  },
  {
    name: 'repeats of what never landed are dropped',
    seams: {
      sink: (sink, world) =>
        sinkLike(sink, {
          write: (lane, batch, signal) => {
            for (const { slot, txIndex } of decodeRows(batch.parts.flatMap(({ trades }) => trades))) {
              world.tried.push(slot, txIndex);
            }
            return sink.write(lane, batch, signal);
          },
          recentTransactions: async () => ({ pairs: Float64Array.from(world.tried) }),
        }),
    },
  },
  {
    name: 'dropped messages stay in the budget',
    seams: {
      patch: () =>
        replaceMethod(PartitionIntake, 'restart', (restart) => {
          return function (this: PartitionIntake, position) {
            restart.call(this, position);
            return 0;
          };
        }),
    },
  },
  {
    name: 'a full budget holds nothing',
    seams: { source: (source) => sourceLike(source, { hold: () => {} }) },
  },
  {
    name: 'a seek is answered before it is done',
    seams: {
      source: (source) =>
        sourceLike(source, {
          seek: async (position) => {
            setTimeout(() => void source.seek(position).catch(() => {}), 2);
          },
        }),
    },
  },
  { name: 'a worker remembers transactions across tenures', seams: { pool: RemembersAcrossRuns } },
];
