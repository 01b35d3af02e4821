/** The PostgreSQL types the engine writes, by their COPY binary encoding. */
export type ColumnType = 'bool' | 'int4' | 'int8' | 'float8' | 'numeric' | 'text' | 'timestamptz';

export interface Table {
  readonly name: string;
  /** Columns in the order their fields stand in an encoded row, which need not be the table's own order. */
  readonly columns: readonly (readonly [name: string, type: ColumnType])[];
}

/**
 * The trades table as the workers encode it and the sink copies it.
 *
 * The columns before `block_time` are a function of the transaction alone: two deliveries of one transaction give the
 * same bytes up to there, and what they are made of is what its fingerprint is taken from. The columns from `block_time`
 * on depend on the message or on the moment.
 */
export const TRADES = {
  name: 'solana_dex_trades',
  columns: [
    ['block_slot', 'int8'],
    ['tx_index', 'int4'],
    ['trade_index', 'int4'],
    ['instruction_index', 'int8'],
    ['signature', 'text'],
    ['protocol_name', 'text'],
    ['protocol_family', 'text'],
    ['program', 'text'],
    ['market', 'text'],
    ['is_router', 'bool'],
    ['side', 'text'],
    ['trader', 'text'],
    ['signer', 'text'],
    ['fee_payer', 'text'],
    ['bought_mint', 'text'],
    ['bought_amount_raw', 'numeric'],
    ['bought_decimals', 'int8'],
    ['bought_amount', 'float8'],
    ['sold_mint', 'text'],
    ['sold_amount_raw', 'numeric'],
    ['sold_decimals', 'int8'],
    ['sold_amount', 'float8'],
    ['base_mint', 'text'],
    ['quote_mint', 'text'],
    ['price', 'float8'],
    ['fee_raw', 'numeric'],
    ['royalty_raw', 'numeric'],
    ['tx_fee_lamports', 'numeric'],
    ['success', 'bool'],
    ['order_id', 'text'],
    ['block_time', 'timestamptz'],
    ['amount_usd', 'float8'],
    ['price_usd', 'float8'],
    ['usd_source', 'text'],
    ['price_asymmetry', 'float8'],
    ['kafka_partition', 'int4'],
    ['kafka_offset', 'int8'],
  ],
} as const satisfies Table;

/** The first column of {@link TRADES} that a second delivery of the same transaction may give another value. */
export const TRADES_FIRST_VOLATILE_COLUMN = 'block_time';
