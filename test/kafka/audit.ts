import assert from 'node:assert/strict';
import type pg from 'pg';

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
    CREATE FUNCTION offsets_audit_write() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO offsets_audit (xid, partition, owner, old_epoch, epoch, from_offset, to_offset)
        VALUES (pg_current_xact_id()::text::bigint % 4294967296, NEW.partition, NEW.owner,
                CASE TG_OP WHEN 'UPDATE' THEN OLD.epoch END, NEW.epoch,
                CASE TG_OP WHEN 'UPDATE' THEN OLD.next_offset END, NEW.next_offset);
      RETURN NULL;
    END $$;
    CREATE TRIGGER offsets_audit AFTER INSERT OR UPDATE ON kafka_offsets
      FOR EACH ROW EXECUTE FUNCTION offsets_audit_write();
  `);
}

interface Change {
  readonly partition: number;
  readonly owner: string;
  readonly oldEpoch: number | null;
  readonly epoch: number;
  readonly from: number | null;
  readonly to: number;
}

/**
 * Holds what was written down against the promise: positions only went forward and without a jump, every claim took the next
 * epoch, only the owner of the epoch moved the position, and every row came in a transaction that moved the position over it.
 */
export async function assertAudit(client: pg.Client): Promise<void> {
  const { rows } = await client.query<Record<string, string | number | null>>(
    'SELECT partition, owner, old_epoch, epoch, from_offset, to_offset FROM offsets_audit ORDER BY id',
  );
  const last = new Map<number, Change>();
  for (const row of rows) {
    const change: Change = {
      partition: Number(row.partition),
      owner: String(row.owner),
      oldEpoch: row.old_epoch === null ? null : Number(row.old_epoch),
      epoch: Number(row.epoch),
      from: row.from_offset === null ? null : Number(row.from_offset),
      to: Number(row.to_offset),
    };
    const before = last.get(change.partition);
    if (before !== undefined) assertFollows(before, change);
    last.set(change.partition, change);
  }
  const { rows: strays } = await client.query(`
    SELECT t.kafka_partition, t.kafka_offset FROM solana_dex_trades t
    WHERE NOT EXISTS (
      SELECT FROM offsets_audit a
      WHERE a.xid = t.xmin::text::bigint AND a.partition = t.kafka_partition
        AND a.old_epoch = a.epoch AND t.kafka_offset >= a.from_offset AND t.kafka_offset < a.to_offset
    ) LIMIT 5`);
  assert.deepEqual(strays, [], 'rows that no move of the position covers');
}

function assertFollows(before: Change, change: Change): void {
  const where = `${JSON.stringify(before)} → ${JSON.stringify(change)}`;
  assert.equal(change.from, before.to, `a position jumped: ${where}`);
  assert.equal(change.oldEpoch, before.epoch, `an epoch jumped: ${where}`);
  if (change.epoch === before.epoch) {
    assert.equal(change.owner, before.owner, `another than the owner moved the position: ${where}`);
    assert.ok(change.to > before.to, `a position did not go forward: ${where}`);
  } else {
    assert.equal(change.epoch, before.epoch + 1, `a claim did not take the next epoch: ${where}`);
    assert.equal(change.to, before.to, `a claim moved the position: ${where}`);
  }
}
