import { type ColumnType, type Table, TRADES } from '../../src/tables.js';

/** A field of a row: timestamptz as ms since 1970, numeric and int8 as decimal text where a number would not hold them. */
export type Field = string | number | boolean | null;
export type Row = Record<(typeof TRADES.columns)[number][0], Field>;

const POSTGRES_EPOCH_US = 946_684_800_000_000n;

/** Reads rows in binary COPY format (no header, no trailer) back. Throws where they are not exactly that. */
export function readRows(bytes: Uint8Array, table: Table = TRADES): Row[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows: Row[] = [];
  let at = 0;
  while (at < buffer.length) {
    const columns = buffer.readInt16BE(at);
    at += 2;
    if (columns !== table.columns.length) throw new Error(`a row of ${columns} columns`);
    const row: Record<string, Field> = {};
    for (const [name, type] of table.columns) {
      const length = buffer.readInt32BE(at);
      at += 4;
      row[name] = length < 0 ? null : readField(buffer.subarray(at, at + length), type);
      at += Math.max(length, 0);
    }
    rows.push(row as Row);
  }
  if (at !== buffer.length) throw new Error('the last row is cut off');
  return rows;
}

const WIDTHS: Partial<Record<ColumnType, number>> = { bool: 1, int4: 4, int8: 8, float8: 8, timestamptz: 8 };

function readField(bytes: Buffer, type: ColumnType): Field {
  const width = WIDTHS[type];
  if (width !== undefined && bytes.length !== width) throw new Error(`${type} of ${bytes.length} bytes`);
  switch (type) {
    case 'bool':
      return bytes[0] === 1;
    case 'int4':
      return bytes.readInt32BE();
    case 'int8':
      return Number(bytes.readBigInt64BE());
    case 'float8':
      return bytes.readDoubleBE();
    case 'numeric':
      return readNumeric(bytes);
    case 'text':
      return bytes.toString('utf8');
    case 'timestamptz':
      return Number((bytes.readBigInt64BE() + POSTGRES_EPOCH_US) / 1_000n);
  }
}

/** Whole numbers only, as decimal text. */
function readNumeric(bytes: Buffer): string {
  const [digits, weight, sign, scale] = [0, 2, 4, 6].map((at) => bytes.readInt16BE(at)) as [
    number,
    number,
    number,
    number,
  ];
  if (sign !== 0 || scale !== 0 || bytes.length !== 8 + 2 * digits)
    throw new Error('a numeric that is no whole number');
  let value = 0n;
  for (let i = 0; i < digits; i++) {
    value += BigInt(bytes.readInt16BE(8 + 2 * i)) * 10_000n ** BigInt(weight - i);
  }
  return value.toString();
}
