import { invariant } from '../errors.js';

interface Entry<T> {
  readonly from: number;
  readonly to: number;
  readonly value: T;
}

/**
 * Puts one partition's results back into offset order: they come in any order, and leave as an unbroken run of stretches
 * [from, to), each beginning where the one before ended. A stretch without rows is a stretch like any other.
 */
export class Reassembler<T> {
  #position: number;
  #waiting = new Map<number, Entry<T>>();

  constructor(position: number) {
    this.#position = position;
  }

  /** Everything below this offset has left. */
  get position(): number {
    return this.#position;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  add(from: number, to: number, value: T): void {
    invariant(to > from, `a stretch must hold at least one offset (${from} to ${to})`);
    invariant(from >= this.#position, `offsets ${from} to ${to} came back after ${this.#position} had left`);
    invariant(!this.#waiting.has(from), `the stretch that starts at offset ${from} came back twice`);
    this.#waiting.set(from, { from, to, value });
  }

  /** The stretches that are next in order, taken out. */
  drain(): Entry<T>[] {
    const ready: Entry<T>[] = [];
    for (;;) {
      const next = this.#waiting.get(this.#position);
      if (next === undefined) return ready;
      this.#waiting.delete(this.#position);
      this.#position = next.to;
      ready.push(next);
    }
  }

  /** Starts over at `position`; returns what was waiting. */
  restart(position: number): T[] {
    const dropped = [...this.#waiting.values()].map((entry) => entry.value);
    this.#waiting.clear();
    this.#position = position;
    return dropped;
  }
}
