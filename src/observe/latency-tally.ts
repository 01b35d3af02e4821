import type { Passage } from './record-trail.js';
import { NO_SECONDS, STAGES, type Stage, type StageSeconds } from './stall.js';

/** The latencies of the messages of a stretch of time, from their Kafka timestamp to the COMMIT. */
export interface Latencies {
  readonly messages: number;
  /** Messages over the limit. */
  readonly slow: number;
  /** As exact as a tenth; null where there was no message. */
  readonly p99Ms: number | null;
  /** Where the slow ones spent their time, summed over parts of batches. */
  readonly slowSeconds: StageSeconds;
}

/** Neighbouring bounds of the buckets are this far apart. */
const RATIO = 1.1;

/** Adds latencies up between two looks at them. */
export class LatencyTally {
  readonly #limitMs: number;
  /** Messages by the logarithm of their latency. */
  #buckets = new Map<number, number>();
  #messages = 0;
  #slow = 0;
  #slowSeconds: Record<Stage, number> = { ...NO_SECONDS };

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Messages that landed together; `passage` null where their way is not known. */
  landed(messages: number, latencyMs: number, passage: Passage | null): void {
    const bucket = Math.ceil(Math.log(Math.max(1, latencyMs)) / Math.log(RATIO));
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + messages);
    this.#messages += messages;
    if (latencyMs <= this.#limitMs) return;
    this.#slow += messages;
    if (passage !== null) for (const stage of STAGES) this.#slowSeconds[stage] += passage[stage] / 1_000;
  }

  /** What came since the last time. */
  take(): Latencies {
    const taken = {
      messages: this.#messages,
      slow: this.#slow,
      p99Ms: this.#quantile(0.99),
      slowSeconds: this.#slowSeconds,
    };
    this.#buckets = new Map();
    this.#messages = 0;
    this.#slow = 0;
    this.#slowSeconds = { ...NO_SECONDS };
    return taken;
  }

  #quantile(quantile: number): number | null {
    if (this.#messages === 0) return null;
    let below = 0;
    for (const bucket of [...this.#buckets.keys()].sort((a, b) => a - b)) {
      below += this.#buckets.get(bucket)!;
      if (below >= quantile * this.#messages) return Math.round(RATIO ** bucket);
    }
    return null;
  }
}
