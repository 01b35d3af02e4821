import bs58 from 'bs58';
import type { TRADES, TRADES_FIRST_VOLATILE_COLUMN } from '../../../tables.js';
import type { Leg, TradePlan, TransactionPlan } from './plan.js';

type ColumnName = (typeof TRADES.columns)[number][0];
type VolatileColumn =
  | typeof TRADES_FIRST_VOLATILE_COLUMN
  | 'amount_usd'
  | 'price_usd'
  | 'usd_source'
  | 'price_asymmetry'
  | 'kafka_partition'
  | 'kafka_offset';

/**
 * The row a trade must give, in the columns that are a function of its transaction. int8 and numeric columns are texts,
 * as the database's driver returns them; int4 and float8 are numbers, exact but for float8, which may differ in the last digits.
 */
export type ExpectedRow = Readonly<Record<Exclude<ColumnName, VolatileColumn>, string | number | boolean | null>>;

/** Made from the plan alone: nothing here has seen a message, or the code that reads one. */
export function expectedRow(transaction: TransactionPlan, tradeIndex: number): ExpectedRow {
  const trade = transaction.trades[tradeIndex];
  if (trade === undefined) throw new Error(`transaction has no trade ${tradeIndex}`);
  const bought = legColumns(trade.bought);
  const sold = legColumns(trade.sold);
  return {
    block_slot: String(transaction.slot),
    tx_index: transaction.index,
    trade_index: tradeIndex,
    instruction_index: String(trade.instructionIndex),
    signature: bs58.encode(transaction.signature),
    protocol_name: trade.venue.protocol === '' ? null : trade.venue.protocol,
    protocol_family: trade.venue.family === '' ? null : trade.venue.family,
    program: bs58.encode(trade.venue.address),
    market: trade.market === null ? null : bs58.encode(trade.market.address),
    is_router: trade.market === null,
    side: trade.side,
    trader: bs58.encode(trade.trader),
    signer: bs58.encode(transaction.signer),
    fee_payer: bs58.encode(transaction.feePayer),
    bought_mint: bought.mint,
    bought_amount_raw: bought.raw,
    bought_decimals: bought.decimals,
    bought_amount: bought.amount,
    sold_mint: sold.mint,
    sold_amount_raw: sold.raw,
    sold_decimals: sold.decimals,
    sold_amount: sold.amount,
    base_mint: trade.pair === null ? null : bs58.encode(trade.pair.base.mint),
    quote_mint: trade.pair === null ? null : bs58.encode(trade.pair.quote.mint),
    price: quotePerBase(trade, bought.amount, sold.amount),
    fee_raw: String(trade.fee),
    royalty_raw: String(trade.royalty),
    tx_fee_lamports: String(transaction.feeLamports),
    success: transaction.success,
    order_id: trade.orderId === null ? null : bs58.encode(trade.orderId),
  };
}

function legColumns({ token, raw }: Leg) {
  const amount = Number(raw) / 10 ** token.decimals;
  return { mint: bs58.encode(token.mint), raw: String(raw), decimals: String(token.decimals), amount };
}

function quotePerBase(trade: TradePlan, bought: number, sold: number): number | null {
  if (trade.side === null) return null;
  const [base, quote] = trade.side === 'buy' ? [bought, sold] : [sold, bought];
  return base === 0 ? null : quote / base;
}
