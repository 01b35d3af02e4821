import type { CopyEncoder } from './copy-encoder.js';
import { type SlotHeader, type SolVolume, TRANSACTION_COLUMN, TRANSACTION_STRIDE } from './messages.js';
import { SolPrice } from './sol-price.js';

/** Transactions there is room for at first: those of one message of ordinary size. */
const TRANSACTIONS_FIRST = 128;

/** What the messages of a slab have been turned into so far. */
export class SlabRows {
  readonly encoder: CopyEncoder;
  readonly solPrice: SolPrice;
  readonly slots: SlotHeader[] = [];
  #transactions = new Float64Array(TRANSACTIONS_FIRST * TRANSACTION_STRIDE);
  #filled = 0;

  constructor(encoder: CopyEncoder, solVolume: SolVolume) {
    this.encoder = encoder;
    this.solPrice = new SolPrice(solVolume);
  }

  /** Names a transaction whose rows were written from `start` on: none, where it is a repeat. */
  addTransaction(
    slot: number,
    txIndex: number,
    start: number,
    rows: number,
    fingerprint: number,
    offset: number,
  ): void {
    const at = this.#filled;
    this.#filled = at + TRANSACTION_STRIDE;
    if (this.#filled > this.#transactions.length) {
      const grown = new Float64Array(2 * this.#transactions.length);
      grown.set(this.#transactions);
      this.#transactions = grown;
    }
    this.#transactions[at + TRANSACTION_COLUMN.slot] = slot;
    this.#transactions[at + TRANSACTION_COLUMN.txIndex] = txIndex;
    this.#transactions[at + TRANSACTION_COLUMN.start] = start;
    this.#transactions[at + TRANSACTION_COLUMN.end] = this.encoder.position;
    this.#transactions[at + TRANSACTION_COLUMN.rows] = rows;
    this.#transactions[at + TRANSACTION_COLUMN.fingerprint] = fingerprint;
    this.#transactions[at + TRANSACTION_COLUMN.offset] = offset;
  }

  /** The index of transactions, {@link TRANSACTION_STRIDE} doubles each. */
  transactions(): Float64Array<ArrayBuffer> {
    return this.#transactions.slice(0, this.#filled);
  }
}
