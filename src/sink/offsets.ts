import pg from 'pg';
import { EngineError } from '../errors.js';
import type { Connection } from './connection.js';
import type { BatchPart } from './sink.js';

export const literal = (text: string): string => pg.escapeLiteral(text);

/** What the offsets row of a partition says. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: number;
  readonly epoch: number;
  readonly owner: string;
  /** By the server's clock, ms. */
  readonly claimedAtMs: number;
}

/** What the offsets row means for a part that is to land. */
export type PartDecision =
  | { readonly kind: 'write' }
  | { readonly kind: 'landed' }
  | { readonly kind: 'fenced'; readonly epoch: number }
  | { readonly kind: 'rewound'; readonly nextOffset: number };

/** Begins a transaction and reads the offsets rows of the parts, without a lock, in one round trip. */
export async function beginAndRead(
  connection: Connection,
  groupId: string,
  parts: readonly BatchPart[],
): Promise<Position[]> {
  const wanted = new Set(parts.map(({ topic, partition }) => `(${literal(topic)}, ${partition})`));
  const [, rows] = await connection.script(
    `BEGIN ISOLATION LEVEL READ COMMITTED;
     SELECT topic, partition, next_offset, epoch, owner, claimed_at FROM kafka_offsets
       WHERE group_id = ${literal(groupId)} AND (topic, partition) IN (${[...wanted].join(', ')})`,
  );
  return (rows ?? []).map((row) => ({
    topic: String(row.topic),
    partition: Number(row.partition),
    nextOffset: Number(row.next_offset),
    epoch: Number(row.epoch),
    owner: String(row.owner),
    claimedAtMs: (row.claimed_at as Date).getTime(),
  }));
}

/**
 * What is to become of each part, by the offsets rows as they are. Parts of one partition follow one another.
 *
 * Throws DATABASE_OFFSETS_BROKEN where a row is in a state no history of ours leads to.
 */
export function decideParts(
  parts: readonly BatchPart[],
  positions: readonly Position[],
  owner: string,
): PartDecision[] {
  const byPartition = new Map(positions.map((position) => [`${position.topic} ${position.partition}`, position]));
  const expected = new Map<string, number>();
  return parts.map((part): PartDecision => {
    const key = `${part.topic} ${part.partition}`;
    const row = byPartition.get(key);
    const where = `The offsets row of ${part.topic} [${part.partition}]`;
    if (row === undefined) {
      throw new EngineError(
        'DATABASE_OFFSETS_BROKEN',
        `${where} is gone: somebody deleted it. Nothing was written; restart to claim the partition anew, and check where it starts.`,
      );
    }
    if (row.epoch !== part.epoch || row.owner !== owner) return { kind: 'fenced', epoch: row.epoch };
    const position = expected.get(key) ?? row.nextOffset;
    if (position === part.from) {
      expected.set(key, part.to);
      return { kind: 'write' };
    }
    if (position === part.to || landedWith(parts, part, position)) return { kind: 'landed' };
    if (position < part.from) return { kind: 'rewound', nextOffset: position };
    throw new EngineError(
      'DATABASE_OFFSETS_BROKEN',
      `${where} is at ${position} under our own epoch ${part.epoch}, but [${part.from}, ${part.to}) was to land: somebody changed it. ` +
        'Nothing was written; put next_offset back, or restart to go on from where it is.',
    );
  });
}

/** A later part of the same batch and partition ends at the position: one transaction landed them all. */
function landedWith(parts: readonly BatchPart[], part: BatchPart, position: number): boolean {
  return parts.some(
    (other) =>
      other.topic === part.topic &&
      other.partition === part.partition &&
      other.to === position &&
      other.from >= part.to,
  );
}

/** Compare-and-set of all parts and COMMIT, in one round trip: no lock on an offsets row outlives a stalled network. */
export async function advanceAndCommit(
  connection: Connection,
  groupId: string,
  owner: string,
  parts: readonly BatchPart[],
): Promise<void> {
  const array = (type: string, values: readonly (string | number)[]): string =>
    `ARRAY[${values.map((value) => (typeof value === 'string' ? literal(value) : value)).join(', ')}]::${type}[]`;
  await connection.script(
    `SELECT kafka_offsets_advance(${literal(groupId)}, ${literal(owner)},
       ${array(
         'text',
         parts.map(({ topic }) => topic),
       )},
       ${array(
         'integer',
         parts.map(({ partition }) => partition),
       )},
       ${array(
         'bigint',
         parts.map(({ from }) => from),
       )},
       ${array(
         'bigint',
         parts.map(({ to }) => to),
       )},
       ${array(
         'bigint',
         parts.map(({ epoch }) => epoch),
       )});
     COMMIT`,
  );
}

/** An int8 and an int4. */
const KEY_BYTES = 12;

/**
 * Keys of the partition's newest transactions, oldest first. Looks at the newest rows of all partitions only: those of
 * one partition have no index.
 */
export async function recentTransactions(
  connection: Connection,
  partition: number,
  limit: number,
): Promise<Float64Array> {
  const [row] = await connection.rows<{ keys: Buffer | null }>(
    `WITH newest AS (
       SELECT block_slot, tx_index, kafka_partition, kafka_offset FROM solana_dex_trades
         ORDER BY block_slot DESC, tx_index DESC, trade_index DESC LIMIT $2::bigint * 8
     ), transactions AS (
       SELECT block_slot, tx_index, max(kafka_offset) AS kafka_offset FROM newest
         WHERE kafka_partition = $1 GROUP BY 1, 2 ORDER BY 3 DESC LIMIT $2
     )
     SELECT string_agg(int8send(block_slot) || int4send(tx_index), ''::bytea ORDER BY kafka_offset, block_slot, tx_index) AS keys
       FROM transactions`,
    [partition, limit],
  );
  const keys = row?.keys ?? Buffer.alloc(0);
  const pairs = new Float64Array((keys.length / KEY_BYTES) * 2);
  for (let at = 0, i = 0; at < keys.length; at += KEY_BYTES) {
    pairs[i++] = Number(keys.readBigInt64BE(at));
    pairs[i++] = keys.readInt32BE(at + 8);
  }
  return pairs;
}
