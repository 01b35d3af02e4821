import type { Source } from './ingest/source.js';

/** Who may want fetching to wait: the flow, whose memory is spent, and the database's circuit breaker, which is open. */
type HoldReason = 'flow' | 'breaker';

/** Holds the source while anybody wants it held. */
export class FetchGate {
  readonly #source: Pick<Source, 'hold' | 'release'>;
  readonly #reasons = new Set<HoldReason>();

  constructor(source: Pick<Source, 'hold' | 'release'>) {
    this.#source = source;
  }

  set(reason: HoldReason, hold: boolean): void {
    const before = this.#reasons.size > 0;
    if (hold) this.#reasons.add(reason);
    else this.#reasons.delete(reason);
    const after = this.#reasons.size > 0;
    if (after === before) return;
    if (after) this.#source.hold();
    else this.#source.release();
  }
}
