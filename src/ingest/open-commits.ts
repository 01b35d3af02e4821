import { setTimeout as delay } from 'node:timers/promises';

const WAIT_MS = 2_000;
const POLL_MS = 2;

/** Commits that Kafka was sent and has not answered. */
export class OpenCommits {
  #open = 0;

  get open(): number {
    return this.#open;
  }

  sent(): void {
    this.#open += 1;
  }

  answered(): void {
    this.#open = Math.max(0, this.#open - 1);
  }

  /** Waits for the answers, but not for long: progress does not depend on them. */
  async allAnswered(): Promise<void> {
    const deadline = performance.now() + WAIT_MS;
    while (this.#open > 0 && performance.now() < deadline) await delay(POLL_MS);
  }
}
