/** Weight of the newest batch in the running share of batches with duplicates. */
const WEIGHT = 1 / 100;
const STAGING_ABOVE = 0.01;

/**
 * Whether the next batch is to go through staging at once: so it is while more than about 1 % of recent batches held
 * rows that were there already, for each of which a direct COPY is made in vain.
 */
export class ConflictRate {
  #share = 0;

  record(hadDuplicates: boolean): void {
    this.#share += WEIGHT * ((hadDuplicates ? 1 : 0) - this.#share);
  }

  get stagingFirst(): boolean {
    return this.#share > STAGING_ABOVE;
  }
}
