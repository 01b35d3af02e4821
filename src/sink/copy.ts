import { TRADES } from '../tables.js';
import type { RowPlace } from './rows.js';

/** Signature, flags, length of the header extension. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = Buffer.from([0xff, 0xff]);

/** Smaller pieces are joined: each costs a message and two writes. */
const SMALL_BYTES = 65_536;
const JOINED_BYTES = 1_048_576;

export const TRADES_COLUMNS = TRADES.columns.map(([name]) => name).join(', ');

export function copyStatement(table: string): string {
  return `COPY ${table} (${TRADES_COLUMNS}) FROM STDIN (FORMAT binary)`;
}

/** Encoded rows as one COPY stream in few pieces; large ones are not copied. */
export function copyStream(rows: Iterable<Uint8Array>): Uint8Array[] {
  const out: Uint8Array[] = [];
  let small: Uint8Array[] = [HEADER];
  let smallBytes = HEADER.length;
  const join = (): void => {
    if (small.length > 0) out.push(small.length === 1 ? (small[0] as Uint8Array) : Buffer.concat(small, smallBytes));
    small = [];
    smallBytes = 0;
  };
  for (const piece of rows) {
    if (piece.length < SMALL_BYTES) {
      small.push(piece);
      smallBytes += piece.length;
      if (smallBytes >= JOINED_BYTES) join();
    } else {
      join();
      out.push(piece);
    }
  }
  small.push(TRAILER);
  smallBytes += TRAILER.length;
  join();
  return out;
}

/** The chunks without the rows left out. `excluded` is in order. */
export function* chunksWithout(chunks: readonly Uint8Array[], excluded: readonly RowPlace[]): Generator<Uint8Array> {
  let next = 0;
  for (const [index, chunk] of chunks.entries()) {
    let start = 0;
    for (; next < excluded.length && excluded[next]?.chunk === index; next++) {
      const row = excluded[next] as RowPlace;
      if (row.start > start) yield chunk.subarray(start, row.start);
      start = row.end;
    }
    if (start === 0 && chunk.length > 0) yield chunk;
    else if (start < chunk.length) yield chunk.subarray(start);
  }
}
