import { Batcher, type BatchLimits, type PendingPart } from './batcher.js';
import type { PartOutcome, Sink } from './sink.js';

export interface BatchLaneHandler {
  /** What became of the parts of one batch, in its order; `outcomes[i]` speaks of `parts[i]`. */
  written(parts: readonly PendingPart[], outcomes: readonly PartOutcome[], seconds: number): void;
  /** The sink gave up on a batch: a person must mend something. Nothing of it landed. */
  failed(error: Error): void;
}

/**
 * One connection's ordered line of batches: one is written at a time, the next one fills meanwhile. An idle lane writes a
 * batch as soon as its linger is over; a busy one writes everything that gathered, up to the limits.
 */
export class BatchLane {
  readonly #index: number;
  readonly #sink: Sink;
  readonly #handler: BatchLaneHandler;
  readonly #batcher: Batcher;
  readonly #abort = new AbortController();
  #writing: readonly PendingPart[] | null = null;
  #writingSinceMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #failed = false;

  constructor(index: number, sink: Sink, limits: BatchLimits, handler: BatchLaneHandler) {
    this.#index = index;
    this.#sink = sink;
    this.#handler = handler;
    this.#batcher = new Batcher(limits);
  }

  /** Whether batches may wait longer for more rows; see {@link Batcher.patient}. */
  get patient(): boolean {
    return this.#batcher.patient;
  }

  set patient(patient: boolean) {
    if (patient === this.#batcher.patient) return;
    this.#batcher.patient = patient;
    if (patient || this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#advance();
  }

  /** A full batch waits for the one that is being written. */
  get backedUp(): boolean {
    return this.#writing !== null && this.#batcher.full;
  }

  /** How long the write under way has taken by `nowMs` of performance.now(), 0 where there is none. */
  writingMs(nowMs: number): number {
    return this.#writing === null ? 0 : nowMs - this.#writingSinceMs;
  }

  push(part: PendingPart): void {
    this.#batcher.add(part, performance.now());
    this.#advance();
  }

  /** Whether anything of the partition waits or is being written. */
  holds(topic: string, partition: number): boolean {
    return (
      this.#batcher.has(topic, partition) || (this.#writing?.some((part) => isOf(part, topic, partition)) ?? false)
    );
  }

  /** Drops what waits of a partition. What is being written goes on: the epoch decides whether it lands. */
  drop(topic: string, partition: number): PendingPart[] {
    return this.#batcher.drop(topic, partition);
  }

  /** Gives up: a write under way is aborted, what waits is dropped. */
  close(): void {
    this.#abort.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #advance(): void {
    if (this.#writing !== null || this.#batcher.empty || this.#failed || this.#abort.signal.aborted) return;
    const now = performance.now();
    if (this.#batcher.closed(now)) {
      this.#write(this.#batcher.take(now));
    } else if (this.#timer === null) {
      this.#timer = setTimeout(
        () => {
          this.#timer = null;
          this.#advance();
        },
        Math.max(1, Math.ceil(this.#batcher.dueMs - now)),
      );
    }
  }

  #write(parts: readonly PendingPart[]): void {
    this.#writing = parts;
    this.#writingSinceMs = performance.now();
    this.#sink.write(this.#index, { parts }, this.#abort.signal).then(
      (outcomes) => {
        const seconds = this.writingMs(performance.now()) / 1_000;
        this.#writing = null;
        this.#handler.written(parts, outcomes, seconds);
        this.#advance();
      },
      (error: unknown) => {
        this.#writing = null;
        this.#failed = true; // what is behind a failed batch must not overtake it
        if (!this.#abort.signal.aborted)
          this.#handler.failed(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }
}

function isOf(part: PendingPart, topic: string, partition: number): boolean {
  return part.partition === partition && part.topic === topic;
}
