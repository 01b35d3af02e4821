/** Consecutive units, messages or rows, of which so many are to become dead letters: none, all, or any in no known order. */
export interface Stretch {
  readonly units: number;
  readonly letters: number;
}

export interface FloodLimits {
  /** Share of the window, in percent, that may be dead letters. */
  readonly percentMax: number;
  /** Units that the share is taken over. */
  readonly window: number;
  /** Dead letters one after the other that are too many. */
  readonly inARow: number;
}

/** Which limit was passed, and by what. */
export type Flood =
  | { readonly limit: 'row'; readonly letters: number }
  | { readonly limit: 'share'; readonly letters: number; readonly units: number };

/** What is to land: its messages and its rows. */
export interface Tally {
  readonly messages: readonly Stretch[];
  readonly rows: readonly Stretch[];
}

/** How many of the last units became dead letters, and how many of them one after the other. */
class LetterRate {
  readonly #limits: FloodLimits;
  /** Oldest first; stretches of one kind are one. */
  #window: Stretch[] = [];
  #units = 0;
  #letters = 0;
  #inARow = 0;

  constructor(limits: FloodLimits) {
    this.#limits = limits;
  }

  /** The first limit that these would pass, null where they pass none. Nothing is recorded. */
  floodOf(stretches: readonly Stretch[]): Flood | null {
    if (!stretches.some(({ letters }) => letters > 0)) return null;
    const after = new LetterRate(this.#limits);
    after.#window = [...this.#window];
    after.#units = this.#units;
    after.#letters = this.#letters;
    after.#inARow = this.#inARow;
    for (const stretch of stretches) {
      after.#add(stretch);
      const flood = stretch.letters > 0 ? after.#flood() : null;
      if (flood !== null) return flood;
    }
    return null;
  }

  record(stretches: readonly Stretch[]): void {
    for (const stretch of stretches) this.#add(stretch);
  }

  #flood(): Flood | null {
    const { percentMax, window, inARow } = this.#limits;
    if (this.#inARow >= inARow) return { limit: 'row', letters: this.#inARow };
    const units = Math.max(window, this.#units);
    return this.#letters * 100 > percentMax * units ? { limit: 'share', letters: this.#letters, units } : null;
  }

  #add({ units, letters }: Stretch): void {
    if (units === 0) return;
    this.#inARow = letters === units ? this.#inARow + units : 0;
    this.#units += units;
    this.#letters += letters;
    const last = this.#window.at(-1);
    if (last !== undefined && isEven(last) && isEven({ units, letters }) && last.letters > 0 === letters > 0) {
      this.#window[this.#window.length - 1] = { units: last.units + units, letters: last.letters + letters };
    } else {
      this.#window.push({ units, letters });
    }
    this.#forget();
  }

  /** Of a stretch that is of one kind a part can leave the window; of another nobody knows which. */
  #forget(): void {
    for (let oldest = this.#window[0]; oldest !== undefined; oldest = this.#window[0]) {
      const surplus = this.#units - this.#limits.window;
      const units = isEven(oldest) ? Math.min(oldest.units, surplus) : oldest.units;
      if (surplus <= 0 || units > surplus) return;
      const letters = oldest.letters === 0 ? 0 : units === oldest.units ? oldest.letters : units;
      if (units === oldest.units) this.#window.shift();
      else this.#window[0] = { units: oldest.units - units, letters: oldest.letters - letters };
      this.#units -= units;
      this.#letters -= letters;
    }
  }
}

/** None of it or all of it became dead letters. */
function isEven({ units, letters }: Stretch): boolean {
  return letters === 0 || letters === units;
}

/**
 * Tells a bad message or row now and then from a fault of ours: a decoder that fails on the stream, or a table that
 * refuses rows as such. Then putting the stream into the dead letters would only hide it.
 *
 * A message counts as a dead letter whether it could not be decoded or the database refused a row of it. Rows are counted
 * for themselves as well: most messages hold none, and a table that refuses all rows is to be noticed at the first ones.
 */
export class LetterFlood {
  readonly #messages: LetterRate;
  readonly #rows: LetterRate;

  constructor(limits: FloodLimits) {
    this.#messages = new LetterRate(limits);
    this.#rows = new LetterRate(limits);
  }

  /** Whether what is to land is too much of it, and why. Nothing is recorded. */
  check({ messages, rows }: Tally): (Flood & { readonly of: keyof Tally }) | null {
    const ofRows = this.#rows.floodOf(rows);
    if (ofRows !== null) return { ...ofRows, of: 'rows' };
    const ofMessages = this.#messages.floodOf(messages);
    return ofMessages === null ? null : { ...ofMessages, of: 'messages' };
  }

  /** To be called with everything that landed. */
  record({ messages, rows }: Tally): void {
    this.#messages.record(messages);
    this.#rows.record(rows);
  }
}
