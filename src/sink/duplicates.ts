import { LRUCache } from 'lru-cache';
import { type SlabResult, TRANSACTION_COLUMN, TRANSACTION_STRIDE } from '../workers/messages.js';
import { SlotTransactions } from './slot-transactions.js';

/** Seeded from the database, where the transaction's own bytes are not kept: a repeat of it is not compared. */
const UNKNOWN_FINGERPRINT = -1;

export interface FirstDeliveries {
  /** Encoded rows of the transactions seen for the first time, in order. */
  readonly rows: readonly Uint8Array[];
  readonly rowCount: number;
  readonly byteCount: number;
  readonly droppedRows: number;
  /** Repeats whose trades or signature differ from the first delivery. */
  readonly conflicts: number;
}

/**
 * The transactions of one partition seen lately. The source sends most of them two or three times within a few offsets;
 * the first delivery passes, the others are dropped here. What slips through meets the primary key.
 *
 * It forgets slot by slot: the one untouched for longest when there are too many transactions, and any that is too old.
 */
export class DuplicateWindow {
  readonly #entries: number;
  readonly #slots: LRUCache<number, SlotTransactions>;
  #count = 0;
  #nowMs = 0;

  /** `entries` of 0 switches the window off. Time is the caller's, in ms. */
  constructor(entries: number, ttlMs: number) {
    this.#entries = entries;
    this.#slots = new LRUCache({
      max: Math.max(1, entries),
      ttl: ttlMs,
      ttlResolution: 0,
      perf: { now: () => this.#nowMs },
      dispose: ({ count }) => {
        this.#count -= count;
      },
    });
  }

  /** Fills the window from pairs (slot, tx index), oldest first. */
  seed(pairs: Float64Array, nowMs: number): void {
    this.#nowMs = nowMs;
    for (let at = 0; at + 1 < pairs.length; at += 2) {
      this.#remember(pairs[at]!, pairs[at + 1]!, UNKNOWN_FINGERPRINT);
    }
  }

  clear(): void {
    this.#slots.clear();
  }

  /** Splits a result, in offset order, into first deliveries and repeats. */
  firstDeliveries(result: SlabResult, nowMs: number): FirstDeliveries {
    this.#nowMs = nowMs;
    const { trades, transactions } = result;
    const rows: Uint8Array[] = [];
    let rowCount = 0;
    let byteCount = 0;
    let droppedRows = 0;
    let conflicts = 0;
    let runStart = -1;
    let runEnd = -1;
    for (let at = 0; at < transactions.length; at += TRANSACTION_STRIDE) {
      const fingerprint = transactions[at + TRANSACTION_COLUMN.fingerprint]!;
      const rowsHere = transactions[at + TRANSACTION_COLUMN.rows]!;
      const slot = transactions[at + TRANSACTION_COLUMN.slot]!;
      const earlier = this.#remember(slot, transactions[at + TRANSACTION_COLUMN.txIndex]!, fingerprint);
      if (!Number.isNaN(earlier)) {
        droppedRows += rowsHere;
        if (earlier !== fingerprint && earlier !== UNKNOWN_FINGERPRINT) conflicts += 1;
        continue;
      }
      const start = transactions[at + TRANSACTION_COLUMN.start]!;
      const end = transactions[at + TRANSACTION_COLUMN.end]!;
      if (start === end) {
        // Left out by the worker: it has left this window again, but went before in this run.
        droppedRows += rowsHere;
        continue;
      }
      rowCount += rowsHere;
      byteCount += end - start;
      if (start !== runEnd) {
        if (runStart >= 0) rows.push(trades.subarray(runStart, runEnd));
        runStart = start;
      }
      runEnd = end;
    }
    if (runStart >= 0) rows.push(trades.subarray(runStart, runEnd));
    return { rows, rowCount, byteCount, droppedRows, conflicts };
  }

  /** The fingerprint that was remembered of the transaction; NaN where there was none, and then this one is. */
  #remember(slot: number, txIndex: number, fingerprint: number): number {
    if (this.#entries === 0) return Number.NaN;
    let transactions = this.#slots.get(slot);
    if (transactions === undefined) {
      transactions = new SlotTransactions();
      this.#slots.set(slot, transactions);
    }
    const earlier = transactions.getOrAdd(txIndex, fingerprint);
    if (Number.isNaN(earlier) && ++this.#count > this.#entries) this.#slots.pop();
    return earlier;
  }
}
