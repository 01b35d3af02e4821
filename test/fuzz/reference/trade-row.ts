import type { DexTradeEvent, Long64, ParsedDexTransaction } from '../../../proto/generated/projection.js';
import { TRADES } from '../../../src/tables.js';
import { addressOf } from './base58.js';
import type { PlainEncoder } from './plain-encoder.js';
import { textOf } from './text.js';
import type { Trade, TradeLeg } from './trade.js';
import type { Valuation } from './usd.js';

/** What the rows of one message have in common. */
export interface MessageContext {
  readonly slot: number;
  /** Ms since the epoch, null where unknown. */
  readonly blockTimeMs: number | null;
  readonly partition: number;
  readonly offset: number;
}

/** What the rows of one transaction have in common. */
export interface TransactionContext {
  readonly txIndex: number;
  readonly signature: string | null;
  readonly signer: string | null;
  readonly feePayer: string | null;
  /** Null without a transaction header. */
  readonly feeLamports: Long64 | null;
  readonly success: boolean;
}

/** Throws where an address is too long. */
export function transactionContext(transaction: ParsedDexTransaction): TransactionContext {
  const header = transaction.Header;
  return {
    txIndex: transaction.Index,
    signature: addressOf(transaction.Signature),
    signer: addressOf(header?.Signer),
    feePayer: addressOf(header?.FeePayer),
    feeLamports: header === null ? null : header.Fee,
    success: transaction.Status?.Success ?? false,
  };
}

/** Writes the columns of TRADES that are a function of the transaction alone, in the table's order. */
export function encodeStableColumns(
  encoder: PlainEncoder,
  message: MessageContext,
  transaction: TransactionContext,
  tradeIndex: number,
  event: DexTradeEvent,
  trade: Trade,
): void {
  encoder.beginRow(TRADES.columns.length);
  encoder.int8(message.slot);
  encoder.int4(transaction.txIndex);
  encoder.int4(tradeIndex);
  encoder.int8(event.InstructionIndex);
  encoder.text(transaction.signature);
  encoder.text(textOf(event.Dex?.ProtocolName));
  encoder.text(textOf(event.Dex?.ProtocolFamily));
  encoder.text(addressOf(event.Dex?.ProgramAddress));
  encoder.text(trade.market);
  encoder.bool(trade.market === null);
  encoder.text(trade.side);
  encoder.text(trade.trader);
  encoder.text(transaction.signer);
  encoder.text(transaction.feePayer);
  encodeLeg(encoder, trade.bought);
  encodeLeg(encoder, trade.sold);
  encoder.text(trade.baseMint);
  encoder.text(trade.quoteMint);
  encoder.float8(trade.price);
  encodeUnsigned(encoder, event.Fee);
  encodeUnsigned(encoder, event.Royalty);
  encodeUnsigned(encoder, transaction.feeLamports);
  encoder.bool(transaction.success);
  encoder.text(trade.orderId);
}

/** Writes the rest of the row: what depends on the message or on the moment. */
export function encodeVolatileColumns(encoder: PlainEncoder, message: MessageContext, valuation: Valuation): void {
  encoder.timestamptz(message.blockTimeMs);
  encoder.float8(valuation.amountUsd);
  encoder.float8(valuation.priceUsd);
  encoder.text(valuation.source);
  encoder.float8(valuation.asymmetry);
  encoder.int4(message.partition);
  encoder.int8(message.offset);
}

function encodeLeg(encoder: PlainEncoder, leg: TradeLeg | null): void {
  encoder.text(leg?.mint ?? null);
  encodeUnsigned(encoder, leg?.raw ?? null);
  if (leg === null || leg.decimals === null) encoder.null();
  else encoder.int8(leg.decimals);
  encoder.float8(leg?.amount ?? null);
}

function encodeUnsigned(encoder: PlainEncoder, value: Long64 | null): void {
  if (value === null) encoder.null();
  else encoder.numeric(value.high, value.low);
}
