import { readFileSync, writeFileSync } from 'node:fs';
import type { GeneratedMessage } from '../../src/commands/demo/generator/message.js';
import type { SentMessage } from '../../src/commands/demo/ledger.js';

export interface LoggedMessage extends SentMessage {
  /** Kafka timestamp. */
  readonly timestampMs: number;
}

/** Everything a producer sent to one topic, with the offsets the broker gave: what the database is held against. */
export class SentLog {
  readonly #partitions = new Map<number, LoggedMessage[]>();
  #messages = 0;

  /** `offset` as the broker acknowledged it. */
  add(message: Pick<GeneratedMessage, 'partition' | 'timestampMs' | 'trades' | 'poison'>, offset: number): void {
    const { partition, timestampMs, poison } = message;
    const trades = message.trades.map(({ slot, txIndex, tradeIndex }) => ({ slot, txIndex, tradeIndex }));
    this.#keep({ partition, offset, timestampMs, trades, poison: poison !== null });
  }

  /** One past the last offset sent. */
  endOf(partition: number): number {
    return this.#partitions.get(partition)?.length ?? 0;
  }

  /** One past the last of the offsets known without a hole from 0 on. */
  knownTo(partition: number, from: number): number {
    const messages = this.#partitions.get(partition) ?? [];
    let end = from;
    while (messages[end] !== undefined) end += 1;
    return end;
  }

  get partitions(): readonly number[] {
    return [...this.#partitions.keys()];
  }

  get messages(): number {
    return this.#messages;
  }

  /** All of it, partition by partition in order. */
  all(): LoggedMessage[] {
    return [...this.#partitions.values()].flatMap((messages) => messages.filter((message) => message !== undefined));
  }

  at(partition: number, offset: number): LoggedMessage | undefined {
    return this.#partitions.get(partition)?.[offset];
  }

  timestampOf(partition: number, offset: number): number {
    const found = this.at(partition, offset);
    if (found === undefined) throw new Error(`nothing was sent as ${partition}@${offset}`);
    return found.timestampMs;
  }

  /** Offset of the partition's first record with this time or a later one. */
  firstAtOrAfter(partition: number, timeMs: number): number {
    return (this.#partitions.get(partition) ?? []).findIndex((message) => message?.timestampMs >= timeMs);
  }

  /** A line of JSON per message: `[partition, offset, timestamp ms, poison, [[slot, tx index, trade index], …]]`. */
  write(file: string): void {
    const lines = this.all().map(({ partition, offset, timestampMs, poison, trades }) =>
      JSON.stringify([partition, offset, timestampMs, poison, trades.map((t) => [t.slot, t.txIndex, t.tradeIndex])]),
    );
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  }

  static read(file: string): SentLog {
    const log = new SentLog();
    for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
      if (line.trim() === '') continue;
      try {
        const [partition, offset, timestampMs, poison, trades] = JSON.parse(line) as Line;
        const keys = trades.map(([slot, txIndex, tradeIndex]) => ({ slot, txIndex, tradeIndex }));
        log.#keep({ partition, offset, timestampMs, poison, trades: keys });
      } catch (cause) {
        throw new Error(`line ${index + 1} of ${file} is not a message that was sent`, { cause });
      }
    }
    return log;
  }

  #keep(message: LoggedMessage): void {
    const messages = this.#partitions.get(message.partition) ?? [];
    messages[message.offset] = message;
    this.#partitions.set(message.partition, messages);
    this.#messages += 1;
  }
}

type Line = [
  partition: number,
  offset: number,
  timestampMs: number,
  poison: boolean,
  trades: [slot: number, txIndex: number, tradeIndex: number][],
];
