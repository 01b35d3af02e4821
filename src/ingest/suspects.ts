interface Suspect {
  readonly from: number;
  readonly to: number;
  readonly failures: number;
}

/**
 * The offset ranges of one partition whose slab took a worker down.
 *
 * A suspect range is tried whole until it failed `attempts` times, then as two halves, and so on down to the one message
 * that is poisonous. A slab never crosses the edge of a suspect range, so an innocent neighbour is never condemned.
 */
export class Suspects {
  readonly #attempts: number;
  #ranges: Suspect[] = [];

  constructor(attempts: number) {
    this.#attempts = attempts;
  }

  /** No range is under suspicion. */
  get none(): boolean {
    return this.#ranges.length === 0;
  }

  /** Whether the slab's failure would condemn it: its bytes must be kept by then. */
  lastChance(from: number, to: number, messages: number): boolean {
    return messages === 1 && this.#failuresOf(from, to) + 1 >= this.#attempts;
  }

  /** A slab [from, to) took its worker down. `poison`: it is one message, and has failed often enough. */
  failed(from: number, to: number, messages: number): 'retry' | 'poison' {
    const failures = this.#failuresOf(from, to) + 1;
    this.#ranges = this.#ranges.filter((range) => range.to <= from || range.from >= to);
    if (failures < this.#attempts) {
      this.#ranges.push({ from, to, failures });
    } else if (messages === 1) {
      return 'poison';
    } else {
      const middle = from + Math.ceil((to - from) / 2);
      const halfFailures = this.#attempts - 1;
      this.#ranges.push({ from, to: middle, failures: halfFailures }, { from: middle, to, failures: halfFailures });
    }
    return 'retry';
  }

  /** Everything below `position` came through. */
  passed(position: number): void {
    if (this.#ranges.length > 0) this.#ranges = this.#ranges.filter((range) => range.to > position);
  }

  /** The first offset after `position` that a slab starting there must not cross. */
  edgeAfter(position: number): number {
    let edge = Number.POSITIVE_INFINITY;
    for (const { from, to } of this.#ranges) {
      if (from > position) edge = Math.min(edge, from);
      else if (to > position) edge = Math.min(edge, to);
    }
    return edge;
  }

  /** A part of a range that failed inherits its count. */
  #failuresOf(from: number, to: number): number {
    let failures = 0;
    for (const range of this.#ranges) {
      if (range.from <= from && range.to >= to) failures = Math.max(failures, range.failures);
    }
    return failures;
  }
}
