import type { SolVolume } from '../workers/messages.js';

/** Sums are kept in slices of at least this many trades ... */
const SLICE_TRADES = 100;
/** ... and this many slices are kept: about the last 2,000 SOL/stablecoin trades, well under a minute of the stream. */
const SLICES = 20;
/** A slice is forgotten after this many slabs even where nothing replaces it, so that a wrong price cannot stay for good. */
const SLABS_MAX = 5_000;

/**
 * Volume of the SOL/stablecoin trades seen last. The window is counted in trades, not in time, so that it means the same
 * during a catch-up at many times real time as at the head of the stream.
 */
export class SolReference {
  #slices: { sol: number; usd: number; trades: number; sinceSlab: number }[] = [];
  #slabs = 0;

  /** To be called with every slab's volume, an empty one too. */
  add(volume: SolVolume): void {
    this.#slabs += 1;
    while (this.#slices[0] !== undefined && this.#slices[0].sinceSlab < this.#slabs - SLABS_MAX) this.#slices.shift();
    if (volume.trades === 0) return;
    let slice = this.#slices.at(-1);
    if (slice === undefined || slice.trades >= SLICE_TRADES) {
      slice = { sol: 0, usd: 0, trades: 0, sinceSlab: this.#slabs };
      this.#slices.push(slice);
      if (this.#slices.length > SLICES) this.#slices.shift();
    }
    slice.sol += volume.sol;
    slice.usd += volume.usd;
    slice.trades += volume.trades;
  }

  volume(): SolVolume {
    const total = { sol: 0, usd: 0, trades: 0 };
    for (const slice of this.#slices) {
      total.sol += slice.sol;
      total.usd += slice.usd;
      total.trades += slice.trades;
    }
    return total;
  }
}
