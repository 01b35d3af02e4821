/** Parts of a message that no row could be made of, by a bounded set of classes. */
export type FaultClass = 'no_slot' | 'slot_out_of_range' | 'tx_index_out_of_range' | 'address_too_long';

/** Parts named in a text before it only counts the rest. */
const NAMED_MAX = 8;

/** Gathers what is wrong with one message, so that it makes one dead letter whatever the number of its bad parts. */
export class MessageFault {
  #errorClass: FaultClass | null = null;
  readonly #named: string[] = [];
  #parts = 0;

  get isEmpty(): boolean {
    return this.#parts === 0;
  }

  /** Class of the first bad part. */
  get errorClass(): FaultClass {
    if (this.#errorClass === null) throw new Error('a message without fault has no class');
    return this.#errorClass;
  }

  get text(): string {
    const rest = this.#parts - this.#named.length;
    return this.#named.join('; ') + (rest > 0 ? `; and ${rest} more` : '');
  }

  add(errorClass: FaultClass, part: string, what: string): void {
    this.#errorClass ??= errorClass;
    this.#parts += 1;
    if (this.#named.length < NAMED_MAX) this.#named.push(`${part}: ${what}`);
  }
}
