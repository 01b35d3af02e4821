import { TRADES } from '../tables.js';
import type { Connection } from './connection.js';
import { PARTITION_SLOTS, partitionStart } from './partitions.js';

/** Columns of the analyst indexes by the word of DATABASE_TRADE_INDEXES. */
const INDEXES: Readonly<Record<string, readonly string[]>> = {
  mint: ['bought_mint, block_slot', 'sold_mint, block_slot'],
  market: ['market, block_slot'],
  trader: ['trader, block_slot'],
  signature: ['signature'],
};

/** A partition is closed when the stream is this far beyond its end: about an hour. */
const LATE_SLOTS = 10_000;

/** The function that drops partitions on behalf of others knows a retired one by it, too. */
const RETIRED = 'Retired by the engine: detached, to be dropped.';

/** A number follows the first slot where a detached table had the name. */
const NAME_PATTERN = String.raw`^solana_dex_trades_(\d+)(?:_\d+)?$`;

interface TradePartition {
  /** Schema-qualified and quoted. */
  readonly table: string;
  readonly name: string;
  /** First slot. */
  readonly start: number;
  readonly pending: boolean;
  readonly owned: boolean;
}

/** Partitions of the trades table that the engine made, oldest first; those people attached are left alone. */
async function listPartitions(connection: Connection): Promise<TradePartition[]> {
  const rows = await connection.rows<{
    table: string;
    name: string;
    start: string;
    pending: boolean;
    owned: boolean;
  }>(
    `SELECT c.oid::regclass::text AS table, c.relname AS name, substring(c.relname FROM $1) AS start,
       i.inhdetachpending AS pending, pg_has_role(c.relowner, 'USAGE') AS owned
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = '${TRADES.name}'::regclass AND c.relname ~ $1`,
    [NAME_PATTERN],
  );
  return rows.map((row) => ({ ...row, start: Number(row.start) })).sort((a, b) => a.start - b.start);
}

/** Partitions that lie wholly more than `retentionSlots` behind the stream are detached and dropped; answers their names. */
export async function dropExpired(
  connection: Connection,
  streamSlot: number,
  retentionSlots: number,
): Promise<string[]> {
  const dropped: string[] = [];
  for (const partition of await listPartitions(connection)) {
    if (!partition.pending && partition.start + PARTITION_SLOTS > streamSlot - retentionSlots) continue;
    if (partition.owned) await retire(connection, partition);
    else await dropAsOwner(connection, partition.name);
    dropped.push(partition.name);
  }
  // What an earlier run detached and did not come to drop.
  const left = await connection.rows<{ table: string; name: string; owned: boolean }>(
    `SELECT oid::regclass::text AS table, relname AS name, pg_has_role(relowner, 'USAGE') AS owned FROM pg_class
       WHERE relkind = 'r' AND NOT relispartition AND relname ~ $1 AND obj_description(oid, 'pg_class') = $2
         AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = '${TRADES.name}'::regclass)`,
    [NAME_PATTERN, RETIRED],
  );
  for (const { table, name, owned } of left) {
    if (owned) await connection.rows(`DROP TABLE ${table}`);
    else await dropAsOwner(connection, name);
    if (!dropped.includes(name)) dropped.push(name);
  }
  return dropped;
}

/** For a role that does not own the partition. Writers wait for it, for a moment. */
async function dropAsOwner(connection: Connection, name: string): Promise<void> {
  await connection.rows('SELECT solana_dex_trades_drop_partition($1)', [name]);
}

/** Writers of the other partitions do not wait: CONCURRENTLY takes no lock that they need. */
async function retire(connection: Connection, { table, pending }: TradePartition): Promise<void> {
  if (pending) {
    await connection.rows(`ALTER TABLE ${TRADES.name} DETACH PARTITION ${table} FINALIZE`);
    return;
  }
  await connection.rows(`COMMENT ON TABLE ${table} IS '${RETIRED}'`);
  await connection.rows(`ALTER TABLE ${TRADES.name} DETACH PARTITION ${table} CONCURRENTLY`);
}

/** Builds the analyst indexes that closed partitions lack, without blocking writers; answers their names. */
export async function buildIndexes(
  connection: Connection,
  streamSlot: number,
  kinds: readonly string[],
): Promise<string[]> {
  const built: string[] = [];
  const wanted = kinds.flatMap((kind) => INDEXES[kind] ?? []);
  if (wanted.length === 0) return built;
  for (const { table, name, start, pending, owned } of await listPartitions(connection)) {
    if (
      pending ||
      !owned ||
      start + PARTITION_SLOTS > partitionStart(streamSlot) ||
      start + PARTITION_SLOTS + LATE_SLOTS > streamSlot
    )
      continue;
    const valid = await indexesOf(connection, table);
    for (const columns of wanted) {
      const index = `${name}_${columns.split(',')[0]}`;
      if (valid.get(index) === true) continue;
      // A build that was cut off leaves an index that nothing uses and every writer maintains.
      if (valid.get(index) === false) await connection.rows(`DROP INDEX CONCURRENTLY ${index}`);
      await connection.rows(`CREATE INDEX CONCURRENTLY ${index} ON ${table} (${columns})`);
      built.push(index);
    }
  }
  return built;
}

async function indexesOf(connection: Connection, table: string): Promise<Map<string, boolean>> {
  const rows = await connection.rows<{ name: string; valid: boolean }>(
    `SELECT c.relname AS name, i.indisvalid AS valid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1::regclass`,
    [table],
  );
  return new Map(rows.map(({ name, valid }) => [name, valid]));
}
