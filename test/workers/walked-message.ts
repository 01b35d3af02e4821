import type {
  Account,
  BlockHeader,
  Currency,
  DexMarket,
  DexParsedBlockMessage,
  DexTradeEvent,
  DexTradeSide,
  Long64,
  ParsedDexTransaction,
} from '../../proto/generated/projection.js';
import { MessageFields } from '../../src/workers/walk-fields.js';
import { walkMessage } from '../../src/workers/walk-message.js';
import {
  CURRENCY_SLOT,
  MESSAGE_SLOT,
  SIDE_SLOT,
  TRADE_SLOT,
  TRADE_STRIDE,
  TRANSACTION_RECORD_STRIDE,
  TRANSACTION_SLOT,
} from '../../src/workers/walk-slots.js';

const fields = new MessageFields();

/** A record of the walker, read as values. */
class Record32 {
  readonly #bytes: Uint8Array;
  readonly #ints: Int32Array;
  readonly #start: number;

  constructor(bytes: Uint8Array, ints: Int32Array, start: number) {
    this.#bytes = bytes;
    this.#ints = ints;
    this.#start = start;
  }

  int(slot: number): number {
    return this.#ints[this.#start + slot]!;
  }

  unsigned(slot: number): number {
    return this.int(slot) >>> 0;
  }

  long(slot: number, unsigned = true): Long64 {
    return { low: this.int(slot), high: this.int(slot + 1), unsigned };
  }

  bytes(slot: number): Uint8Array {
    return this.#bytes.subarray(this.int(slot), this.int(slot) + this.int(slot + 1));
  }

  float(slot: number): number {
    return new Float32Array(Int32Array.of(this.int(slot)).buffer)[0]!;
  }

  /** The part whose first place is `slot`, null where the message has none. */
  part<Part>(slot: number, read: (record: Record32) => Part): Part | null {
    return this.int(slot) === 0 ? null : read(new Record32(this.#bytes, this.#ints, this.#start + slot));
  }
}

/** What the walker finds in a message, in the shape the projection decodes into. Throws what the walker throws. */
export function walkedMessage(bytes: Uint8Array): DexParsedBlockMessage {
  walkMessage(bytes, fields);
  const message = new Record32(bytes, fields.message, 0);
  const transactions: ParsedDexTransaction[] = [];
  let trades = 0;
  for (let i = 0; i < message.int(MESSAGE_SLOT.transactions); i++) {
    const record = new Record32(bytes, fields.transactions.ints, i * TRANSACTION_RECORD_STRIDE);
    transactions.push(transactionOf(record, bytes, trades));
    trades += record.int(TRANSACTION_SLOT.trades);
  }
  const Header = message.int(MESSAGE_SLOT.header) === 0 ? null : headerOf(message);
  return { Header, Transactions: transactions };
}

function headerOf(message: Record32): BlockHeader {
  return {
    Slot: message.long(MESSAGE_SLOT.slotLow),
    Hash: message.bytes(MESSAGE_SLOT.hashAt),
    ParentSlot: message.long(MESSAGE_SLOT.parentSlotLow),
    Height: message.long(MESSAGE_SLOT.heightLow),
    Timestamp: message.long(MESSAGE_SLOT.timestampLow, false),
    ParentHash: message.bytes(MESSAGE_SLOT.parentHashAt),
  };
}

function transactionOf(record: Record32, bytes: Uint8Array, firstTrade: number): ParsedDexTransaction {
  const header = {
    Fee: record.long(TRANSACTION_SLOT.feeLow),
    FeePayer: record.bytes(TRANSACTION_SLOT.feePayerAt),
    Signer: record.bytes(TRANSACTION_SLOT.signerAt),
  };
  return {
    Index: record.unsigned(TRANSACTION_SLOT.index),
    Signature: record.bytes(TRANSACTION_SLOT.signatureAt),
    Status: record.part(TRANSACTION_SLOT.status, () => ({ Success: record.int(TRANSACTION_SLOT.success) === 1 })),
    Header: record.part(TRANSACTION_SLOT.header, () => header),
    Trades: Array.from({ length: record.int(TRANSACTION_SLOT.trades) }, (_, i) =>
      tradeOf(new Record32(bytes, fields.trades.ints, (firstTrade + i) * TRADE_STRIDE)),
    ),
  };
}

function tradeOf(record: Record32): DexTradeEvent {
  return {
    InstructionIndex: record.unsigned(TRADE_SLOT.instructionIndex),
    Dex: record.part(TRADE_SLOT.dex, () => ({
      ProgramAddress: record.bytes(TRADE_SLOT.programAt),
      ProtocolName: record.bytes(TRADE_SLOT.nameAt),
      ProtocolFamily: record.bytes(TRADE_SLOT.familyAt),
    })),
    Market: record.part(
      TRADE_SLOT.market,
      (): DexMarket => ({
        MarketAddress: record.bytes(TRADE_SLOT.marketAt),
        BaseCurrency: record.part(TRADE_SLOT.base, currencyOf),
        QuoteCurrency: record.part(TRADE_SLOT.quote, currencyOf),
      }),
    ),
    Buy: record.part(TRADE_SLOT.buy, sideOf),
    Sell: record.part(TRADE_SLOT.sell, sideOf),
    Royalty: record.long(TRADE_SLOT.royaltyLow),
    Fee: record.long(TRADE_SLOT.feeLow),
  };
}

function currencyOf(record: Record32): Currency {
  return { Decimals: record.unsigned(CURRENCY_SLOT.decimals), MintAddress: record.bytes(CURRENCY_SLOT.mintAt) };
}

function sideOf(record: Record32): DexTradeSide {
  return {
    Amount: record.long(SIDE_SLOT.amountLow),
    Currency: record.part(SIDE_SLOT.currency, currencyOf),
    Account: record.part(
      SIDE_SLOT.account,
      (): Account => ({
        Address: record.bytes(SIDE_SLOT.addressAt),
        Token: record.part(SIDE_SLOT.token, () => ({ Owner: record.bytes(SIDE_SLOT.ownerAt) })),
      }),
    ),
    Order: record.part(SIDE_SLOT.order, () => ({ OrderId: record.bytes(SIDE_SLOT.orderIdAt) })),
    AmountInUsd: record.float(SIDE_SLOT.amountInUsd),
  };
}
