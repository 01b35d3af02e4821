import { LRUCache } from 'lru-cache';
import { type SlabResult, TRANSACTION_COLUMN, TRANSACTION_STRIDE } from '../workers/messages.js';

/** Seeded from the database, where the transaction's own bytes are not kept: a repeat of it is not compared. */
const UNKNOWN_FINGERPRINT = -1;

/** Below these bounds a key is one exact double. */
const TX_INDEX_LIMIT = 2 ** 20;
const SLOT_LIMIT = 2 ** 33;

export interface FirstDeliveries {
  /** Encoded rows of the transactions seen for the first time, in order. */
  readonly rows: readonly Uint8Array[];
  readonly rowCount: number;
  readonly byteCount: number;
  readonly droppedRows: number;
  /** Repeats whose trades or signature differ from the first delivery. */
  readonly conflicts: number;
}

function keyOf(slot: number, txIndex: number): number | string {
  return txIndex < TX_INDEX_LIMIT && slot < SLOT_LIMIT ? slot * TX_INDEX_LIMIT + txIndex : `${slot}:${txIndex}`;
}

/**
 * The transactions of one partition seen lately. The source sends most of them two or three times within a few offsets;
 * the first delivery passes, the others are dropped here. What slips through meets the primary key.
 */
export class DuplicateWindow {
  readonly #seen: LRUCache<number | string, number> | null;
  #nowMs = 0;

  /** `entries` of 0 switches the window off. Time is the caller's, in ms. */
  constructor(entries: number, ttlMs: number) {
    this.#seen =
      entries === 0
        ? null
        : new LRUCache({ max: entries, ttl: ttlMs, ttlResolution: 0, perf: { now: () => this.#nowMs } });
  }

  /** Fills the window from pairs (slot, tx index), oldest first. */
  seed(pairs: Float64Array, nowMs: number): void {
    this.#nowMs = nowMs;
    for (let at = 0; at + 1 < pairs.length; at += 2) {
      this.#seen?.set(keyOf(pairs[at]!, pairs[at + 1]!), UNKNOWN_FINGERPRINT);
    }
  }

  clear(): void {
    this.#seen?.clear();
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
      const key = keyOf(transactions[at + TRANSACTION_COLUMN.slot]!, transactions[at + TRANSACTION_COLUMN.txIndex]!);
      const rowsHere = transactions[at + TRANSACTION_COLUMN.rows]!;
      const earlier = this.#seen?.get(key);
      if (earlier !== undefined) {
        droppedRows += rowsHere;
        if (earlier !== fingerprint && earlier !== UNKNOWN_FINGERPRINT) conflicts += 1;
        continue;
      }
      this.#seen?.set(key, fingerprint);
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
}
