import { invariant } from '../errors.js';
import { chunksWithout } from './copy.js';
import { type DeadLetter, deadLetterOf } from './dead-letters.js';
import type { PartDecision } from './offsets.js';
import { type RowPlace, rowPlaces } from './rows.js';
import type { Batch, BatchPart, PartOutcome } from './sink.js';

/** A row the database refuses, and what becomes of it instead. */
export interface RejectedRow {
  readonly place: RowPlace;
  readonly letter: DeadLetter;
}

export interface PartCounts {
  readonly rowsInserted: number;
  readonly rowsDuplicate: number;
  /** Which of the rows that were written are there now, counted from 0; absent where nobody asked. */
  readonly landedRows?: readonly number[];
}

/** One part on its way: what was decided of it so far. */
export class PartWork {
  readonly part: BatchPart;
  outcome: PartOutcome | null = null;
  /** What the attempt that reached COMMIT last wrote: the answer to a COMMIT whose acknowledgement was lost. */
  counts: PartCounts | null = null;
  /** In row order. */
  readonly rejected: RejectedRow[] = [];
  readonly #tellPlaces: boolean;

  constructor(part: BatchPart, tellPlaces = false) {
    this.part = part;
    this.#tellPlaces = tellPlaces;
  }

  get rows(): number {
    return this.part.tradeRows - this.rejected.length;
  }

  chunks(): Uint8Array[] {
    if (this.rejected.length === 0) return this.part.trades.filter(({ length }) => length > 0);
    return [
      ...chunksWithout(
        this.part.trades,
        this.rejected.map(({ place }) => place),
      ),
    ];
  }

  deadLetters(): DeadLetter[] {
    const { topic, partition, failures } = this.part;
    return [
      ...failures.map((failure) => deadLetterOf(topic, partition, failure)),
      ...this.rejected.map(({ letter }) => letter),
    ];
  }

  reject(row: RejectedRow): void {
    const { chunk, start } = row.place;
    const before = this.rejected.findLastIndex(
      ({ place }) => place.chunk < chunk || (place.chunk === chunk && place.start < start),
    );
    this.rejected.splice(before + 1, 0, row);
  }

  settle(decision: PartDecision): void {
    const { part } = this;
    if (decision.kind === 'fenced') this.outcome = { kind: 'fenced', part, epoch: decision.epoch };
    if (decision.kind === 'rewound') this.outcome = { kind: 'rewound', part, nextOffset: decision.nextOffset };
    if (decision.kind === 'landed') this.landed(this.counts ?? { rowsInserted: this.rows, rowsDuplicate: 0 });
  }

  landed(counts: PartCounts): void {
    const { rowsInserted, rowsDuplicate } = counts;
    const outcome = { kind: 'landed', part: this.part, rowsInserted, rowsDuplicate } as const;
    const tells = this.#tellPlaces && rowsInserted < this.part.tradeRows;
    this.outcome = tells ? { ...outcome, places: this.#landedPlaces(counts) } : outcome;
  }

  #landedPlaces({ landedRows }: PartCounts): RowPlace[] {
    const written = [...this.places()];
    return landedRows === undefined ? written : landedRows.map((row) => written[row]!);
  }

  /** Places of the rows that are not rejected. */
  *places(): Generator<RowPlace> {
    const rejected = new Set(this.rejected.map(({ place }) => `${place.chunk} ${place.start}`));
    for (const place of rowPlaces(this.part.trades)) {
      if (!rejected.has(`${place.chunk} ${place.start}`)) yield place;
    }
  }
}

/** A batch on its way through attempts. */
export class BatchWork {
  readonly parts: readonly PartWork[];
  /** Rows go through the staging table. */
  staging: boolean;
  /** Rows turned out to be there already. */
  hadDuplicates = false;

  constructor(batch: Batch, staging: boolean, tellPlaces = false) {
    this.parts = batch.parts.map((part) => new PartWork(part, tellPlaces));
    this.staging = staging;
  }

  /** Rows of the parts that are open, rejected ones included. */
  get rows(): number {
    return this.open().reduce((sum, { part }) => sum + part.tradeRows, 0);
  }

  get rejectedRows(): number {
    return this.open().reduce((sum, { rejected }) => sum + rejected.length, 0);
  }

  open(): PartWork[] {
    return this.parts.filter(({ outcome }) => outcome === null);
  }

  outcomes(): PartOutcome[] {
    return this.parts.map(({ outcome }) => {
      invariant(outcome !== null, 'A batch is answered when all its parts are decided.');
      return outcome;
    });
  }
}
