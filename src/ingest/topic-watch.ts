import { EngineError } from '../errors.js';
import type { TopicSighting } from './kafka-identity.js';

/** A topic that the brokers say they do not know for this long was deleted; less may be a broker that was just started. */
const GONE_AFTER_MS = 20_000;

/**
 * Whether what is read is still what was begun with: the same cluster, the same incarnation of the topic, and one that is
 * there at all. Told what the brokers say, every few seconds; time is an argument.
 */
export class TopicWatch {
  readonly #topic: string;
  #clusterId: string | null = null;
  #topicId: string | null = null;
  #missingSinceMs: number | null = null;

  constructor(topic: string) {
    this.#topic = topic;
  }

  /** Why reading cannot go on, null where it can. A change is told once; from then on the new one is what is read. */
  apply({ clusterId, topicId, partitions }: TopicSighting, nowMs: number): EngineError | null {
    if (partitions === null) return this.#missing(nowMs);
    this.#missingSinceMs = null;
    const [clusterBefore, topicBefore] = [this.#clusterId, this.#topicId];
    this.#clusterId = clusterId ?? clusterBefore;
    this.#topicId = topicId ?? topicBefore;
    if (clusterBefore !== null && clusterBefore !== this.#clusterId)
      return changed(`the brokers changed from Kafka cluster ${clusterBefore} to ${this.#clusterId} while it was read`);
    if (topicBefore !== null && topicBefore !== this.#topicId)
      return changed(`topic ${this.#topic} was deleted and created anew while it was read`);
    return null;
  }

  /** Nobody answered: what was said of the topic before is no longer a stretch without a break. */
  unanswered(): void {
    this.#missingSinceMs = null;
  }

  #missing(nowMs: number): EngineError | null {
    this.#missingSinceMs ??= nowMs;
    if (nowMs - this.#missingSinceMs < GONE_AFTER_MS) return null;
    this.#missingSinceMs = nowMs;
    return new EngineError(
      'KAFKA_TOPIC_UNKNOWN',
      `KAFKA_TOPIC: topic ${this.#topic} was deleted while it was read, or this user may see it no longer. What had been received has landed.`,
    );
  }
}

function changed(what: string): EngineError {
  return new EngineError(
    'KAFKA_SOURCE_CHANGED',
    `${what}: the stored offsets say nothing about what is there now. Start again for what can be done.`,
  );
}
