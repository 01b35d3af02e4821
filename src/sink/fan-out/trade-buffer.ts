import type { RowPlace } from '../rows.js';

/** Rows of one part that wait. */
interface Waiting {
  readonly chunks: readonly Buffer[];
  /** Of which rows; null: of all. */
  readonly places: readonly RowPlace[] | null;
  readonly heldBytes: number;
  /** Rows not taken yet. */
  rows: number;
  /** The next one: its place in `places`, or its chunk and where it begins there. */
  place: number;
  chunk: number;
  start: number;
}

/** Reads the row that begins at `start`, and answers where it ends. */
export type RowReader = (chunk: Buffer, start: number) => number;

/**
 * Landed rows that wait to be published, first in first out, below a limit of bytes. A part that does not fit drives out the oldest:
 * who follows a stream live wants the newest. Counted is what is kept alive, the whole buffers that the rows lie in. Pure.
 */
export class TradeBuffer {
  readonly #maxBytes: number;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #rows = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Takes the rows of a part, of these places where given; answers how many rows were dropped for it. */
  push(chunks: readonly Uint8Array[], rows: number, places?: readonly RowPlace[]): number {
    if (rows === 0) return 0;
    const heldBytes = bytesKeptAlive(chunks);
    let dropped = 0;
    while (this.#waiting.length > 0 && this.#bytes + heldBytes > this.#maxBytes) dropped += this.dropOldest();
    if (heldBytes > this.#maxBytes) return dropped + rows;
    this.#waiting.push({
      chunks: chunks.map((chunk) => Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)),
      places: places ?? null,
      heldBytes,
      rows,
      place: 0,
      chunk: 0,
      start: 0,
    });
    this.#bytes += heldBytes;
    this.#rows += rows;
    return dropped;
  }

  /** Hands the oldest rows, at most `maxRows`, to the reader and lets go of them; answers how many. */
  take(maxRows: number, read: RowReader): number {
    let taken = 0;
    while (taken < maxRows) {
      const oldest = this.#waiting[0];
      if (oldest === undefined) break;
      readNext(oldest, read);
      taken += 1;
      this.#rows -= 1;
      if (oldest.rows === 0) this.dropOldest();
    }
    return taken;
  }

  /** Lets go of the oldest part; answers how many of its rows had not been taken. */
  dropOldest(): number {
    const oldest = this.#waiting.shift();
    if (oldest === undefined) return 0;
    this.#bytes -= oldest.heldBytes;
    this.#rows -= oldest.rows;
    return oldest.rows;
  }

  /** Lets go of everything; answers how many rows that were. */
  clear(): number {
    const rows = this.#rows;
    this.#waiting = [];
    this.#bytes = 0;
    this.#rows = 0;
    return rows;
  }
}

function readNext(waiting: Waiting, read: RowReader): void {
  const place = waiting.places?.[waiting.place];
  if (place !== undefined) {
    read(waiting.chunks[place.chunk]!, place.start);
    waiting.place += 1;
  } else {
    while (waiting.start >= waiting.chunks[waiting.chunk]!.length) {
      waiting.chunk += 1;
      waiting.start = 0;
    }
    waiting.start = read(waiting.chunks[waiting.chunk]!, waiting.start);
  }
  waiting.rows -= 1;
}

function bytesKeptAlive(chunks: readonly Uint8Array[]): number {
  const buffers = new Set(chunks.map(({ buffer }) => buffer));
  let bytes = 0;
  for (const buffer of buffers) bytes += buffer.byteLength;
  return bytes;
}
