import { setTimeout as delay } from 'node:timers/promises';
import { EngineError, messageOf } from './errors.js';
import type { Source, SourceIdentity, TopicPartition, Watermarks } from './ingest/source.js';
import type { LogEventFields } from './observe/log-events.js';
import type { Claim, Gap, Sink } from './sink/sink.js';

export interface ClaimOptions {
  readonly source: Source;
  readonly sink: Sink;
  /** Group of the offsets rows, for advice that names them. */
  readonly groupId: string;
  readonly gapPolicy: 'halt' | 'continue';
  /** Whether to go on at a position that was read from another cluster or an earlier topic; refused where not given. */
  readonly sourcePolicy?: 'halt' | 'continue';
  readonly warn: (fields: LogEventFields, text: string) => void;
  /** A stretch was lost to retention and has its row. */
  readonly onGap: (gap: Gap) => void;
}

export interface ClaimedPartition {
  readonly claim: Claim;
  readonly watermarks: Watermarks;
}

const RETRY_MS = 1_000;
const UNKNOWN: SourceIdentity = { clusterId: null, topicId: null };

/**
 * Takes a partition over and settles where it starts: the offsets row in PostgreSQL, else the group's committed offset, else
 * the configured start; then over a gap where retention has passed the position. Kafka's answers are asked for until they
 * come or `signal` aborts.
 */
export async function claimPartition(
  partition: TopicPartition,
  options: ClaimOptions,
  signal: AbortSignal,
): Promise<ClaimedPartition> {
  const { source, sink } = options;
  const ask = <T>(question: () => Promise<T>) => untilAnswered(question, partition, options, signal);
  const stored = await sink.position(partition.topic, partition.partition, signal);
  const start = stored ?? (await ask(async () => source.startOffset(partition, await source.watermarks(partition))));
  const identity = source.identity === undefined ? UNKNOWN : await ask(() => source.identity!());
  const claimed = { ...identity, acceptOther: options.sourcePolicy === 'continue' };
  const claim = await sink.claim(partition.topic, partition.partition, start, signal, claimed);
  // Asked after the claim: until then the owner before may have moved the position past an older answer.
  const watermarks = await ask(() => source.watermarks(partition));
  const nextOffset = await settlePosition(claim, watermarks, options, signal);
  return { claim: { ...claim, nextOffset }, watermarks };
}

/** Checks a position against what the source holds; records a gap or refuses. Returns where to go on. */
export async function settlePosition(
  claim: Pick<Claim, 'topic' | 'partition' | 'epoch' | 'nextOffset'>,
  { low, high }: Watermarks,
  options: ClaimOptions,
  signal: AbortSignal,
): Promise<number> {
  const { topic, partition, epoch, nextOffset } = claim;
  const where = `partition ${partition} of ${topic}`;
  if (nextOffset > high) {
    throw new EngineError(
      'KAFKA_OFFSET_ABOVE_END',
      `${where} ends at offset ${high}, but ${nextOffset} offsets of it have landed: the topic was created anew, or KAFKA_BROKERS points at another cluster. ` +
        `If it was created anew and is to be read from its start: UPDATE kafka_offsets SET next_offset = ${low}, cluster_id = NULL, topic_id = NULL WHERE group_id = ${quoted(options.groupId)} AND topic = ${quoted(topic)} AND partition = ${partition};`,
    );
  }
  if (nextOffset >= low) return nextOffset;

  const advance = options.gapPolicy === 'continue';
  const reason = `the source holds nothing before offset ${low}: retention passed it unread`;
  const gap = { topic, partition, epoch, from: nextOffset, to: low, reason, advance };
  const held = await options.sink.recordGap(gap, signal);
  options.onGap(gap);
  if (!held) throw new EngineError('DATABASE_FENCED', `${where} was claimed by another engine`, { canRetry: true });
  if (!advance) {
    throw new EngineError(
      'KAFKA_OFFSET_OUT_OF_RANGE',
      `${where} was to go on at offset ${nextOffset}, but the source holds nothing before ${low}: ${low - nextOffset} offsets expired unread (see ingest_gaps). ` +
        'Set KAFKA_GAP_POLICY=continue to go on after the gap.',
    );
  }
  return low;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

async function untilAnswered<T>(
  question: () => Promise<T>,
  { topic, partition }: TopicPartition,
  { warn }: ClaimOptions,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await question();
    } catch (error) {
      warn(
        { event: 'position_unknown', 'kafka.topic': topic, 'kafka.partition': partition },
        `Kafka did not say where partition ${partition} of ${topic} stands: ${messageOf(error)}`,
      );
      await delay(RETRY_MS, undefined, { signal });
    }
  }
}
