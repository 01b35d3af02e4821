import { EngineError } from '../errors.js';
import { checkSource, rememberTopicId } from './claimed-source.js';
import type { Connection } from './connection.js';
import type { Position } from './offsets.js';
import type { BatchPart, Claim, ClaimedSource, Gap } from './sink.js';

export async function readPosition(
  connection: Connection,
  groupId: string,
  topic: string,
  partition: number,
): Promise<number | null> {
  const rows = await connection.rows<{ next_offset: string }>(
    'SELECT next_offset FROM kafka_offsets WHERE group_id = $1 AND topic = $2 AND partition = $3',
    [groupId, topic, partition],
  );
  return rows[0] === undefined ? null : Number(rows[0].next_offset);
}

export interface Claimant {
  readonly groupId: string;
  readonly owner: string;
}

export async function claimPartition(
  connection: Connection,
  { groupId, owner }: Claimant,
  topic: string,
  partition: number,
  start: number,
  source: ClaimedSource,
): Promise<{ claim: Claim; claimedAtMs: number }> {
  await checkSource(connection, groupId, topic, partition, source);
  const rows = await connection.rows<{
    epoch: string;
    next_offset: string;
    claimed_at: Date;
    previous_owner: string | null;
  }>('SELECT epoch, next_offset, claimed_at, previous_owner FROM kafka_offsets_claim($1, $2, $3, $4, $5, $6)', [
    groupId,
    topic,
    partition,
    start,
    owner,
    source.clusterId,
  ]);
  const row = rows[0];
  if (row === undefined) throw new EngineError('INVARIANT', 'A claim answers one row.');
  const claim = {
    topic,
    partition,
    epoch: Number(row.epoch),
    nextOffset: Number(row.next_offset),
    previousOwner: row.previous_owner,
  };
  await rememberTopicId(connection, groupId, owner, claim, source);
  return { claim, claimedAtMs: row.claimed_at.getTime() };
}

export async function recordGap(connection: Connection, { groupId, owner }: Claimant, gap: Gap): Promise<boolean> {
  const rows = await connection.rows<{ recorded: boolean }>(
    'SELECT ingest_gaps_record($1, $2, $3, $4, $5, $6, $7, $8, $9) AS recorded',
    [groupId, owner, gap.topic, gap.partition, gap.epoch, gap.from, gap.to, gap.reason, gap.advance],
  );
  return rows[0]?.recorded === true;
}

interface KnownClaim {
  readonly epoch: number;
  readonly claimedAtMs: number;
}

/**
 * The claims of this process, for the day the database goes back in time and forgets them.
 *
 * A row of an older epoch than ours, claimed no later than we did, is the state before our claim: nobody claimed since,
 * and the claim is put back. A row that was claimed later is a rival's, made after the database went back: it stands. So
 * does one that has moved beyond our part: an earlier owner, whose claim the database remembers, has landed there since.
 */
export class OwnClaims {
  readonly #claims = new Map<string, KnownClaim>();

  /**
   * Whether a claim's epoch is one that this process never had. A database that went back counts anew, and what is still
   * on its way under the forgotten number must not pass for the new claim's.
   */
  isNew({ topic, partition, epoch }: Claim): boolean {
    return epoch > (this.#claims.get(`${topic} ${partition}`)?.epoch ?? 0);
  }

  remember({ topic, partition, epoch }: Claim, claimedAtMs: number): void {
    this.#claims.set(`${topic} ${partition}`, { epoch, claimedAtMs });
  }

  /** Rows that have forgotten the claim a part was made under, each with that claim's epoch. */
  forgotten(parts: readonly BatchPart[], rows: readonly Position[]): { row: Position; epoch: number }[] {
    return rows.flatMap((row) => {
      const claim = this.#claims.get(`${row.topic} ${row.partition}`);
      if (claim === undefined || row.epoch >= claim.epoch || row.claimedAtMs > claim.claimedAtMs) return [];
      const ours = parts.find(
        ({ topic, partition, epoch }) => topic === row.topic && partition === row.partition && epoch === claim.epoch,
      );
      return ours === undefined || row.nextOffset > ours.from ? [] : [{ row, epoch: claim.epoch }];
    });
  }
}

/** Puts a forgotten claim back, unless the row has changed since it was read. The position stays where the row has it. */
export async function restoreClaim(
  connection: Connection,
  { groupId, owner }: Claimant,
  row: Position,
  epoch: number,
): Promise<void> {
  await connection.rows(
    `UPDATE kafka_offsets SET epoch = $4, owner = $5, claimed_at = clock_timestamp()
       WHERE group_id = $1 AND topic = $2 AND partition = $3 AND epoch = $6 AND owner = $7 AND next_offset = $8`,
    [groupId, row.topic, row.partition, epoch, owner, row.epoch, row.owner, row.nextOffset],
  );
}
