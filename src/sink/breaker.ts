export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failureThreshold: number;
  /** Successes in a row, while half open, that close it. */
  readonly successThreshold: number;
  /** How long it stays open, ms. */
  readonly openMs: number;
  /** Calls under way at a time while half open. */
  readonly halfOpenCalls: number;
}

export type BreakerState = 'closed' | 'half-open' | 'open';

/** Leave to make one call; handed back with its outcome. */
export interface Permit {
  readonly generation: number;
}

/** While half open and all calls are out, ask again after this long. */
const HALF_OPEN_WAIT_MS = 50;

/**
 * Keeps a struggling database from being asked in vain.
 *
 * Closed: every call may go; failures in a row open it. Open: none may go until `openMs` have passed, then it is half
 * open. Half open: a few at a time may go; one failure opens it again, successes in a row close it. The outcome of a
 * call permitted in an earlier state says nothing about the present one and is passed over.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #state: BreakerState = 'closed';
  #generation = 0;
  #openedAt: number | null = null;
  #openSince: number | null = null;
  #failures = 0;
  #successes = 0;
  #calls = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** When it left the closed state, ms; null while closed. */
  get openSince(): number | null {
    return this.#openSince;
  }

  /** Leave for a call, or how long to wait before asking again, ms. */
  acquire(nowMs: number): Permit | number {
    if (this.#state === 'open') {
      // A clock set back must not keep it open for as long as it was set back.
      const openedAt = Math.min(this.#openedAt ?? nowMs, nowMs);
      this.#openedAt = openedAt;
      const waitMs = openedAt + this.#options.openMs - nowMs;
      if (waitMs > 0) return waitMs;
      this.#enter('half-open', nowMs);
    }
    if (this.#state === 'half-open' && this.#calls >= this.#options.halfOpenCalls) return HALF_OPEN_WAIT_MS;
    this.#calls++;
    return { generation: this.#generation };
  }

  succeeded(permit: Permit, nowMs: number): void {
    if (permit.generation !== this.#generation) return;
    this.#calls--;
    this.#failures = 0;
    this.#successes++;
    if (this.#state === 'half-open' && this.#successes >= this.#options.successThreshold) this.#enter('closed', nowMs);
  }

  failed(permit: Permit, nowMs: number): void {
    if (permit.generation !== this.#generation) return;
    this.#calls--;
    this.#successes = 0;
    this.#failures++;
    if (this.#state === 'half-open' || this.#failures >= this.#options.failureThreshold) this.#enter('open', nowMs);
  }

  /** The call ended without telling anything: it was given up. */
  abandoned(permit: Permit): void {
    if (permit.generation === this.#generation) this.#calls--;
  }

  #enter(state: BreakerState, nowMs: number): void {
    this.#state = state;
    this.#generation++;
    this.#failures = 0;
    this.#successes = 0;
    this.#calls = 0;
    this.#openedAt = state === 'open' ? nowMs : null;
    this.#openSince = state === 'closed' ? null : (this.#openSince ?? nowMs);
  }
}
