import { MESSAGE_STRIDE, TRADE_SLOT, TRADE_STRIDE, TRANSACTION_RECORD_STRIDE } from './walk-slots.js';
import { UndecodableError } from './wire.js';

/**
 * Records kept from one message to the next; a message with more grows a table that is dropped when the slab is done.
 */
const RECORDS_KEPT = 1_024;
/**
 * A message with more of either becomes a dead letter: an empty one takes two bytes, and its record and row hundreds.
 * The stream's messages have at most 250 transactions.
 */
export const RECORDS_MAX = 100_000;
const GROWTH = 1.5;

/** Records of one kind, end to end, growing. */
export class RecordTable {
  readonly #stride: number;
  #count = 0;
  /** Replaced when it grows. */
  ints: Int32Array<ArrayBuffer>;

  constructor(stride: number) {
    this.#stride = stride;
    this.ints = new Int32Array(RECORDS_KEPT * stride);
  }

  /** First place of a new record, all 0. Throws an {@link UndecodableError} where there are too many. */
  add(): number {
    if (this.#count === RECORDS_MAX) {
      throw new UndecodableError('too_many_trades', `more than ${RECORDS_MAX} transactions or trades`);
    }
    const start = this.#count++ * this.#stride;
    const end = start + this.#stride;
    if (end > this.ints.length) {
      const grown = new Int32Array(Math.ceil(this.ints.length * GROWTH));
      grown.set(this.ints);
      this.ints = grown;
    }
    this.ints.fill(0, start, end);
    return start;
  }

  clear(): void {
    this.#count = 0;
  }

  /** Gives back what a message of unusual size has taken. */
  shrink(): void {
    if (this.ints.length > RECORDS_KEPT * this.#stride) this.ints = new Int32Array(RECORDS_KEPT * this.#stride);
  }
}

/**
 * Where the fields of one message lie that rows are made of. Kept from message to message: no object per message or
 * trade.
 */
export class MessageFields {
  /** One record of {@link MESSAGE_SLOT}. */
  readonly message = new Int32Array(MESSAGE_STRIDE);
  /** Records of {@link TRANSACTION_SLOT}, in message order. */
  readonly transactions = new RecordTable(TRANSACTION_RECORD_STRIDE);
  /** Records of {@link TRADE_SLOT}: those of the first transaction, then those of the second, … */
  readonly trades = new RecordTable(TRADE_STRIDE);
  #hasDex = false;

  /** True where any trade names its Dex. */
  get hasDex(): boolean {
    return this.#hasDex;
  }

  clear(): void {
    this.message.fill(0);
    this.transactions.clear();
    this.trades.clear();
    this.#hasDex = false;
  }

  sawTrade(record: number): void {
    if (this.trades.ints[record + TRADE_SLOT.dex] === 1) this.#hasDex = true;
  }

  shrink(): void {
    this.transactions.shrink();
    this.trades.shrink();
  }
}
