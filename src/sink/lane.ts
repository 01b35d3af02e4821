import { EngineError } from '../errors.js';
import { prepareStaging, writeDirectly, writeThroughStaging } from './attempt.js';
import { BatchWork, type PartWork } from './batch-work.js';
import { type Claimant, type OwnClaims, restoreClaim } from './claims.js';
import { classify, haltError } from './classify.js';
import type { ConflictRate } from './conflict-rate.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { insertDeadLetters } from './dead-letters.js';
import { RowIsolator } from './isolate.js';
import type { LetterFlood } from './letter-flood.js';
import { haltAtFlood, tallyOf } from './letter-tally.js';
import type { SinkObserver } from './observer.js';
import { advanceAndCommit, beginAndRead, decideParts, type Position } from './offsets.js';
import { firstSlots, partitionSlots, type TradePartitions } from './partitions.js';
import type { Retrier } from './retry.js';
import type { Batch, PartOutcome } from './sink.js';
import { mergeHeaders, upsertSlots } from './slots.js';
import type { StaleBackends } from './stale-backends.js';

export interface LaneContext {
  readonly claimant: Claimant;
  readonly claims: OwnClaims;
  readonly connections: Connections;
  readonly retrier: Retrier;
  readonly partitions: TradePartitions;
  readonly conflictRate: ConflictRate;
  readonly flood: LetterFlood;
  readonly staleBackends: StaleBackends;
  readonly observer: SinkObserver;
  readonly tellPlaces: boolean;
}

/** Times the offsets row may read well and then fail the compare-and-set before somebody must look. */
const MISMATCHES_MAX = 10;
const PARTITION_MISSES_MAX = 5;

/**
 * One connection, one batch at a time.
 *
 * Every attempt at a batch begins by reading the offsets rows and deciding each part by them. So the answer to whatever
 * went wrong, a COMMIT whose acknowledgement was lost included, is the same: throw the connection away and begin again.
 */
export class Lane {
  readonly #name: string;
  readonly #context: LaneContext;
  readonly #isolator: RowIsolator;
  #connection: Connection | null = null;

  constructor(name: string, context: LaneContext) {
    this.#name = name;
    this.#context = context;
    this.#isolator = new RowIsolator(context.connections, context.retrier);
  }

  async write(batch: Batch, signal: AbortSignal): Promise<PartOutcome[]> {
    const { retrier, conflictRate } = this.#context;
    const started = performance.now();
    const work = new BatchWork(batch, conflictRate.stagingFirst, this.#context.tellPlaces);
    let mismatches = 0;
    let partitionMisses = 0;
    while (work.open().length > 0) {
      try {
        await retrier.run('A write to the database', signal, () => this.#attempt(work, signal));
      } catch (error) {
        signal.throwIfAborted();
        const kind = classify(error);
        if (kind === 'duplicate' && !work.staging) {
          work.staging = true;
          work.hadDuplicates = true;
        } else if (kind === 'position' && ++mismatches <= MISMATCHES_MAX) {
          // The next attempt reads the offsets rows and decides.
        } else if (kind === 'partition' && ++partitionMisses <= PARTITION_MISSES_MAX) {
          await this.#makePartitions(work, signal);
        } else if (kind === 'data') {
          // A search goes over rows beyond the one that failed, whose partitions may not be there yet.
          await this.#makePartitions(work, signal);
          try {
            await this.#isolator.reject(work, error, signal);
          } catch (other) {
            signal.throwIfAborted();
            // Somebody dropped one since.
            if (classify(other) !== 'partition' || ++partitionMisses > PARTITION_MISSES_MAX)
              throw haltError(other, 'A write to the database');
          }
        } else {
          throw kind === 'position'
            ? new EngineError('DATABASE_OFFSETS_BROKEN', 'The offsets row reads as expected and yet cannot be moved.', {
                cause: error,
              })
            : haltError(error, 'A write to the database');
        }
      }
    }
    const duplicates = this.#report(work, (performance.now() - started) / 1_000);
    conflictRate.record(work.hadDuplicates || duplicates > 0);
    return work.outcomes();
  }

  async close(): Promise<void> {
    await this.#connection?.end();
    this.#connection = null;
  }

  async #attempt(work: BatchWork, signal: AbortSignal): Promise<void> {
    // The attempt before may have settled every part and then lost its connection.
    if (work.open().length === 0) return;
    const { claimant, staleBackends } = this.#context;
    const connection = await this.#connected(signal);
    signal.throwIfAborted();
    const abort = (): void => connection.destroy('The write was given up');
    signal.addEventListener('abort', abort);
    const unwatch = staleBackends.watch(connection);
    try {
      await this.#context.partitions.ensure(connection, firstSlots(work.open().flatMap(({ part }) => part.trades)));
      if (work.staging) await prepareStaging(connection);
      const asked = work.open();
      const positions = await this.#begin(connection, asked);
      const decisions = decideParts(
        asked.map(({ part }) => part),
        positions,
        claimant.owner,
      );
      for (const [i, part] of asked.entries()) {
        const decision = decisions[i];
        if (decision !== undefined) part.settle(decision);
      }
      const parts = work.open();
      if (parts.length === 0) await connection.script('ROLLBACK');
      else await this.#land(connection, work, parts);
    } catch (error) {
      connection.destroy();
      throw error;
    } finally {
      unwatch();
      signal.removeEventListener('abort', abort);
    }
  }

  /** Begins a transaction and reads the offsets rows; claims that the database has forgotten are put back first. */
  async #begin(connection: Connection, work: readonly PartWork[]): Promise<Position[]> {
    const { claimant, claims } = this.#context;
    const parts = work.map(({ part }) => part);
    const positions = await beginAndRead(connection, claimant.groupId, parts);
    const forgotten = claims.forgotten(parts, positions);
    if (forgotten.length === 0) return positions;
    await connection.script('ROLLBACK');
    for (const { row, epoch } of forgotten) await restoreClaim(connection, claimant, row, epoch);
    return beginAndRead(connection, claimant.groupId, parts);
  }

  /** Writes the parts and commits. From the COMMIT on, an error says nothing about what has landed. */
  async #land(connection: Connection, work: BatchWork, parts: readonly PartWork[]): Promise<void> {
    const { claimant, flood, observer, tellPlaces } = this.#context;
    haltAtFlood(flood, parts);
    const onCopy = (rows: number, bytes: number, seconds: number): void => observer.onCopy?.(rows, bytes, seconds);
    const { counts, conflicts } = work.staging
      ? await writeThroughStaging(connection, parts, onCopy, tellPlaces)
      : await writeDirectly(connection, parts, onCopy);
    const headers = mergeHeaders(parts.flatMap(({ part }) => part.slots));
    if (headers.length > 0) await upsertSlots(connection, headers);
    await insertDeadLetters(
      connection,
      claimant.groupId,
      parts.flatMap((part) => part.deadLetters()),
    );
    const before = parts.map((part) => part.counts);
    for (const [i, part] of parts.entries()) part.counts = counts[i] ?? null;
    try {
      await advanceAndCommit(
        connection,
        claimant.groupId,
        claimant.owner,
        parts.map(({ part }) => part),
      );
    } catch (error) {
      // This attempt surely did not land; an earlier one may have.
      if (classify(error) === 'position') for (const [i, part] of parts.entries()) part.counts = before[i] ?? null;
      throw error;
    }
    for (const part of parts) part.settle({ kind: 'landed' });
    if (conflicts > 0) observer.onConflict?.(conflicts);
  }

  async #connected(signal: AbortSignal): Promise<Connection> {
    if (this.#connection === null || !this.#connection.usable) {
      this.#connection = await this.#context.connections.open(this.#name, { signal });
    }
    return this.#connection;
  }

  /** A row further back in a chunk needs a partition that is not there. */
  async #makePartitions(work: BatchWork, signal: AbortSignal): Promise<void> {
    const { partitions, retrier } = this.#context;
    partitions.forget();
    const slots = partitionSlots(work.open().flatMap(({ part }) => part.trades));
    await retrier.run('Making a table partition', signal, async () => {
      const connection = await this.#connected(signal);
      try {
        await partitions.ensure(connection, slots);
      } catch (error) {
        connection.destroy();
        throw error;
      }
    });
  }

  /** Tells the observer; answers the rows that were there already. */
  #report(work: BatchWork, seconds: number): number {
    const { observer, flood } = this.#context;
    observer.onCommit?.(seconds);
    const landed = work.parts.filter(({ outcome }) => outcome?.kind === 'landed');
    flood.record(tallyOf(landed));
    let duplicates = 0;
    const letters = new Map<string, number>();
    for (const part of landed) {
      if (part.outcome?.kind === 'landed') duplicates += part.outcome.rowsDuplicate;
      for (const { errorClass } of part.deadLetters()) letters.set(errorClass, (letters.get(errorClass) ?? 0) + 1);
    }
    if (duplicates > 0) observer.onDuplicateRows?.(duplicates);
    for (const [errorClass, count] of letters) observer.onDeadLetters?.(count, errorClass);
    return duplicates;
  }
}
