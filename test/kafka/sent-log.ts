import type { GeneratedMessage } from '../../src/commands/demo/generator/message.js';

export interface SentMessage {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  /** `slot/tx index/trade index` of every trade in it. */
  readonly trades: readonly string[];
  readonly poison: boolean;
}

/** Half-open stretch of one partition. */
export interface Stretch {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Everything a producer sent to one topic, with the offsets the broker gave: what the database is held against. */
export class SentLog {
  readonly #messages: SentMessage[] = [];
  readonly #ends = new Map<number, number>();

  add(message: Omit<GeneratedMessage, 'value' | 'key'>, offset: number): void {
    const trades = message.trades.map(({ slot, txIndex, tradeIndex }) => `${slot}/${txIndex}/${tradeIndex}`);
    const { partition, timestampMs, poison } = message;
    this.#messages.push({ partition, offset, timestampMs, trades, poison: poison !== null });
    this.#ends.set(message.partition, Math.max(this.endOf(message.partition), offset + 1));
  }

  endOf(partition: number): number {
    return this.#ends.get(partition) ?? 0;
  }

  get partitions(): readonly number[] {
    return [...this.#ends.keys()];
  }

  get messages(): number {
    return this.#messages.length;
  }

  timestampOf(partition: number, offset: number): number {
    const found = this.#messages.find((message) => message.partition === partition && message.offset === offset);
    if (found === undefined) throw new Error(`nothing was sent as ${partition}@${offset}`);
    return found.timestampMs;
  }

  /** Offset of the partition's first record with this time or a later one. */
  firstAtOrAfter(partition: number, timeMs: number): number {
    const late = this.#messages.filter((message) => message.partition === partition && message.timestampMs >= timeMs);
    return Math.min(...late.map(({ offset }) => offset));
  }

  /** Keys of the trades that must have landed, each once, if only `skipped` was not read. */
  expectedTrades(skipped: readonly Stretch[]): Set<string> {
    return new Set(this.#read(skipped).flatMap(({ trades }) => trades));
  }

  /** `partition@offset` of the messages that must be dead letters, sorted. */
  expectedDeadLetters(skipped: readonly Stretch[]): string[] {
    return this.#read(skipped)
      .filter(({ poison }) => poison)
      .map(({ partition, offset }) => `${partition}@${offset}`)
      .sort();
  }

  #read(skipped: readonly Stretch[]): SentMessage[] {
    const isSkipped = ({ partition, offset }: SentMessage) =>
      skipped.some((stretch) => stretch.partition === partition && offset >= stretch.from && offset < stretch.to);
    return this.#messages.filter((message) => !isSkipped(message));
  }
}
