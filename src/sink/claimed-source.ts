import { EngineError } from '../errors.js';
import type { Connection } from './connection.js';
import { literal } from './offsets.js';
import type { Claim, ClaimedSource } from './sink.js';

/** What the offsets row says of where its position comes from; null where it says nothing. */
interface StoredSource {
  readonly clusterId: string | null;
  readonly topicId: string | null;
}

/**
 * Throws KAFKA_SOURCE_CHANGED where the row's position was read from another cluster, or from an earlier topic of the same
 * name: the offsets of the one say nothing about the other. An id that either side does not know is no difference.
 */
export async function checkSource(
  connection: Connection,
  groupId: string,
  topic: string,
  partition: number,
  source: ClaimedSource,
): Promise<void> {
  if (source.acceptOther) return;
  const [stored] = await connection.rows<StoredSource>(
    `SELECT cluster_id AS "clusterId", topic_id AS "topicId" FROM kafka_offsets
       WHERE group_id = $1 AND topic = $2 AND partition = $3`,
    [groupId, topic, partition],
  );
  const change = stored === undefined ? null : changeOf(stored, source);
  if (change === null) return;
  throw new EngineError(
    'KAFKA_SOURCE_CHANGED',
    `The position of partition ${partition} of ${topic} was read from ${change}. Nothing was written. To read what is there now from its start: ` +
      `UPDATE kafka_offsets SET next_offset = 0, cluster_id = NULL, topic_id = NULL WHERE group_id = ${literal(groupId)} AND topic = ${literal(topic)}; ` +
      'or set KAFKA_SOURCE_POLICY=continue to go on at the stored offsets.',
  );
}

/** Keeps the topic's id beside a position that was just claimed; the claim itself kept the cluster's. */
export async function rememberTopicId(
  connection: Connection,
  groupId: string,
  owner: string,
  { topic, partition, epoch }: Pick<Claim, 'topic' | 'partition' | 'epoch'>,
  { topicId }: ClaimedSource,
): Promise<void> {
  if (topicId === null) return;
  await connection.rows(
    `UPDATE kafka_offsets SET topic_id = $6 WHERE group_id = $1 AND topic = $2 AND partition = $3 AND epoch = $4 AND owner = $5
       AND topic_id IS DISTINCT FROM $6`,
    [groupId, topic, partition, epoch, owner, topicId],
  );
}

/** Goes on from "was read from", null where nothing differs. */
function changeOf(stored: StoredSource, source: ClaimedSource): string | null {
  if (differ(stored.clusterId, source.clusterId))
    return `Kafka cluster ${stored.clusterId}, and KAFKA_BROKERS leads to cluster ${source.clusterId}`;
  if (differ(stored.topicId, source.topicId))
    return `an earlier topic of that name (id ${stored.topicId}): it was deleted and created anew (id ${source.topicId})`;
  return null;
}

function differ(stored: string | null, now: string | null): boolean {
  return stored !== null && now !== null && stored !== now;
}
