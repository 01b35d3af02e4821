import type { ProducedMessage } from './producer.js';

/** Rates are those of this long; latencies too. */
const WINDOW_MS = 5_000;

export interface Snapshot {
  readonly messagesPerSecond: number;
  readonly tradesPerSecond: number;
  readonly megabytesPerSecond: number;
  /** Messages acknowledged by the broker and not landed. */
  readonly lag: number;
  /** From the record's timestamp until its position was seen; null while nothing landed lately. */
  readonly p99Ms: number | null;
}

interface Entry {
  readonly offset: number;
  readonly bytes: number;
  /** Trades that no earlier message carried. */
  readonly newTrades: number;
  readonly timestampMs: number;
}

interface Landing extends Entry {
  readonly atMs: number;
}

/** How the run goes, told from what was produced and how far each partition has landed. Pure. */
export class Progress {
  /** Messages not seen to have landed, by partition, in offset order. */
  readonly #unlanded = new Map<number, Entry[]>();
  readonly #trades = new Set<string>();
  #window: Landing[] = [];
  readonly #latenciesMs: number[] = [];
  #startedAtMs: number | null = null;

  produced(messages: readonly ProducedMessage[]): void {
    for (const { partition, offset, bytes, timestampMs, trades } of messages) {
      const before = this.#trades.size;
      for (const { slot, txIndex, tradeIndex } of trades) this.#trades.add(`${slot}/${txIndex}/${tradeIndex}`);
      this.#startedAtMs ??= timestampMs;
      const queue = this.#unlanded.get(partition) ?? [];
      queue.push({ offset, bytes, timestampMs, newTrades: this.#trades.size - before });
      this.#unlanded.set(partition, queue);
    }
  }

  landed(positions: ReadonlyMap<number, number>, nowMs: number): void {
    for (const [partition, next] of positions) {
      const queue = this.#unlanded.get(partition) ?? [];
      let landed = 0;
      while ((queue[landed]?.offset ?? Number.POSITIVE_INFINITY) < next) landed += 1;
      for (const entry of queue.splice(0, landed)) {
        this.#window.push({ ...entry, atMs: nowMs });
        this.#latenciesMs.push(nowMs - entry.timestampMs);
      }
    }
  }

  /** Of every message of the run, from its timestamp until its position was seen. */
  latenciesMs(): readonly number[] {
    return this.#latenciesMs;
  }

  snapshot(nowMs: number): Snapshot {
    this.#window = this.#window.filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
    const sum = { messages: this.#window.length, trades: 0, bytes: 0 };
    for (const { newTrades, bytes } of this.#window) {
      sum.trades += newTrades;
      sum.bytes += bytes;
    }
    const sinceStart = this.#startedAtMs === null ? WINDOW_MS : nowMs - this.#startedAtMs;
    const seconds = Math.max(Math.min(sinceStart, WINDOW_MS), 1) / 1_000;
    return {
      messagesPerSecond: sum.messages / seconds,
      tradesPerSecond: sum.trades / seconds,
      megabytesPerSecond: sum.bytes / seconds / 1e6,
      lag: [...this.#unlanded.values()].reduce((lag, queue) => lag + queue.length, 0),
      p99Ms: percentile(
        this.#window.map(({ atMs, timestampMs }) => atMs - timestampMs),
        0.99,
      ),
    };
  }
}

/** The smallest value that `share` of all values do not exceed; null for none. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? null;
}
