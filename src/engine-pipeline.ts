import { type ClaimOptions, claimPartition } from './engine-claim.js';
import { type Decoder, Dispatcher } from './engine-dispatch.js';
import { FetchGate } from './engine-fetch-gate.js';
import { OwnedPartition } from './engine-partition.js';
import { Repositioner } from './engine-reposition.js';
import { EMPTY_STRETCH, fateOf, poisoned, resultBytes } from './engine-results.js';
import { WatermarkWatch } from './engine-watermarks.js';
import { EngineError } from './errors.js';
import { ByteBudget } from './ingest/byte-budget.js';
import type { Slab } from './ingest/partition.js';
import {
  keyOf,
  type Source,
  type SourceHandler,
  type SourceMessage,
  type TopicPartition,
  type TopicPartitionOffset,
} from './ingest/source.js';
import type { LogEventFields } from './observe/log-events.js';
import { BatchLane } from './sink/batch-lane.js';
import type { PendingPart } from './sink/batcher.js';
import type { Gap, PartOutcome, Sink } from './sink/sink.js';
import type { SlabResult } from './workers/messages.js';

export interface PipelineOptions {
  readonly source: Source;
  readonly sink: Sink;
  readonly decoder: Decoder;
  readonly observer: PipelineObserver;
  readonly lanes: number;
  readonly batchMaxRows: number;
  readonly batchMaxBytes: number;
  readonly batchLingerMs: number;
  readonly budgetBytes: number;
  readonly slabMaxBytes: number;
  readonly slabLingerMs: number;
  readonly slabAttempts: number;
  readonly duplicateWindowEntries: number;
  readonly duplicateWindowMs: number;
  readonly gapPolicy: 'halt' | 'continue';
  readonly sourcePolicy?: 'halt' | 'continue';
  readonly commitIntervalMs: number;
  readonly groupId: string;
}

/** What happens in the pipeline, for metrics and logs. */
export interface PipelineObserver {
  received(messages: readonly SourceMessage[]): void;
  decoded(slab: Slab, result: SlabResult, seconds: number): void;
  deduplicated(rowsDropped: number, conflicts: number, partition: TopicPartition): void;
  landed(part: PendingPart, outcome: PartOutcome & { kind: 'landed' }, seconds: number): void;
  workerFailed(error: Error, partition: TopicPartition, verdict: 'retry' | 'poison'): void;
  gap(gap: Gap): void;
  warn(fields: LogEventFields, text: string): void;
  /** The pipeline can go on no longer. Called once. */
  failed(error: Error): void;
}

/** Repeats lie within seconds of each other; older ones meet the primary key. */
const SEED_TRANSACTIONS_MAX = 5_000;

/**
 * The flow from source to sink, on the main thread: it packs, orders, drops repeats and hands over; it never looks into a
 * message. One {@link OwnedPartition} per claimed partition holds what is in flight of it.
 */
export class Pipeline implements SourceHandler {
  readonly budget: ByteBudget;
  readonly gate: FetchGate;
  readonly #options: PipelineOptions;
  readonly #claimOptions: ClaimOptions;
  readonly #lanes: readonly BatchLane[];
  readonly #partitions = new Map<string, OwnedPartition>();
  readonly #dispatcher: Dispatcher;
  readonly #repositioner: Repositioner;
  readonly #closing = new AbortController();
  readonly #commitTimer: NodeJS.Timeout;
  readonly #watermarks: WatermarkWatch;
  #failure: Error | null = null;
  #unsettled = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.budget = new ByteBudget(options.budgetBytes);
    this.gate = new FetchGate(options.source);
    const limits = { maxRows: options.batchMaxRows, maxBytes: options.batchMaxBytes, lingerMs: options.batchLingerMs };
    const handler = {
      written: (parts: readonly PendingPart[], outcomes: readonly PartOutcome[], seconds: number) =>
        this.#written(parts, outcomes, seconds),
      failed: (error: Error) => this.failed(error),
    };
    this.#lanes = Array.from({ length: options.lanes }, (_, i) => new BatchLane(i, options.sink, limits, handler));
    this.#claimOptions = {
      source: options.source,
      sink: options.sink,
      groupId: options.groupId,
      gapPolicy: options.gapPolicy,
      sourcePolicy: options.sourcePolicy ?? 'halt',
      warn: (fields, text) => options.observer.warn(fields, text),
      onGap: (gap) => options.observer.gap(gap),
    };
    this.#repositioner = new Repositioner(
      this.#claimOptions,
      (bytes, partition) => this.#release(bytes, partition),
      (error, partition) => this.#positionFailed(error, partition),
    );
    this.#dispatcher = new Dispatcher(options.decoder, options, this.#partitions, {
      decoded: (partition, slab, result, seconds) => {
        options.observer.decoded(slab, result, seconds);
        this.#decoded(partition, slab, result);
      },
      failed: (partition, slab, error) => this.#workerFailed(partition, slab, error),
      pumped: () => this.#steer(),
    });
    this.#watermarks = new WatermarkWatch(options.source, this.#partitions, (partition) => this.outOfRange(partition));
    this.#commitTimer = setInterval(() => this.#commit([...this.#partitions.values()]), options.commitIntervalMs);
  }

  get partitions(): readonly OwnedPartition[] {
    return [...this.#partitions.values()];
  }

  get freeBytes(): number {
    return this.budget.free;
  }

  get held(): boolean {
    return this.budget.held;
  }

  /** Partitions, held or given up since {@link leave}, with something of them still in flight: it will be read again by whoever takes them. */
  get unsettled(): number {
    return this.#unsettled + this.partitions.filter(({ unsettled }) => unsettled).length;
  }

  async assigned(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<TopicPartitionOffset[]> {
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const starts = await Promise.all(partitions.map((partition) => this.#take(partition, either)));
    return starts.filter((start) => start !== null);
  }

  async revoked(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<void> {
    const owned = this.#ownedOf(partitions);
    for (const partition of owned) this.#release(partition.drain(), partition);
    await Promise.all(owned.map((partition) => partition.whenSettled(signal)));
    this.#commit(owned);
    for (const partition of owned) this.#close(partition);
  }

  /** Takes no more, ahead of the source's giving everything up, which a rebalance under way may delay for a session. */
  leave(): void {
    this.#unsettled = 0;
    for (const partition of this.partitions) this.#release(partition.drain(), partition);
  }

  lost(partitions: readonly TopicPartition[]): void {
    for (const partition of this.#ownedOf(partitions)) this.#close(partition);
  }

  messages(messages: readonly SourceMessage[]): void {
    const now = performance.now();
    this.#options.observer.received(messages);
    for (const message of messages) {
      const owned = this.#partitions.get(keyOf(message));
      if (owned?.state === 'active') this.budget.reserve(owned.intake.accept(message, now));
    }
    this.#dispatcher.pump();
  }

  endReached(end: TopicPartitionOffset): void {
    const owned = this.#partitions.get(keyOf(end));
    if (owned === undefined || owned.state !== 'active') return;
    owned.highWatermark = Math.max(owned.highWatermark, end.offset);
    const stretch = owned.intake.acceptEnd(end.offset);
    if (stretch === null) return;
    owned.reassembler.add(stretch.from, stretch.to, EMPTY_STRETCH);
    this.#forward(owned);
  }

  outOfRange(partition: TopicPartition): void {
    const owned = this.#partitions.get(keyOf(partition));
    if (owned?.state === 'active') void this.#repositioner.checkRange(owned, this.#closing.signal);
  }

  failed(error: Error): void {
    if (this.#failure !== null || this.#closing.signal.aborted) return;
    this.#failure = error;
    this.#options.observer.failed(error);
  }

  /** Drops everything in flight. */
  close(): void {
    this.#closing.abort();
    clearInterval(this.#commitTimer);
    this.#watermarks.close();
    this.#dispatcher.close();
    for (const partition of this.#partitions.values()) this.#close(partition);
    for (const lane of this.#lanes) lane.close();
  }

  async #take(partition: TopicPartition, signal: AbortSignal): Promise<TopicPartitionOffset | null> {
    const { duplicateWindowEntries, duplicateWindowMs, slabAttempts, sink } = this.#options;
    try {
      const { claim, watermarks } = await claimPartition(partition, this.#claimOptions, signal);
      const owned = new OwnedPartition(claim, this.#lanes[claim.partition % this.#lanes.length]!, {
        attempts: slabAttempts,
        windowEntries: duplicateWindowEntries,
        windowMs: duplicateWindowMs,
      });
      const seeds = Math.min(duplicateWindowEntries, SEED_TRANSACTIONS_MAX);
      owned.lowWatermark = watermarks.low;
      owned.highWatermark = watermarks.high;
      const recent = await sink.recentTransactions(claim.topic, claim.partition, seeds, signal);
      owned.window.seed(recent.pairs, performance.now());
      this.#partitions.set(keyOf(claim), owned);
      return { topic: claim.topic, partition: claim.partition, offset: claim.nextOffset };
    } catch (error) {
      if (signal.aborted) return null;
      if (error instanceof EngineError && error.code === 'DATABASE_FENCED') this.#options.source.fenced(partition);
      else this.failed(error as Error);
      return null;
    }
  }

  #close(partition: OwnedPartition): void {
    if (partition.state !== 'closed' && partition.unsettled) this.#unsettled += 1;
    partition.to('closed');
    if (this.#partitions.get(keyOf(partition)) === partition) this.#partitions.delete(keyOf(partition));
    this.#release(partition.restart(partition.landed) + partition.dropQueued(), partition);
  }

  #decoded(partition: OwnedPartition, slab: Slab, result: SlabResult): void {
    this.budget.release(slab.heldBytes);
    if (slab.tenure === partition.intake.tenure) {
      const heldBytes = resultBytes(result);
      this.budget.reserve(heldBytes);
      partition.intake.slabPassed(slab);
      const { oldestTimestampMs, newestTimestampMs } = slab;
      const { messages } = slab.task;
      const decoded = { result, messages, heldBytes, oldestTimestampMs, newestTimestampMs };
      partition.reassembler.add(slab.from, slab.to, decoded);
    }
    this.#forward(partition);
    this.#steer();
  }

  #workerFailed(partition: OwnedPartition, slab: Slab, error: Error): void {
    if (error instanceof EngineError && !error.canRetry) {
      // No worker is left that could tell a good message from a bad one.
      this.failed(error);
    } else if (slab.tenure === partition.intake.tenure && partition.state !== 'closed') {
      const verdict = partition.intake.slabFailed(slab);
      this.#options.observer.workerFailed(error, partition, verdict);
      if (verdict === 'poison' && slab.lastChance !== null) {
        this.#decoded(partition, slab, poisoned(slab.lastChance, error));
        return;
      }
      void this.#repositioner.restart(partition, partition.reassembler.position);
    }
    this.#release(slab.heldBytes, partition);
  }

  #forward(partition: OwnedPartition): void {
    const now = performance.now();
    const { topic, partition: number, epoch } = partition;
    for (const { from, to, value } of partition.reassembler.drain()) {
      const { result, messages, heldBytes, oldestTimestampMs, newestTimestampMs } = value;
      const first = partition.window.firstDeliveries(result, now);
      if (first.droppedRows > 0) this.#options.observer.deduplicated(first.droppedRows, first.conflicts, partition);
      partition.lane.push({
        topic,
        partition: number,
        epoch,
        from,
        to,
        messages,
        trades: first.rows,
        tradeRows: first.rowCount,
        tradeBytes: first.byteCount,
        slots: result.slots,
        failures: result.failures,
        oldestTimestampMs,
        newestTimestampMs,
        heldBytes,
      });
    }
    partition.notify();
  }

  #written(parts: readonly PendingPart[], outcomes: readonly PartOutcome[], seconds: number): void {
    parts.forEach((part, i) => {
      const outcome = outcomes[i]!;
      const owned = this.#partitions.get(keyOf(part));
      const current = owned?.epoch === part.epoch ? owned : undefined;
      if (outcome.kind === 'landed') {
        if (current !== undefined) current.landed = part.to;
        this.#options.observer.landed(part, outcome, seconds);
      } else if (current !== undefined) {
        this.#options.observer.warn(...fateOf(outcome));
        if (outcome.kind === 'fenced') this.#fenced(current);
        else this.#rewound(current, outcome.nextOffset);
      }
      this.budget.release(part.heldBytes);
      current?.notify();
    });
    this.#steer();
    this.#dispatcher.pump();
  }

  /** Draining, it is being given up anyway; else the group has yet to learn whose the partition is. */
  #fenced(partition: OwnedPartition): void {
    const settledByGroup = partition.state === 'draining';
    this.#close(partition);
    if (!settledByGroup) this.#options.source.fenced(partition);
  }

  #positionFailed(error: Error, partition: OwnedPartition): void {
    if (error instanceof EngineError && error.code === 'DATABASE_FENCED') this.#fenced(partition);
    else this.failed(error);
  }

  /** The database went back in time: what we remember of it is worth nothing, the source is read again from there. */
  #rewound(partition: OwnedPartition, nextOffset: number): void {
    partition.window.clear();
    partition.landed = nextOffset;
    this.budget.release(partition.dropQueued());
    void this.#repositioner.restart(partition, nextOffset);
  }

  #commit(partitions: readonly OwnedPartition[]): void {
    const moved = partitions.filter((partition) => partition.landed > partition.committed);
    this.#options.source.commit(moved.map(({ topic, partition, landed }) => ({ topic, partition, offset: landed })));
    for (const partition of moved) partition.committed = partition.landed;
  }

  #release(bytes: number, partition: OwnedPartition): void {
    this.budget.release(bytes);
    partition.notify();
    this.#steer();
  }

  #steer(): void {
    this.gate.set('flow', this.budget.held || this.#dispatcher.crowded);
  }

  #ownedOf(partitions: readonly TopicPartition[]): OwnedPartition[] {
    return partitions.map((partition) => this.#partitions.get(keyOf(partition))).filter((owned) => owned !== undefined);
  }
}
