import type pg from 'pg';
import type { Place } from '../../src/commands/demo/ledger.js';

/**
 * Writes down every change of an offsets row with the transaction that made it, from inside the database: what the engine
 * says of itself plays no part.
 */
export async function installAudit(client: pg.Client): Promise<void> {
  await client.query(`
    CREATE TABLE offsets_audit (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      xid bigint NOT NULL, partition integer NOT NULL, owner text NOT NULL,
      old_epoch bigint, epoch bigint NOT NULL, from_offset bigint, to_offset bigint NOT NULL
    );
    CREATE FUNCTION offsets_audit_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      INSERT INTO offsets_audit (xid, partition, owner, old_epoch, epoch, from_offset, to_offset)
        VALUES (pg_current_xact_id()::text::bigint % 4294967296, NEW.partition, NEW.owner,
                CASE TG_OP WHEN 'UPDATE' THEN OLD.epoch END, NEW.epoch,
                CASE TG_OP WHEN 'UPDATE' THEN OLD.next_offset END, NEW.next_offset);
      RETURN NULL;
    END $$;
    CREATE TRIGGER offsets_audit AFTER INSERT OR UPDATE OF next_offset, epoch, owner ON kafka_offsets
      FOR EACH ROW EXECUTE FUNCTION offsets_audit_write();
  `);
}

/** One change of an offsets row. */
export interface Change {
  readonly id: number;
  /** Transaction, as rows have it in `xmin`. */
  readonly xid: number;
  readonly partition: number;
  readonly owner: string;
  readonly oldEpoch: number | null;
  readonly epoch: number;
  readonly from: number | null;
  readonly to: number;
}

export type AuditFindingKind =
  | 'position-jumped'
  | 'position-not-forward'
  | 'epoch-jumped'
  | 'epoch-not-next'
  | 'moved-by-another'
  | 'claim-moved'
  | 'uncovered-row';

export interface AuditFinding extends Place {
  readonly kind: AuditFindingKind;
  readonly text: string;
}

/** A change that moved the position under the epoch in force, as a batch does when it lands. */
export function isMove(change: Change): change is Change & { readonly from: number } {
  return change.from !== null && change.oldEpoch === change.epoch;
}

/**
 * Holds the changes of offsets rows, partition by partition in their order, against the promise: positions only go forward
 * and without a jump, every claim takes the next epoch, and only the owner of the epoch moves the position. Pure.
 */
export class Trail {
  readonly #last = new Map<number, Change>();

  /** What is wrong with a change; null where nothing is. */
  follow(change: Change): AuditFinding | null {
    const before = this.#last.get(change.partition);
    this.#last.set(change.partition, change);
    if (before === undefined) return null;
    const fault = faultBetween(before, change);
    if (fault === null) return null;
    const [kind, what] = fault;
    const text = `${what}: partition ${change.partition}, ${told(before)}, then ${told(change)}`;
    return { kind, partition: change.partition, offset: change.to, text };
  }
}

function faultBetween(before: Change, change: Change): readonly [AuditFindingKind, string] | null {
  if (change.from !== before.to) return ['position-jumped', 'a position jumped'];
  if (change.oldEpoch !== before.epoch) return ['epoch-jumped', 'an epoch jumped'];
  if (change.epoch === before.epoch) {
    if (change.owner !== before.owner) return ['moved-by-another', 'another than the owner moved the position'];
    return change.to > before.to ? null : ['position-not-forward', 'a position did not go forward'];
  }
  if (change.epoch !== before.epoch + 1) return ['epoch-not-next', 'a claim did not take the next epoch'];
  return change.to === before.to ? null : ['claim-moved', 'a claim moved the position'];
}

function told({ owner, epoch, to }: Change): string {
  return `at ${to} under epoch ${epoch} of ${owner}`;
}

export function uncovered(place: Place): AuditFinding {
  const { partition, offset } = place;
  const text = `a row that no move of the position covers: partition ${partition} offset ${offset}`;
  return { kind: 'uncovered-row', partition, offset, text };
}

/** Changes after `id`, oldest first. */
export async function readChanges(client: pg.Client, id = 0): Promise<Change[]> {
  const { rows } = await client.query<Record<string, string | number | null>>(
    `SELECT id, xid, partition, owner, old_epoch, epoch, from_offset, to_offset FROM offsets_audit
     WHERE id > $1 ORDER BY id`,
    [id],
  );
  return rows.map((row) => ({
    id: Number(row.id),
    xid: Number(row.xid),
    partition: Number(row.partition),
    owner: String(row.owner),
    oldEpoch: row.old_epoch === null ? null : Number(row.old_epoch),
    epoch: Number(row.epoch),
    from: row.from_offset === null ? null : Number(row.from_offset),
    to: Number(row.to_offset),
  }));
}

/** All that was written down, held against the promise: nothing where {@link installAudit} was not called. */
export async function auditFindings(client: pg.Client): Promise<AuditFinding[]> {
  const { rows } = await client.query("SELECT to_regclass('offsets_audit') IS NOT NULL AS there");
  if (!rows[0]?.there) return [];
  const trail = new Trail();
  const findings = (await readChanges(client)).map((change) => trail.follow(change));
  const { rows: strays } = await client.query<{ kafka_partition: number; kafka_offset: string }>(`
    SELECT DISTINCT t.kafka_partition, t.kafka_offset FROM solana_dex_trades t
    WHERE NOT EXISTS (
      SELECT FROM offsets_audit a
      WHERE a.xid = t.xmin::text::bigint AND a.partition = t.kafka_partition
        AND a.old_epoch = a.epoch AND t.kafka_offset >= a.from_offset AND t.kafka_offset < a.to_offset
    ) ORDER BY 1, 2 LIMIT 100`);
  return [
    ...findings.filter((finding) => finding !== null),
    ...strays.map((row) => uncovered({ partition: row.kafka_partition, offset: Number(row.kafka_offset) })),
  ];
}
