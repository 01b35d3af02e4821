import bs58 from 'bs58';
import { encodeDexParsedBlockMessage } from '../../proto/full-codec.js';
import type {
  DexParsedBlockMessage,
  DexTradeEvent,
  DexTradeSide,
  ParsedDexTransaction,
} from '../../proto/generated/full.js';
import { type SlabTask, type SolVolume, TASK_STRIDE } from '../../src/workers/messages.js';

export const NATIVE_SOL = '11111111111111111111111111111111';
export const WRAPPED_SOL = 'So11111111111111111111111111111111111111112';
export const USDC = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
export const USDT = 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB';

/** A 32-byte key that differs by `n`. */
export function key(n: number): Uint8Array {
  const bytes = new Uint8Array(32).fill(n);
  bytes[31] = 255;
  return bytes;
}

/** Base58 of {@link key}. */
export function address(n: number): string {
  return bs58.encode(key(n));
}

/** Bytes of a base58 address. */
export function bytesOf(base58: string): Uint8Array {
  return bs58.decode(base58);
}

export const SLOT = 373_108_745;
export const SIGNATURE = new Uint8Array(64).fill(9);
/** What the default trade is made of. */
export const PARTIES = {
  program: 1,
  market: 2,
  mint: 3,
  signer: 4,
  feePayer: 5,
  owner: 6,
  tokenAccount: 7,
} as const;

export function currency(mint: Uint8Array | string, decimals = 6): NonNullable<DexTradeSide['Currency']> {
  return { MintAddress: typeof mint === 'string' ? bytesOf(mint) : mint, Decimals: decimals };
}

/** A leg of the trade; by default its account is a token account without known owner. */
export function leg(mint: Uint8Array | string, amount: DexTradeSide['Amount'], more: DexTradeSide = {}): DexTradeSide {
  const decimals = mint === NATIVE_SOL || mint === WRAPPED_SOL ? 9 : 6;
  return {
    Amount: amount ?? 0,
    Currency: currency(mint, decimals),
    Account: { Address: key(PARTIES.tokenAccount) },
    ...more,
  };
}

/** An account whose token has this owner. */
export function ownedBy(n: number): DexTradeSide {
  return { Account: { Address: key(PARTIES.tokenAccount), Token: { Owner: key(n) } } };
}

/** 2 tokens bought for 0.5 wrapped SOL, on a market of that pair. */
export function tradeOf(more: DexTradeEvent = {}): DexTradeEvent {
  return {
    InstructionIndex: 12,
    Dex: { ProgramAddress: key(PARTIES.program), ProtocolName: 'pump_amm', ProtocolFamily: 'Pumpswap' },
    Market: marketOf(key(PARTIES.mint), WRAPPED_SOL),
    Buy: leg(key(PARTIES.mint), 2_000_000, ownedBy(PARTIES.owner)),
    Sell: leg(WRAPPED_SOL, 500_000_000),
    ...more,
  };
}

export function marketOf(base: Uint8Array | string, quote: Uint8Array | string): NonNullable<DexTradeEvent['Market']> {
  return { MarketAddress: key(PARTIES.market), BaseCurrency: currency(base), QuoteCurrency: currency(quote, 9) };
}

/** A successful transaction with these trades. */
export function transactionOf(trades: readonly DexTradeEvent[], more: ParsedDexTransaction = {}): ParsedDexTransaction {
  return {
    Index: 5,
    Signature: SIGNATURE,
    Status: { Success: true },
    Header: { Fee: 5_000, FeePayer: key(PARTIES.feePayer), Signer: key(PARTIES.signer) },
    Trades: trades,
    ...more,
  };
}

export function messageOf(
  transactions: readonly ParsedDexTransaction[],
  header: DexParsedBlockMessage['Header'] = { Slot: SLOT },
): DexParsedBlockMessage {
  return { Header: header, Transactions: transactions };
}

/** A value as it stands in a Kafka record. */
export interface TestRecord {
  readonly value: Uint8Array | DexParsedBlockMessage | null;
  readonly key?: Uint8Array | null;
  readonly offset?: number;
  readonly timestampMs?: number;
}

export const FIRST_OFFSET = 1_000;
export const TIMESTAMP_MS = 1_760_000_000_123;
export const NO_VOLUME: SolVolume = { sol: 0, usd: 0, trades: 0 };

/** A slab of these records, at offsets from {@link FIRST_OFFSET} on. Values of at least `largeBytes` keep a buffer of their own. */
export function slabOf(
  records: readonly TestRecord[],
  { partition = 3, run = 0, solVolume = NO_VOLUME, largeBytes = 32_768 } = {},
): SlabTask {
  const index = new Float64Array(records.length * TASK_STRIDE);
  const pieces: Uint8Array[] = [];
  const large: Uint8Array<ArrayBuffer>[] = [];
  let packedBytes = 0;
  const pack = (bytes: Uint8Array): number => {
    const start = packedBytes;
    pieces.push(bytes);
    packedBytes += bytes.length;
    return start;
  };
  for (const [i, record] of records.entries()) {
    const value = encoded(record.value);
    const recordKey = record.key ?? null;
    const place =
      value === null
        ? [0, 0, -1]
        : value.length < largeBytes
          ? [0, pack(value), value.length]
          : [large.push(new Uint8Array(value)), 0, value.length];
    const keyPlace = recordKey === null ? [0, -1] : [pack(recordKey), recordKey.length];
    const row = [record.offset ?? FIRST_OFFSET + i, record.timestampMs ?? TIMESTAMP_MS, ...place, ...keyPlace];
    index.set(row, i * TASK_STRIDE);
  }
  const packed = new Uint8Array(packedBytes);
  let at = 0;
  for (const piece of pieces) {
    packed.set(piece, at);
    at += piece.length;
  }
  const messages = records.length;
  return { topic: 'solana.dextrades.proto', partition, messages, index, packed, large, run, solVolume };
}

function encoded(value: TestRecord['value']): Uint8Array | null {
  return value === null || value instanceof Uint8Array ? value : encodeDexParsedBlockMessage(value);
}
