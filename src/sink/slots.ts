import type { SlotHeader } from '../workers/messages.js';
import type { Connection } from './connection.js';
import { timeParameter } from './dead-letters.js';
import type { SlotRange } from './slot-ranges.js';

/** One header per slot, sorted: every writer locks rows in the same order. What one delivery left out another may have. */
export function mergeHeaders(headers: Iterable<SlotHeader>): SlotHeader[] {
  const bySlot = new Map<number, SlotHeader>();
  for (const header of headers) {
    const known = bySlot.get(header.slot);
    bySlot.set(header.slot, known === undefined ? header : merge(known, header));
  }
  return [...bySlot.values()].filter(({ slot }) => isPosition(slot)).sort((a, b) => a.slot - b.slot);
}

function merge(first: SlotHeader, second: SlotHeader): SlotHeader {
  return {
    slot: first.slot,
    blockTimeMs: first.blockTimeMs ?? second.blockTimeMs,
    hash: first.hash ?? second.hash,
    parentSlot: first.parentSlot ?? second.parentSlot,
    parentHash: first.parentHash ?? second.parentHash,
    height: first.height ?? second.height,
  };
}

const isPosition = (value: number | null): value is number =>
  value !== null && Number.isSafeInteger(value) && value >= 0;

/** Writes headers, sorted by slot; what is known already stays. */
export async function upsertSlots(connection: Connection, headers: readonly SlotHeader[]): Promise<void> {
  await connection.rows(
    `INSERT INTO solana_slots AS s (slot, block_time, hash, parent_slot, parent_hash, height)
       SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::bigint[], $5::text[], $6::bigint[]) ORDER BY 1
     ON CONFLICT (slot) DO UPDATE SET
       block_time = coalesce(s.block_time, excluded.block_time),
       hash = coalesce(s.hash, excluded.hash),
       parent_slot = coalesce(s.parent_slot, excluded.parent_slot),
       parent_hash = coalesce(s.parent_hash, excluded.parent_hash),
       height = coalesce(s.height, excluded.height)
     WHERE (s.block_time IS NULL AND excluded.block_time IS NOT NULL)
       OR (s.hash IS NULL AND excluded.hash IS NOT NULL)
       OR (s.parent_slot IS NULL AND excluded.parent_slot IS NOT NULL)
       OR (s.parent_hash IS NULL AND excluded.parent_hash IS NOT NULL)
       OR (s.height IS NULL AND excluded.height IS NOT NULL)`,
    [
      headers.map(({ slot }) => slot),
      headers.map(({ blockTimeMs }) => timeParameter(blockTimeMs)),
      headers.map(({ hash }) => hash),
      headers.map(({ parentSlot }) => (isPosition(parentSlot) ? parentSlot : null)),
      headers.map(({ parentHash }) => parentHash),
      headers.map(({ height }) => (isPosition(height) ? height : null)),
    ],
  );
}

/** Slots below the newest header that are looked at when the engine starts: about a quarter of an hour. */
const RECENT_SLOTS = 2_000;

/** False where another engine marks just now and this is to be tried again. */
export async function markOrphans(connection: Connection, range: SlotRange): Promise<boolean> {
  const [row] = await connection.rows<{ changed: string | null }>(
    'SELECT solana_slots_mark_orphans($1, $2) AS changed',
    [range.from, range.to],
  );
  return row?.changed !== null;
}

/** Looks over what landed last, perhaps by an engine that had no time left to. */
export async function markRecentOrphans(connection: Connection): Promise<boolean> {
  const [row] = await connection.rows<{ newest: string | null }>(
    'SELECT max(slot) AS newest FROM (SELECT slot FROM solana_slots WHERE parent_slot IS NOT NULL ORDER BY slot DESC LIMIT 1) newest',
  );
  if (row?.newest == null) return true;
  const newest = Number(row.newest);
  return markOrphans(connection, { from: newest - RECENT_SLOTS, to: newest });
}
