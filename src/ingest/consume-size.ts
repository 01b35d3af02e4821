/** A consume call asks for about this much. */
const CONSUME_BYTES = 4_194_304;
const CONSUME_MESSAGES_MAX = 64;
const MESSAGE_BYTES_AT_FIRST = 1_048_576;

/** How many messages a consume call asks for, by what the ones before weighed: it can only be asked for a number. */
export class ConsumeSize {
  #messageBytes = MESSAGE_BYTES_AT_FIRST;

  /** `freeBytes` is what may be received before the memory budget is spent. One message may always pass. */
  next(freeBytes: number): number {
    const count = Math.floor(Math.min(CONSUME_BYTES, freeBytes) / this.#messageBytes);
    return Math.max(1, Math.min(CONSUME_MESSAGES_MAX, count));
  }

  received(messages: readonly { readonly size: number }[]): void {
    if (messages.length === 0) return;
    const mean = messages.reduce((sum, message) => sum + message.size, 0) / messages.length;
    // Up at once and down slowly: a call that asks for too many large messages overshoots the budget.
    this.#messageBytes = Math.max(mean, this.#messageBytes + (mean - this.#messageBytes) / 8, 1);
  }
}
