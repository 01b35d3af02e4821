import { invariant } from '../errors.js';
import type { BatchPart } from './sink.js';

/** A part on its way to the database, with what it holds of the memory budget. */
export interface PendingPart extends BatchPart {
  readonly heldBytes: number;
}

export interface BatchLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
  readonly lingerMs: number;
}

/** A patient batch closes by age no sooner than this: late enough to be worth a transaction, too soon to be missed. */
const PATIENT_LINGER_MS = 200;

/**
 * Collects the parts of one lane into batches. A batch closes by rows, bytes or age, whichever comes first, and may hold
 * several partitions. Pure: time is an argument.
 */
export class Batcher {
  readonly #limits: BatchLimits;
  #parts: PendingPart[] = [];
  #rows = 0;
  #bytes = 0;
  #openedMs = 0;
  /** A backlog is being worked off: what is late by seconds may fill its batch, since each transaction has a price of its own. */
  patient = false;

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  get empty(): boolean {
    return this.#parts.length === 0;
  }

  /** When the batch closes by age; Infinity while there is none. */
  get dueMs(): number {
    if (this.empty) return Number.POSITIVE_INFINITY;
    const { lingerMs } = this.#limits;
    return this.#openedMs + (this.patient ? Math.max(lingerMs, PATIENT_LINGER_MS) : lingerMs);
  }

  add(part: PendingPart, nowMs: number): void {
    if (this.empty) this.#openedMs = nowMs;
    this.#parts.push(part);
    this.#rows += part.tradeRows;
    this.#bytes += part.heldBytes;
  }

  /** By rows or bytes. */
  get full(): boolean {
    return !this.empty && (this.#rows >= this.#limits.maxRows || this.#bytes >= this.#limits.maxBytes);
  }

  closed(nowMs: number): boolean {
    return this.full || (!this.empty && nowMs >= this.dueMs);
  }

  /** Takes the oldest parts up to the limits (at least one), each partition's stretches joined into one part. */
  take(nowMs: number): PendingPart[] {
    let rows = 0;
    let bytes = 0;
    let count = 0;
    for (const part of this.#parts) {
      rows += part.tradeRows;
      bytes += part.heldBytes;
      if (count > 0 && (rows > this.#limits.maxRows || bytes > this.#limits.maxBytes)) break;
      count += 1;
    }
    const taken = this.#parts.splice(0, count);
    for (const part of taken) {
      this.#rows -= part.tradeRows;
      this.#bytes -= part.heldBytes;
    }
    this.#openedMs = nowMs;
    return joinByPartition(taken);
  }

  has(topic: string, partition: number): boolean {
    return this.#parts.some((part) => part.topic === topic && part.partition === partition);
  }

  /** Drops what waits of a partition; returns the dropped parts. */
  drop(topic: string, partition: number): PendingPart[] {
    const dropped = this.#parts.filter((part) => part.topic === topic && part.partition === partition);
    this.#parts = this.#parts.filter((part) => !dropped.includes(part));
    for (const part of dropped) {
      this.#rows -= part.tradeRows;
      this.#bytes -= part.heldBytes;
    }
    return dropped;
  }
}

function joinByPartition(parts: readonly PendingPart[]): PendingPart[] {
  const runs = new Map<string, PendingPart[]>();
  for (const part of parts) {
    const key = `${part.partition}/${part.topic}`;
    const run = runs.get(key);
    const last = run?.at(-1);
    invariant(
      last === undefined || (last.to === part.from && last.epoch === part.epoch),
      `partition ${part.partition} has a hole before offset ${part.from}: the part before it ends at ${last?.to}`,
    );
    if (run === undefined) runs.set(key, [part]);
    else run.push(part);
  }
  return [...runs.values()].map(join);
}

function join(run: readonly PendingPart[]): PendingPart {
  const first = run[0]!;
  if (run.length === 1) return first;
  const sum = (of: (part: PendingPart) => number) => run.reduce((total, part) => total + of(part), 0);
  const stamps = run.map((part) => part.oldestTimestampMs).filter((stamp) => stamp >= 0);
  return {
    ...first,
    to: run.at(-1)!.to,
    messages: sum((part) => part.messages),
    trades: run.flatMap((part) => part.trades),
    tradeRows: sum((part) => part.tradeRows),
    tradeBytes: sum((part) => part.tradeBytes),
    slots: run.flatMap((part) => part.slots),
    failures: run.flatMap((part) => part.failures),
    oldestTimestampMs: stamps.length === 0 ? -1 : Math.min(...stamps),
    newestTimestampMs: Math.max(...run.map((part) => part.newestTimestampMs)),
    heldBytes: sum((part) => part.heldBytes),
  };
}
