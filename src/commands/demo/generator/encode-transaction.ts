import bs58 from 'bs58';
import { uint64 } from '../../../../proto/full-codec.js';
import type { Account, BalanceUpdate } from '../../../../proto/generated/full.js';
import { makeDexMarket, TRADER_ACCOUNTS } from './markets.js';
import type { Leg, TradePlan, TransactionPlan } from './plan.js';
import type { Random } from './random.js';
import { concatenate, encodePart, lengthDelimited } from './wire.js';

const TRADES = 5;
const ORDER_EVENTS = 6;
const POOL_EVENTS = 7;
const NOTHING = new Uint8Array();

/** Programs and settings that nearly every transaction names. */
const PROGRAM_ACCOUNTS: readonly Account[] = [
  '11111111111111111111111111111111',
  'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
  'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL',
  'ComputeBudget111111111111111111111111111111',
  'SysvarRent111111111111111111111111111111111',
  'Sysvar1nstructions1111111111111111111111111',
  'Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo',
].map((address) => ({ Address: bs58.decode(address) }));

/** Field Transactions of a DexParsedBlockMessage, with its tag. Draws from `random` what is of no use to a trade's row. */
export function encodeTransaction(plan: TransactionPlan, random: Random): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [encodePart('ParsedDexTransaction', { Index: plan.index, Signature: plan.signature })];
  parts.push(lengthDelimited(3, [encodePart('TransactionStatus', status(plan.success))]));
  parts.push(encodeHeader(plan, random));
  const instructions = plan.trades.map((trade) => encodeInstruction(plan, trade, random));
  plan.trades.forEach((trade, place) => {
    parts.push(encodeTrade(plan, trade, instructions[place] as Uint8Array));
  });
  plan.trades.forEach((trade, place) => {
    if (trade.orderId !== null)
      parts.push(encodeOrderEvent(plan, trade, trade.orderId, instructions[place] as Uint8Array));
  });
  plan.trades.forEach((trade, place) => {
    if (trade.market !== null) parts.push(encodePoolEvent(plan, trade, instructions[place] as Uint8Array, random));
  });
  if (plan.usd) parts.push(encodePart('ParsedDexTransaction', { FeeInUsd: plan.feeLamports * 187.5e-9 }));
  return lengthDelimited(2, parts);
}

function status(success: boolean): object {
  return success ? { Success: true } : { ErrorMessage: 'Error processing Instruction 4: custom program error: 0x1771' };
}

function encodeHeader(plan: TransactionPlan, random: Random): Uint8Array {
  const own: Account[] = [{ Address: plan.signer, IsSigner: true, IsWritable: true }];
  if (plan.feePayer !== plan.signer) own.unshift({ Address: plan.feePayer, IsSigner: true, IsWritable: true });
  const parts = [
    encodePart('TransactionHeader', {
      Fee: plan.feeLamports,
      FeePayer: plan.feePayer,
      RecentBlockhash: random.bytes(32),
      Signer: plan.signer,
      Signatures: [plan.signature],
      Accounts: own,
    }),
  ];
  for (const { bought, sold, market } of plan.trades) {
    parts.push(encodePart('TransactionHeader', { Accounts: [bought.account, sold.account] }));
    if (market !== null) parts.push(market.headerAccounts);
  }
  parts.push(encodePart('TransactionHeader', { Accounts: PROGRAM_ACCOUNTS }));
  return lengthDelimited(4, parts);
}

function encodeDex(field: number, { venue }: TradePlan): Uint8Array {
  const fields = { ProgramAddress: venue.address, ProtocolName: venue.protocol, ProtocolFamily: venue.family };
  return lengthDelimited(field, [encodePart('DexInfo', fields)]);
}

function encodeMarket(field: number, plan: TransactionPlan, { market, pair }: TradePlan): Uint8Array {
  if (market !== null) return lengthDelimited(field, [plan.usd ? market.marketUsd : market.market]);
  if (pair === null) return NOTHING;
  return lengthDelimited(field, [makeDexMarket(NOTHING, pair.base.currency, pair.quote.currency)]);
}

function encodeTrade(plan: TransactionPlan, trade: TradePlan, instruction: Uint8Array): Uint8Array {
  const order = trade.orderId === null ? {} : { Order: { OrderId: trade.orderId, BuySide: trade.side === 'sell' } };
  const [buyOrder, sellOrder] = trade.side === 'buy' ? [order, {}] : [{}, order];
  return lengthDelimited(TRADES, [
    encodePart('DexTradeEvent', { InstructionIndex: trade.instructionIndex }),
    encodeDex(2, trade),
    encodeMarket(3, plan, trade),
    encodeSide(4, plan, trade.bought, buyOrder),
    encodeSide(5, plan, trade.sold, sellOrder),
    encodePart('DexTradeEvent', { Royalty: uint64(trade.royalty), Fee: uint64(trade.fee) }),
    lengthDelimited(8, [instruction]),
  ]);
}

function encodeSide(field: number, plan: TransactionPlan, { token, raw, account }: Leg, order: object): Uint8Array {
  const usd = plan.usd ? { AmountInUsd: (Number(raw) / 10 ** token.decimals) * token.priceUsd } : {};
  return lengthDelimited(field, [
    encodePart('DexTradeSide', { Amount: uint64(raw) }),
    lengthDelimited(2, [plan.usd ? token.currencyUsd : token.currency]),
    encodePart('DexTradeSide', { Account: account, ...order, ...usd }),
  ]);
}

function encodeOrderEvent(
  plan: TransactionPlan,
  trade: TradePlan,
  orderId: Uint8Array,
  instruction: Uint8Array,
): Uint8Array {
  return lengthDelimited(ORDER_EVENTS, [
    encodePart('DexOrderEvent', { InstructionIndex: trade.instructionIndex, Type: 1 }),
    encodeDex(3, trade),
    encodeMarket(4, plan, trade),
    // A limit that is no limit.
    encodePart('DexOrderEvent', { Order: { OrderId: orderId, LimitPrice: uint64((1n << 63n) - 1n) } }),
    lengthDelimited(6, [instruction]),
  ]);
}

/** The pool's side of the trade: what it gave and took, and what it was left with. */
function encodePoolEvent(plan: TransactionPlan, trade: TradePlan, instruction: Uint8Array, random: Random): Uint8Array {
  const [base, quote] = trade.side === 'sell' ? [trade.sold, trade.bought] : [trade.bought, trade.sold];
  const sign = trade.side === 'sell' ? 1n : -1n;
  const side = (leg: Leg, change: bigint): object => ({
    ChangeAmount: uint64(change),
    PostAmount: uint64(leg.raw + BigInt(random.bits())),
  });
  return lengthDelimited(POOL_EVENTS, [
    encodePart('PoolLiquidityChangeEvent', { InstructionIndex: trade.instructionIndex }),
    encodeDex(2, trade),
    encodeMarket(3, plan, trade),
    encodePart('PoolLiquidityChangeEvent', {
      BaseCurrency: side(base, sign * base.raw),
      QuoteCurrency: side(quote, -sign * quote.raw),
    }),
    lengthDelimited(6, [instruction]),
  ]);
}

/** A full ParsedIdlInstruction, which the trade and its pool event both carry. */
function encodeInstruction(plan: TransactionPlan, trade: TradePlan, random: Random): Uint8Array {
  const { venue, market, instructionIndex } = trade;
  const inner = market !== null && plan.trades.length > 1;
  const program = lengthDelimited(8, [
    venue.programHead,
    encodePart('Program', {
      Arguments: venue.argumentNames.map((name) => ({ Name: name, Type: 'u64', UInt: uint64(trade.sold.raw) })),
    }),
    venue.programTail,
  ]);
  const own: Account[] = [{ Address: plan.signer, IsSigner: true, IsWritable: true }];
  own.push(trade.bought.account, trade.sold.account);
  const fill = market === null ? venue.accounts - TRADER_ACCOUNTS : 0;
  for (let account = 0; account < fill; account++) own.push({ Address: random.bytes(32), IsWritable: account < 6 });
  return concatenate([
    encodePart('ParsedIdlInstruction', {
      Index: instructionIndex,
      Depth: inner ? 1 : 0,
      CallPath: inner ? [instructionIndex - 1] : [],
      CallerIndex: inner ? instructionIndex - 1 : -1,
      AncestorIndexes: [1, 2, 3, 4, 5, 6].map((further) => instructionIndex + further),
      ExternalSeqNumber: instructionIndex,
      InternalSeqNumber: inner ? 1 : 0,
    }),
    program,
    encodePart('ParsedIdlInstruction', { Accounts: own }),
    market?.instructionAccounts ?? NOTHING,
    encodePart('ParsedIdlInstruction', {
      Logs: logs(trade, random),
      BalanceUpdates: balances(4, random),
      TokenBalanceUpdates: balances(5, random),
      Data: random.bytes(24),
    }),
  ]);
}

function logs({ venue }: TradePlan, random: Random): string[] {
  return [
    `${venue.logHead} invoke [1]`,
    venue.logMethod,
    `Program data: ${Buffer.from(random.bytes(random.between(180, 320))).toString('base64')}`,
    `${venue.logHead} consumed ${random.between(60_000, 140_000)} of ${random.between(200_000, 400_000)} compute units`,
    `${venue.logHead} success`,
  ];
}

function balances(count: number, random: Random): BalanceUpdate[] {
  return Array.from({ length: count }, (_, account) => {
    const before = random.bits() * 1_000 + random.bits();
    return { PreBalance: before, PostBalance: before + random.between(0, 1_000_000), AccountIndex: account + 1 };
  });
}
