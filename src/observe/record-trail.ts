/** What is remembered of some of the records that came: all others lie between two of these. */
interface Mark {
  readonly offset: number;
  /** Kafka timestamp, -1 where there is none. */
  readonly timestampMs: number;
  readonly receivedMs: number;
}

/** Where the time between a record's Kafka timestamp and its COMMIT went, ms. */
export interface Passage {
  /** Until it reached us: in the producer, at the broker, in the client's queue. */
  readonly kafka: number;
  /** Until it was decoded. */
  readonly workers: number;
  /** Until its batch began to be written: behind earlier records, and for others to join it. */
  readonly reassembler: number;
  readonly postgres: number;
}

/** Two records that came in one go and are no further apart than this need no mark each. */
const APART_MS = 100;
/** Only a partition that receives for minutes and lands nothing gets there; then every second mark goes. */
const MARKS_MAX = 10_000;

/**
 * When the records of one partition came and how old they were then, from receipt until they land. It answers what the
 * record at a position is like that has been read and not landed, and where a record's time went. Times are ms since the
 * epoch and arguments.
 */
export class RecordTrail {
  #marks: Mark[] = [];
  #end = -1;
  /** Of everything received so far, the last timestamp. */
  #newestMs = -1;
  readonly #decoded = new Map<number, number>();

  /** Records come in offset order; one that lies before another begins reading anew from there. */
  received(offset: number, timestampMs: number, nowMs: number): void {
    if (offset < this.#end) this.#forgetFrom(offset);
    this.#end = offset + 1;
    if (timestampMs >= 0) this.#newestMs = timestampMs;
    const last = this.#marks.at(-1);
    const near = last !== undefined && last.receivedMs === nowMs && Math.abs(timestampMs - last.timestampMs) < APART_MS;
    if (near) return;
    this.#marks.push({ offset, timestampMs, receivedMs: nowMs });
    if (this.#marks.length > MARKS_MAX) this.#marks = this.#marks.filter((_, place) => place % 2 === 0);
  }

  /** A slab that begins at `from` is decoded. Answers how long it waited for that to begin, ms; null where it is unknown. */
  decoded(from: number, decodeMs: number, nowMs: number): number | null {
    this.#decoded.set(from, nowMs);
    const mark = this.#markAt(from);
    return mark === undefined ? null : Math.max(0, nowMs - decodeMs - mark.receivedMs);
  }

  /**
   * Offsets [from, to) are committed; `writeMs` is what that took, `oldestTimestampMs` the Kafka timestamp of their oldest
   * record. Null where their way is not known.
   */
  landed(from: number, to: number, oldestTimestampMs: number, writeMs: number, nowMs: number): Passage | null {
    const receivedMs = this.#markAt(from)?.receivedMs;
    const decodedMs = this.#decoded.get(from);
    this.#drop(to);
    if (receivedMs === undefined || decodedMs === undefined || oldestTimestampMs < 0) return null;
    return {
      kafka: Math.max(0, receivedMs - oldestTimestampMs),
      workers: Math.max(0, decodedMs - receivedMs),
      reassembler: Math.max(0, nowMs - writeMs - decodedMs),
      postgres: writeMs,
    };
  }

  /** Kafka timestamp of the record at a position that was read, as exact as APART_MS; null where it was not read. */
  timestampAt(offset: number): number | null {
    if (offset >= this.#end) return null;
    const found = this.#markAt(offset)?.timestampMs ?? -1;
    return found < 0 ? null : found;
  }

  /** Timestamp of the last record that came, which none behind it should be older than; null while none came. */
  get newestMs(): number | null {
    return this.#newestMs < 0 ? null : this.#newestMs;
  }

  /** Another owner may have moved the position since the last record came. */
  forgetNewest(): void {
    this.#newestMs = -1;
  }

  /** The last mark at or before an offset. */
  #markAt(offset: number): Mark | undefined {
    return this.#marks[this.#countUpTo(offset) - 1];
  }

  /** How many marks lie at or before an offset. */
  #countUpTo(offset: number): number {
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#marks[middle]!.offset <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Keeps the mark that speaks of the record at `position`. */
  #drop(position: number): void {
    const before = this.#countUpTo(position) - 1;
    if (before > 0) this.#marks.splice(0, before);
    for (const from of this.#decoded.keys()) if (from < position) this.#decoded.delete(from);
  }

  #forgetFrom(offset: number): void {
    this.#marks.length = this.#countUpTo(offset - 1);
    for (const from of this.#decoded.keys()) if (from >= offset) this.#decoded.delete(from);
  }
}
