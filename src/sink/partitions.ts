import type { Connection } from './connection.js';
import { rowPlaces, rowSlot } from './rows.js';

/** Slots per partition of the trades table, about a day; the function in the migration uses the same. */
export const PARTITION_SLOTS = 216_000;

const LOCK_TIMEOUT_MS = 2_000;

/** First slot of the partition a slot belongs to. */
export function partitionStart(slot: number): number {
  return slot - (slot % PARTITION_SLOTS);
}

/** Slot of every chunk's first row: in most batches all rows of a chunk lie in one partition, or in one made ahead. */
export function firstSlots(chunks: readonly Uint8Array[]): number[] {
  return chunks.filter(({ length }) => length > 0).map((chunk) => rowSlot(chunk, 0));
}

/** Slots that stand for all partitions the rows need. Reads every row. */
export function partitionSlots(chunks: readonly Uint8Array[]): Set<number> {
  const starts = new Set<number>();
  for (const { chunk, start } of rowPlaces(chunks))
    starts.add(partitionStart(rowSlot(chunks[chunk] as Uint8Array, start)));
  return starts;
}

/** Partitions that are known to be there; made where they are not. */
export class TradePartitions {
  readonly #known = new Set<number>();

  /** To be called outside of a transaction. Throws lock_not_available where it waits too long for a lock. */
  async ensure(connection: Connection, slots: Iterable<number>): Promise<void> {
    for (const slot of slots) {
      const start = partitionStart(slot);
      if (this.#known.has(start)) continue;
      await connection.script(
        `BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}; SELECT solana_dex_trades_add_partition(${start}); COMMIT`,
      );
      this.#known.add(start);
    }
  }

  /** Somebody dropped one, or may have. */
  forget(): void {
    this.#known.clear();
  }
}
