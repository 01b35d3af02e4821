import { setTimeout as sleep } from 'node:timers/promises';
import type { CircuitBreaker, Permit } from './breaker.js';
import { classify } from './classify.js';
import type { SinkLogger, SinkObserver } from './observer.js';

const BACKOFF_FIRST_MS = 50;
const BACKOFF_MAX_MS = 10_000;
const LOG_INTERVAL_MS = 10_000;

/**
 * Full jitter: anywhere between nothing and a bound that doubles with every attempt.
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
 */
export function backoffMs(attempt: number, random: number): number {
  return random * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 20));
}

/** Tries again, behind the circuit breaker and for ever, what an outage or a contention made fail. */
export class Retrier {
  readonly #breaker: CircuitBreaker;
  readonly #logger: SinkLogger;
  readonly #observer: SinkObserver;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(breaker: CircuitBreaker, logger: SinkLogger, observer: SinkObserver) {
    this.#breaker = breaker;
    this.#logger = logger;
    this.#observer = observer;
  }

  /** The outcome of `attempt`; rejects with its first failure of another kind, or with the signal's reason. */
  async run<T>(doing: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures++) {
      const permit = await this.#permit(signal);
      try {
        const result = await attempt();
        this.#settle(permit, 'succeeded');
        return result;
      } catch (error) {
        if (signal.aborted) {
          this.#settle(permit, 'abandoned');
          throw signal.reason;
        }
        const kind = classify(error);
        // Any other answer shows a database that is there and answers.
        this.#settle(permit, kind === 'outage' ? 'failed' : 'succeeded');
        if (kind !== 'outage' && kind !== 'contention') throw error;
        this.#observer.onRetry?.(error);
        this.#log(doing, error, failures);
        await pause(backoffMs(failures, Math.random()), signal);
      }
    }
  }

  async #permit(signal: AbortSignal): Promise<Permit> {
    for (;;) {
      signal.throwIfAborted();
      const before = this.#breaker.state;
      const answer = this.#breaker.acquire(Date.now());
      if (this.#breaker.state !== before) this.#observer.onBreakerState?.(this.#breaker.state);
      if (typeof answer !== 'number') return answer;
      await pause(answer, signal);
    }
  }

  #settle(permit: Permit, outcome: 'succeeded' | 'failed' | 'abandoned'): void {
    const before = this.#breaker.state;
    this.#breaker[outcome](permit, Date.now());
    const { state } = this.#breaker;
    if (state === before) return;
    this.#observer.onBreakerState?.(state);
    if (state === 'open')
      this.#logger.error({ event: 'breaker_open' }, 'The database keeps failing: the circuit breaker is open');
    else this.#logger.info({ event: 'breaker_closed' }, `The circuit breaker in front of the database is ${state}`);
  }

  #log(doing: string, error: unknown, failures: number): void {
    const now = performance.now();
    if (now - this.#loggedAt < LOG_INTERVAL_MS) return;
    this.#loggedAt = now;
    const fields = { event: 'database_retry', error, failures: failures + 1 } as const;
    this.#logger.warn(fields, `${doing} failed and is tried again`);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}
