import {
  type SlotHeader,
  type SolVolume,
  TRANSACTION_COLUMN,
  TRANSACTION_STRIDE,
} from '../../../src/workers/messages.js';
import type { PlainEncoder } from './plain-encoder.js';
import { SolPrice } from './sol-price.js';
import type { MessageContext } from './trade-row.js';

/** In the place of what only the walker makes. */
export const NO_FINGERPRINT = 0;

/** What the messages of a slab have been turned into so far. */
export class ReferenceRows {
  readonly encoder: PlainEncoder;
  readonly solPrice: SolPrice;
  readonly slots: SlotHeader[] = [];
  readonly #transactions: number[] = [];
  #start = 0;

  constructor(encoder: PlainEncoder, solVolume: SolVolume) {
    this.encoder = encoder;
    this.solPrice = new SolPrice(solVolume);
  }

  beginTransaction(): void {
    this.#start = this.encoder.position;
  }

  endTransaction(message: MessageContext, txIndex: number, rows: number): void {
    const at = this.#transactions.length;
    this.#transactions.length = at + TRANSACTION_STRIDE;
    this.#transactions[at + TRANSACTION_COLUMN.slot] = message.slot;
    this.#transactions[at + TRANSACTION_COLUMN.txIndex] = txIndex;
    this.#transactions[at + TRANSACTION_COLUMN.start] = this.#start;
    this.#transactions[at + TRANSACTION_COLUMN.end] = this.encoder.position;
    this.#transactions[at + TRANSACTION_COLUMN.rows] = rows;
    this.#transactions[at + TRANSACTION_COLUMN.fingerprint] = NO_FINGERPRINT;
    this.#transactions[at + TRANSACTION_COLUMN.offset] = message.offset;
  }

  /** The index of transactions, {@link TRANSACTION_STRIDE} doubles each. */
  transactions(): Float64Array<ArrayBuffer> {
    return Float64Array.from(this.#transactions);
  }
}
