import { invariant } from '../../errors.js';
import { type ColumnType, TRADES } from '../../tables.js';

type TradeColumn = (typeof TRADES.columns)[number][0];

/** What an entry of the stream tells of a trade, by the names of the table's columns and in their order. */
const PUBLISHED: ReadonlySet<TradeColumn> = new Set<TradeColumn>([
  'block_slot',
  'tx_index',
  'trade_index',
  'signature',
  'protocol_name',
  'protocol_family',
  'market',
  'is_router',
  'side',
  'trader',
  'bought_mint',
  'bought_amount',
  'sold_mint',
  'sold_amount',
  'base_mint',
  'quote_mint',
  'price',
  'success',
  'block_time',
  'amount_usd',
  'price_usd',
  'kafka_partition',
  'kafka_offset',
]);

/** How a column is read, null where it is stepped over. */
const PLAN: readonly (ColumnType | null)[] = TRADES.columns.map(([name, type]) => (PUBLISHED.has(name) ? type : null));

/** Field names in the order of {@link readEntry}'s values; a time says its unit. */
export const ENTRY_FIELDS: readonly string[] = TRADES.columns
  .filter(([name]) => PUBLISHED.has(name))
  .map(([name, type]) => (type === 'timestamptz' ? `${name}_ms` : name));

const TWO_POW_32 = 2 ** 32;
const POSTGRES_EPOCH_MS = 946_684_800_000;

/**
 * Appends names and values of the COPY row that begins at `start` to `target`, and answers where the row ends. Every field is there
 * in every entry, an empty text for NULL: Redis stores the names once for many entries that have the same ones.
 */
export function readEntry(row: Buffer, start: number, target: string[]): number {
  const columns = row.readInt16BE(start);
  invariant(columns === PLAN.length, `A row of ${columns} columns is no row of ${TRADES.name}.`);
  let at = start + 2;
  let field = 0;
  for (let column = 0; column < columns; column++) {
    const length = row.readInt32BE(at);
    at += 4;
    const type = PLAN[column];
    if (type !== null) {
      target.push(ENTRY_FIELDS[field++]!, length < 0 ? '' : readField(row, at, length, type!));
    }
    if (length > 0) at += length;
  }
  invariant(at <= row.length, 'An encoded row reaches beyond its chunk.');
  return at;
}

function readField(row: Buffer, at: number, length: number, type: ColumnType): string {
  switch (type) {
    case 'text':
      return row.toString('utf8', at, at + length);
    case 'bool':
      return row[at] === 1 ? '1' : '0';
    case 'int4':
      return String(row.readInt32BE(at));
    case 'int8':
      return String(int8(row, at));
    case 'float8':
      return String(row.readDoubleBE(at));
    case 'timestamptz':
      return String(Math.floor(int8(row, at) / 1_000) + POSTGRES_EPOCH_MS);
    case 'numeric':
      throw new Error('No column of type numeric is published.');
  }
}

/** Below 2^53, as slots, offsets and the microseconds of this age are. */
function int8(row: Buffer, at: number): number {
  return row.readInt32BE(at) * TWO_POW_32 + row.readUInt32BE(at + 4);
}
