/** Repeats come within some ten offsets: a few hundred transactions, with those of other partitions between. */
const PLACES_BITS = 12;
const PLACE = { slotLow: 0, slotHigh: 1, txIndex: 2, run: 3, fingerprint: 4, offsetLow: 5, offsetHigh: 6 };
/** Half a cache line. */
const PLACE_STRIDE = 8;
const TWO_POW_32 = 2 ** 32;

/**
 * The transactions a worker has written rows of lately, each in the place its key falls on. Two thirds of the stream
 * are repeats: what is known here need not be written again.
 *
 * A repeat may be left out because results of one run leave in offset order: the rows of the earlier delivery, in the
 * same run at a lower offset, land before it or the run ends. It counts only while it says the same, so that one that
 * differs is still written and noticed.
 */
export class Repeats {
  readonly #places = new Int32Array(PLACE_STRIDE << PLACES_BITS);
  #run = 0;

  /** Deliveries from here on belong to this run of reading, 0 to none. */
  begin(run: number): void {
    this.#run = run;
  }

  /** Forgets all there is. */
  clear(): void {
    this.#places.fill(0);
  }

  /** Whether rows of this transaction, with this fingerprint, have been written at a lower offset of the run. */
  has(slot: number, txIndex: number, fingerprint: number, offset: number): boolean {
    if (this.#run === 0) return false;
    const places = this.#places;
    const place = placeOf(slot, txIndex);
    return (
      places[place + PLACE.run] === this.#run &&
      places[place + PLACE.txIndex] === txIndex &&
      places[place + PLACE.fingerprint] === (fingerprint | 0) &&
      places[place + PLACE.slotLow] === (slot | 0) &&
      places[place + PLACE.slotHigh] === Math.floor(slot / TWO_POW_32) &&
      (places[place + PLACE.offsetHigh]! >>> 0) * TWO_POW_32 + (places[place + PLACE.offsetLow]! >>> 0) <= offset
    );
  }

  /** Its rows have been written. */
  add(slot: number, txIndex: number, fingerprint: number, offset: number): void {
    const places = this.#places;
    const place = placeOf(slot, txIndex);
    places[place + PLACE.slotLow] = slot | 0;
    places[place + PLACE.slotHigh] = Math.floor(slot / TWO_POW_32);
    places[place + PLACE.txIndex] = txIndex;
    places[place + PLACE.run] = this.#run;
    places[place + PLACE.fingerprint] = fingerprint;
    places[place + PLACE.offsetLow] = offset | 0;
    places[place + PLACE.offsetHigh] = Math.floor(offset / TWO_POW_32);
  }
}

function placeOf(slot: number, txIndex: number): number {
  const hash = Math.imul(Math.imul(slot | 0, 0x85eb_ca6b) ^ txIndex, 0x9e37_79b1);
  return (hash >>> (32 - PLACES_BITS)) * PLACE_STRIDE;
}
