/** Rows that the share of refused ones is taken over. */
const WINDOW_ROWS = 10_000;
const SHARE_MAX = 0.05;
/** Rows of batches that were refused whole, one after the other. */
const IN_A_ROW_MAX = 100;

interface Landed {
  readonly rows: number;
  readonly refused: number;
}

/**
 * Tells a bad row now and then from a table that refuses rows as such: then the fault is not the rows', and putting the
 * stream into the dead letters would only hide it.
 */
export class RefusalFlood {
  readonly #window: Landed[] = [];
  /** Of the window. */
  #rows = 0;
  #refused = 0;
  #inARow = 0;

  /** Whether a batch of which so many rows are refused is one too many. */
  with(rows: number, refused: number): boolean {
    if (refused === 0) return false;
    if (refused === rows && this.#inARow + refused >= IN_A_ROW_MAX) return true;
    return this.#refused + refused > SHARE_MAX * Math.max(WINDOW_ROWS, this.#rows + rows);
  }

  /** To be called with every batch that landed; `rows` with the refused ones. */
  record(rows: number, refused: number): void {
    if (rows === 0) return;
    this.#inARow = refused === rows ? this.#inARow + refused : 0;
    this.#window.push({ rows, refused });
    this.#rows += rows;
    this.#refused += refused;
    for (let oldest = this.#window[0]; oldest !== undefined; oldest = this.#window[0]) {
      if (this.#rows - oldest.rows < WINDOW_ROWS) return;
      this.#window.shift();
      this.#rows -= oldest.rows;
      this.#refused -= oldest.refused;
    }
  }
}
