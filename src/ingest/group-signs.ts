/** Reports in a row that make sure; they come every few seconds. */
const REPORTS = 2;

/**
 * Whether we are a member of the group. The client tells of it by an assignment, perhaps an empty one; under KIP-848 it tells
 * nothing to a member that is given no partition, so there its statistics are gone by.
 */
export class GroupSigns {
  #answered = false;
  #waiting = 0;

  get member(): boolean {
    return this.#answered || this.#waiting >= REPORTS;
  }

  /** Joins, perhaps anew: what was known is of the time before. */
  joining(): void {
    this.#answered = false;
    this.#waiting = 0;
  }

  /** The group has answered with an assignment. */
  assigned(): void {
    this.#answered = true;
  }

  /** `waits`: the group's coordinator is there, and the client has sent all it has to and waits for an assignment. */
  apply({ waits }: { readonly waits: boolean }): void {
    this.#waiting = waits ? this.#waiting + 1 : 0;
  }
}
