import { invariant } from '../errors.js';

/** Fetching goes on again once this share of the budget is in use. */
const RESUME_RATIO = 0.7;

/**
 * Bytes in flight against one limit: received, in workers, encoded, being written.
 *
 * `held` turns true when the limit is reached and false again at 70 % of it. A single message over the limit may pass
 * alone: reserving never fails, it only holds what comes after.
 */
export class ByteBudget {
  readonly limit: number;
  #used = 0;
  #held = false;

  constructor(limitBytes: number) {
    this.limit = limitBytes;
  }

  get used(): number {
    return this.#used;
  }

  get free(): number {
    return Math.max(0, this.limit - this.#used);
  }

  get held(): boolean {
    return this.#held;
  }

  reserve(bytes: number): void {
    this.#used += bytes;
    if (this.#used >= this.limit) this.#held = true;
  }

  release(bytes: number): void {
    this.#used -= bytes;
    invariant(this.#used >= 0, `more bytes were released than reserved (${this.#used} left in the budget)`);
    if (this.#used <= this.limit * RESUME_RATIO) this.#held = false;
  }
}
