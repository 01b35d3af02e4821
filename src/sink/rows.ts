import { invariant } from '../errors.js';
import { TRADES } from '../tables.js';

/** Where one encoded row lies: `chunks[chunk]`, bytes [start, end). */
export interface RowPlace {
  readonly chunk: number;
  readonly start: number;
  readonly end: number;
}

const COLUMNS: readonly string[] = TRADES.columns.map(([name]) => name);
const PARTITION_COLUMN = COLUMNS.indexOf('kafka_partition');
const OFFSET_COLUMN = COLUMNS.indexOf('kafka_offset');
invariant(COLUMNS[0] === 'block_slot', 'The slot is read as the first field of an encoded row.');

/** End of the COPY binary row that begins at `start`: int16 columns, then per field int32 length (-1 NULL) and bytes. */
export function rowEnd(view: DataView, start: number): number {
  const columns = view.getInt16(start);
  let at = start + 2;
  for (let i = 0; i < columns; i++) at += 4 + Math.max(0, view.getInt32(at));
  return at;
}

/** Rows of all chunks, in order. */
export function* rowPlaces(chunks: readonly Uint8Array[]): Generator<RowPlace> {
  for (const [chunk, bytes] of chunks.entries()) {
    const view = viewOf(bytes);
    for (let start = 0; start < bytes.length; ) {
      const end = rowEnd(view, start);
      invariant(end <= bytes.length, 'An encoded row reaches beyond its chunk.');
      yield { chunk, start, end };
      start = end;
    }
  }
}

/** Slot of the row that begins at `start`. */
export function rowSlot(bytes: Uint8Array, start: number): number {
  // Field count and length of the first field come before it.
  return Number(viewOf(bytes).getBigInt64(start + 6));
}

/** Message a row came from. */
export function rowSource(row: Uint8Array): { partition: number; offset: number } {
  const view = viewOf(row);
  let at = 2;
  let partition = -1;
  let offset = -1;
  for (let i = 0; i <= OFFSET_COLUMN; i++) {
    if (i === PARTITION_COLUMN) partition = view.getInt32(at + 4);
    if (i === OFFSET_COLUMN) offset = Number(view.getBigInt64(at + 4));
    at += 4 + Math.max(0, view.getInt32(at));
  }
  return { partition, offset };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
