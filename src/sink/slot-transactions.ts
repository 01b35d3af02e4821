/** Places at first: transactions with trades of an ordinary slot, on one partition, with room to spare. */
const PLACES_FIRST = 128;
const PLACE_STRIDE = 2; // tx index, value
const VACANT = -1;

/**
 * A number by tx index for the transactions of one slot: an open-addressing table in one typed array, so that hundreds of
 * thousands of them are nothing to the garbage collector.
 */
export class SlotTransactions {
  #places = new Float64Array(PLACES_FIRST * PLACE_STRIDE).fill(VACANT);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The transaction's value; where it has none it is given `value`, and the answer is NaN. */
  getOrAdd(txIndex: number, value: number): number {
    const place = placeOf(this.#places, txIndex);
    if (this.#places[place] === txIndex) return this.#places[place + 1]!;
    this.#places[place] = txIndex;
    this.#places[place + 1] = value;
    this.#count += 1;
    if (this.#count * PLACE_STRIDE * 2 > this.#places.length) this.#grow();
    return Number.NaN;
  }

  #grow(): void {
    const old = this.#places;
    const places = new Float64Array(old.length * 2).fill(VACANT);
    for (let at = 0; at < old.length; at += PLACE_STRIDE) {
      if (old[at] === VACANT) continue;
      const place = placeOf(places, old[at]!);
      places[place] = old[at]!;
      places[place + 1] = old[at + 1]!;
    }
    this.#places = places;
  }
}

/** Where the transaction is, or the vacant place where it belongs. Half of the places are vacant at least. */
function placeOf(places: Float64Array, txIndex: number): number {
  const mask = places.length - 1;
  let place = (Math.imul(txIndex, 0x9e37_79b1) >>> 3) & mask & ~1;
  while (places[place] !== VACANT && places[place] !== txIndex) place = (place + PLACE_STRIDE) & mask;
  return place;
}
