import { type ColumnType, TRADES } from '../../tables.js';

export interface RowReading {
  /** Fields that can be read, as text; null for NULL. */
  readonly fields: readonly (readonly [column: string, value: string | null])[];
  /** What is wrong with the rest; null where there is none. */
  readonly stop: string | null;
}

const POSTGRES_EPOCH_MS = 946_684_800_000;
const NUMERIC_NEGATIVE = 0x4000;

/** Reads one row of the trades table in COPY's binary format, however damaged, as far as it goes. */
export function readTradeRow(bytes: Uint8Array): RowReading {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: [string, string | null][] = [];
  if (buffer.length < 2) return { fields, stop: 'no row: fewer than 2 bytes' };
  const columns = buffer.readInt16BE();
  if (columns !== TRADES.columns.length) {
    return { fields, stop: `a row of ${columns} columns, where this version has ${TRADES.columns.length}` };
  }
  let at = 2;
  for (const [column, type] of TRADES.columns) {
    const length = at + 4 <= buffer.length ? buffer.readInt32BE(at) : Number.NaN;
    const start = at + 4;
    at = start + Math.max(length, 0);
    if (!(at <= buffer.length)) return { fields, stop: `${column}: reaches over the end at byte ${buffer.length}` };
    fields.push([column, length < 0 ? null : fieldText(buffer.subarray(start, at), type)]);
  }
  return { fields, stop: at === buffer.length ? null : `${buffer.length - at} bytes more than a row` };
}

const WIDTHS: Partial<Record<ColumnType, number>> = { bool: 1, int4: 4, int8: 8, float8: 8, timestamptz: 8 };

function fieldText(bytes: Buffer, type: ColumnType): string {
  const wrong = WIDTHS[type] !== undefined && bytes.length !== WIDTHS[type];
  if (wrong || (type === 'numeric' && bytes.length < 8)) return `\\x${bytes.toString('hex')}, no ${type}`;
  switch (type) {
    case 'bool':
      return String(bytes[0] === 1);
    case 'int4':
      return String(bytes.readInt32BE());
    case 'int8':
      return String(bytes.readBigInt64BE());
    case 'float8':
      return String(bytes.readDoubleBE());
    case 'timestamptz':
      return timeText(Number(bytes.readBigInt64BE()) / 1_000 + POSTGRES_EPOCH_MS);
    case 'text':
      return bytes.toString('utf8');
    case 'numeric':
      return numericText(bytes);
  }
}

function timeText(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`;
}

/** Whole numbers, which is all we write: the digits to the base of 10,000 behind the weight of the first. */
function numericText(bytes: Buffer): string {
  const weight = bytes.readInt16BE(2);
  let value = 0n;
  for (let i = 0; 8 + 2 * i + 2 <= bytes.length && i <= weight; i++) {
    value += BigInt(bytes.readUInt16BE(8 + 2 * i)) * 10_000n ** BigInt(weight - i);
  }
  return `${bytes.readUInt16BE(4) === NUMERIC_NEGATIVE ? '-' : ''}${value}`;
}
