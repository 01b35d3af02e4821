import { TRADES } from '../../src/tables.js';

/** A field as PostgreSQL's text form would have it; numeric also in two 32-bit halves, as the encoder takes it. */
export type CopyValue = string | number | boolean | null | { readonly high: number; readonly low: number };

const POSTGRES_EPOCH_MS = 946_684_800_000;
const NUMERIC_HEAD_BYTES = 8;

/** Reads encoded rows of the trades table back into values. */
export function readRows(encoded: Uint8Array): CopyValue[][] {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const rows: CopyValue[][] = [];
  for (let at = 0; at < encoded.length; ) {
    at += 2;
    const row: CopyValue[] = [];
    for (const [, type] of TRADES.columns) {
      const length = view.getInt32(at);
      at += 4;
      row.push(length < 0 ? null : readField(view, at, length, type));
      at += Math.max(length, 0);
    }
    rows.push(row);
  }
  return rows;
}

function readField(view: DataView, at: number, length: number, type: (typeof TRADES.columns)[number][1]): CopyValue {
  switch (type) {
    case 'bool':
      return view.getUint8(at) === 1;
    case 'int4':
      return view.getInt32(at);
    case 'int8':
      return Number(view.getBigInt64(at));
    case 'float8':
      return view.getFloat64(at);
    case 'timestamptz':
      return Number(view.getBigInt64(at)) / 1_000 + POSTGRES_EPOCH_MS;
    case 'numeric':
      return readNumeric(view, at);
    case 'text':
      return Buffer.from(view.buffer, view.byteOffset + at, length).toString('utf8');
  }
}

function readNumeric(view: DataView, at: number): { high: number; low: number } {
  const digits = view.getInt16(at);
  const weight = view.getInt16(at + 2);
  let value = 0n;
  for (let place = 0; place <= weight; place++) {
    value = value * 10_000n + (place < digits ? BigInt(view.getInt16(at + NUMERIC_HEAD_BYTES + 2 * place)) : 0n);
  }
  return { high: Number(value >> 32n), low: Number(value & 0xffff_ffffn) };
}
