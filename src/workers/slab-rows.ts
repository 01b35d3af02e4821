import type { CopyEncoder } from './copy-encoder.js';
import { type SlotHeader, type SolVolume, TRANSACTION_COLUMN, TRANSACTION_STRIDE } from './messages.js';
import { SolPrice } from './sol-price.js';
import type { MessageContext } from './trade-row.js';

/** Where a transaction's rows began. */
export type TransactionMark = number;

/** What the messages of a slab have been turned into so far. */
export class SlabRows {
  readonly encoder: CopyEncoder;
  readonly solPrice: SolPrice;
  readonly slots: SlotHeader[] = [];
  readonly #transactions: number[] = [];
  #fingerprint: number | undefined;

  constructor(encoder: CopyEncoder, solVolume: SolVolume) {
    this.encoder = encoder;
    this.solPrice = new SolPrice(solVolume);
  }

  /** Rows written from here on belong to one transaction, until it is ended or abandoned. */
  beginTransaction(): TransactionMark {
    this.#fingerprint = undefined;
    return this.encoder.position;
  }

  /** Adds the bytes written since `start` to the transaction's fingerprint. */
  fingerprint(start: number): void {
    this.#fingerprint = this.encoder.hash(start, this.#fingerprint);
  }

  endTransaction(mark: TransactionMark, message: MessageContext, txIndex: number, rows: number): void {
    const at = this.#transactions.length;
    this.#transactions.length = at + TRANSACTION_STRIDE;
    this.#transactions[at + TRANSACTION_COLUMN.slot] = message.slot;
    this.#transactions[at + TRANSACTION_COLUMN.txIndex] = txIndex;
    this.#transactions[at + TRANSACTION_COLUMN.start] = mark;
    this.#transactions[at + TRANSACTION_COLUMN.end] = this.encoder.position;
    this.#transactions[at + TRANSACTION_COLUMN.rows] = rows;
    this.#transactions[at + TRANSACTION_COLUMN.fingerprint] = this.#fingerprint ?? 0;
    this.#transactions[at + TRANSACTION_COLUMN.offset] = message.offset;
  }

  /** Takes the transaction's rows back. */
  abandonTransaction(mark: TransactionMark): void {
    this.encoder.truncate(mark);
  }

  /** The index of transactions, {@link TRANSACTION_STRIDE} doubles each. */
  transactions(): Float64Array<ArrayBuffer> {
    return Float64Array.from(this.#transactions);
  }
}
