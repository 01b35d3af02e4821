import { TRADES } from '../../src/tables.js';
import type { PlannedTransaction } from './plan.js';

/** Keys, the variant where the instruction's index stands, and the source, in COPY's binary format; the rest is NULL. */
const FIELDS: Readonly<Record<string, number>> = {
  block_slot: 8,
  tx_index: 4,
  trade_index: 4,
  instruction_index: 8,
  kafka_partition: 4,
  kafka_offset: 8,
};
/** Where the value of each field stands in a row. */
const AT: Record<string, number> = {};
const TEMPLATE = templateRow();
export const ROW_BYTES = TEMPLATE.byteLength;

export interface ModelRow {
  readonly slot: number;
  readonly txIndex: number;
  readonly tradeIndex: number;
  readonly variant: number;
  /** A CHECK of the table refuses it. */
  readonly refused: boolean;
  readonly partition: number;
  readonly offset: number;
}

export const transactionKey = (slot: number, txIndex: number) => `${slot}/${txIndex}`;
export const rowKey = ({ slot, txIndex, tradeIndex }: ModelRow) => `${slot}/${txIndex}/${tradeIndex}`;

function templateRow(): Uint8Array {
  const size = TRADES.columns.reduce((sum, [name]) => sum + 4 + (FIELDS[name] ?? 0), 2);
  const row = new Uint8Array(size);
  const view = new DataView(row.buffer);
  view.setInt16(0, TRADES.columns.length);
  let at = 2;
  for (const [name] of TRADES.columns) {
    const length = FIELDS[name];
    view.setInt32(at, length ?? -1);
    AT[name] = at + 4;
    at += 4 + (length ?? 0);
  }
  return row;
}

/** Writes the rows of a transaction at `at`. */
export function encodeRows(
  target: Uint8Array,
  at: number,
  transaction: PlannedTransaction,
  partition: number,
  offset: number,
): void {
  const view = new DataView(target.buffer, target.byteOffset);
  for (let trade = 0; trade < transaction.trades; trade++) {
    const row = at + trade * ROW_BYTES;
    target.set(TEMPLATE, row);
    setInt8(view, row + AT.block_slot!, transaction.slot);
    view.setInt32(row + AT.tx_index!, transaction.txIndex);
    view.setInt32(row + AT.trade_index!, trade);
    setInt8(view, row + AT.instruction_index!, transaction.variant * 2 + (transaction.refused && trade === 0 ? 1 : 0));
    view.setInt32(row + AT.kafka_partition!, partition);
    setInt8(view, row + AT.kafka_offset!, offset);
  }
}

const COPY_HEADER_BYTES = 19;

/** The rows of a COPY stream as the sink sends it. */
export function decodeCopy(chunks: readonly Uint8Array[]): ModelRow[] {
  const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  return decodeRows([bytes.subarray(COPY_HEADER_BYTES)]);
}

/** Encoded rows; what is too short for one at the end of a chunk is none. */
export function decodeRows(chunks: readonly Uint8Array[]): ModelRow[] {
  const rows: ModelRow[] = [];
  for (const bytes of chunks) {
    for (let at = 0; at + ROW_BYTES <= bytes.byteLength; at += ROW_BYTES) rows.push(decodeRow(bytes, at));
  }
  return rows;
}

function decodeRow(bytes: Uint8Array, at: number): ModelRow {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, ROW_BYTES);
  const mark = getInt8(view, AT.instruction_index!);
  return {
    slot: getInt8(view, AT.block_slot!),
    txIndex: view.getInt32(AT.tx_index!),
    tradeIndex: view.getInt32(AT.trade_index!),
    variant: mark >> 1,
    refused: (mark & 1) === 1,
    partition: view.getInt32(AT.kafka_partition!),
    offset: getInt8(view, AT.kafka_offset!),
  };
}

function setInt8(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 2 ** 32));
  view.setUint32(at + 4, value >>> 0);
}

function getInt8(view: DataView, at: number): number {
  return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
}
