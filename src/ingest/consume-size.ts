/** A consume call asks for about this much. */
const CONSUME_BYTES = 4_194_304;
const CONSUME_MESSAGES_MAX = 64;
const MESSAGE_BYTES_AT_FIRST = 1_048_576;

/** How many messages a consume call asks for, by what the ones before weighed: it can only be asked for a number. */
export class ConsumeSize {
  #meanBytes = MESSAGE_BYTES_AT_FIRST;
  #largestBytes = MESSAGE_BYTES_AT_FIRST;

  /**
   * `freeBytes` is what may be received before the memory budget is spent: as if every message were as large as the
   * largest of late. One message may always pass.
   */
  next(freeBytes: number): number {
    const count = Math.floor(Math.min(CONSUME_BYTES / this.#meanBytes, freeBytes / this.#largestBytes));
    return Math.max(1, Math.min(CONSUME_MESSAGES_MAX, count));
  }

  received(messages: readonly { readonly size: number }[]): void {
    if (messages.length === 0) return;
    const mean = messages.reduce((sum, message) => sum + message.size, 0) / messages.length;
    const largest = messages.reduce((most, message) => Math.max(most, message.size), 0);
    // Up at once and down slowly: a call that asks for too many large messages overshoots the budget.
    this.#meanBytes = Math.max(mean, this.#meanBytes + (mean - this.#meanBytes) / 8, 1);
    this.#largestBytes = Math.max(largest, this.#largestBytes + (largest - this.#largestBytes) / 64, 1);
  }
}
