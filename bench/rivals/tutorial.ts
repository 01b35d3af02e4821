import bs58 from 'bs58';
import { fullType } from '../../proto/full-codec.js';

const message = fullType('DexParsedBlockMessage');

/** A message as the tutorial has it: plain objects, bytes as base58 text, 64-bit integers as text. */
export interface TutorialMessage {
  readonly Header?: { readonly Slot?: string };
  readonly Transactions?: readonly TutorialTransaction[];
}

interface TutorialTransaction {
  readonly Index?: number;
  readonly Signature?: string;
  readonly Status?: { readonly Success?: boolean };
  readonly Header?: { readonly Fee?: string; readonly FeePayer?: string; readonly Signer?: string };
  readonly Trades?: readonly TutorialTrade[];
}

interface TutorialTrade {
  readonly InstructionIndex?: number;
  readonly Dex?: { readonly ProgramAddress?: string; readonly ProtocolName?: string; readonly ProtocolFamily?: string };
  readonly Market?: { readonly MarketAddress?: string };
  readonly Buy?: TutorialSide;
  readonly Sell?: TutorialSide;
  readonly Royalty?: string;
  readonly Fee?: string;
}

interface TutorialSide {
  readonly Amount?: string;
  readonly Currency?: { readonly MintAddress?: string; readonly Decimals?: number };
}

/** The vendor's way: the whole message is decoded, made plain, and every bytes field in it becomes base58. */
export function decodeAsTutorial(bytes: Uint8Array): TutorialMessage {
  const plain = message.toObject(message.decode(bytes), { longs: String, bytes: Buffer });
  return withBase58(plain) as TutorialMessage;
}

/** protobufjs' full decode and no more. */
export function decodeFull(bytes: Uint8Array): unknown {
  return message.decode(bytes);
}

function withBase58(value: unknown): unknown {
  if (value instanceof Uint8Array) return bs58.encode(value);
  if (Array.isArray(value)) return value.map(withBase58);
  if (typeof value !== 'object' || value === null) return value;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === 'object') (value as Record<string, unknown>)[name] = withBase58(inner);
  }
  return value;
}

/** Columns a rival writes: what needs no rule beyond reading the field, so that every path gives the same. */
export const RIVAL_COLUMNS = [
  ['block_slot', 'bigint'],
  ['tx_index', 'integer'],
  ['trade_index', 'integer'],
  ['instruction_index', 'bigint'],
  ['signature', 'text'],
  ['protocol_name', 'text'],
  ['protocol_family', 'text'],
  ['program', 'text'],
  ['market', 'text'],
  ['signer', 'text'],
  ['fee_payer', 'text'],
  ['bought_mint', 'text'],
  ['bought_amount_raw', 'numeric(20,0)'],
  ['sold_mint', 'text'],
  ['sold_amount_raw', 'numeric(20,0)'],
  ['fee_raw', 'numeric(20,0)'],
  ['royalty_raw', 'numeric(20,0)'],
  ['tx_fee_lamports', 'numeric(20,0)'],
  ['success', 'boolean'],
] as const;

export type RivalValue = string | number | boolean | null;

/** Rows of a message in the order of {@link RIVAL_COLUMNS}. */
export function rivalRows(decoded: TutorialMessage): RivalValue[][] {
  const slot = decoded.Header?.Slot ?? '0';
  return (decoded.Transactions ?? []).flatMap((transaction) =>
    (transaction.Trades ?? []).map((trade, tradeIndex) => rowOf(slot, transaction, trade, tradeIndex)),
  );
}

function rowOf(slot: string, transaction: TutorialTransaction, trade: TutorialTrade, tradeIndex: number): RivalValue[] {
  const { Header: header } = transaction;
  return [
    slot,
    transaction.Index ?? 0,
    tradeIndex,
    trade.InstructionIndex ?? 0,
    text(transaction.Signature),
    text(trade.Dex?.ProtocolName),
    text(trade.Dex?.ProtocolFamily),
    text(trade.Dex?.ProgramAddress),
    text(trade.Market?.MarketAddress),
    text(header?.Signer),
    text(header?.FeePayer),
    text(trade.Buy?.Currency?.MintAddress),
    trade.Buy === undefined ? null : (trade.Buy.Amount ?? '0'),
    text(trade.Sell?.Currency?.MintAddress),
    trade.Sell === undefined ? null : (trade.Sell.Amount ?? '0'),
    trade.Fee ?? '0',
    trade.Royalty ?? '0',
    header === undefined ? null : (header.Fee ?? '0'),
    transaction.Status?.Success ?? false,
  ];
}

/** PostgreSQL's text holds no NUL; an absent text is NULL. */
function text(value: string | undefined): string | null {
  if (value === undefined || value === '') return null;
  return value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}
