/** Slots further apart are looked at on their own: one nonsensical slot must not make a range of all history. */
const APART = 512;
/** More are forgotten, oldest first; the look over recent slots at the next start finds them. */
const SLOTS_MAX = 100_000;

export interface SlotRange {
  readonly from: number;
  readonly to: number;
}

/** Slots whose headers landed and whose chain is to be looked at. */
export class SlotRanges {
  readonly #slots = new Set<number>();

  add(slots: Iterable<number>): void {
    for (const slot of slots) {
      if (Number.isSafeInteger(slot) && slot >= 0) this.#slots.add(slot);
    }
    for (const slot of this.#slots) {
      if (this.#slots.size <= SLOTS_MAX) break;
      this.#slots.delete(slot);
    }
  }

  /** Gives ranges back that could not be looked at. */
  restore(ranges: readonly SlotRange[]): void {
    for (const { from, to } of ranges) {
      for (let slot = from; slot < to; slot += APART) this.#slots.add(slot);
      this.#slots.add(to);
    }
  }

  /** Everything added since the last call, as few ranges as distance allows, lowest first. */
  take(): SlotRange[] {
    const slots = [...this.#slots].sort((a, b) => a - b);
    this.#slots.clear();
    const ranges: { from: number; to: number }[] = [];
    for (const slot of slots) {
      const last = ranges.at(-1);
      if (last !== undefined && slot - last.to <= APART) last.to = slot;
      else ranges.push({ from: slot, to: slot });
    }
    return ranges;
  }
}

/** Samples of where the stream is. */
const SAMPLES = 101;

/**
 * The slot the stream is at: the median of recent samples, which a nonsensical slot does not move. Making partitions
 * ahead and, above all, dropping old ones hang on it.
 */
export class StreamSlot {
  #samples: number[] = [];

  sample(slot: number): void {
    this.#samples.push(slot);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  /** Null until there are `least` samples. */
  median(least: number): number | null {
    if (this.#samples.length < Math.max(1, least)) return null;
    const sorted = [...this.#samples].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }
}
