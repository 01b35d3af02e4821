import type { EngineReport } from './engine-reports.js';
import { groupLag, type HeldPartition, type PartitionLag, totalLag } from './group-lag.js';
import type { StoredGroup } from './positions.js';

/** One look at the database and the brokers. */
export interface Look {
  readonly atMs: number;
  /** Null where it did not answer. */
  readonly stored: StoredGroup | null;
  readonly held: readonly HeldPartition[] | null;
}

export interface OwnerShare {
  readonly owner: string;
  /** A connection of the owner’s is open. */
  readonly up: boolean;
  readonly partitions: number;
  readonly lag: number | null;
}

/** Where a group stands. What is not known is null. */
export interface GroupStatus {
  readonly at: string;
  readonly group: string;
  readonly topic: string;
  readonly partitions: readonly (PartitionLag & { readonly ownerUp: boolean | null })[];
  readonly owners: readonly OwnerShare[];
  /** No owner that is up has two partitions more than another. */
  readonly balanced: boolean;
  readonly lag: number | null;
  /** Messages landed, and messages written to the topic, per second between two looks. */
  readonly pace: { readonly landed: number; readonly produced: number } | null;
  /** Seconds until nothing is left, at that pace; 0 at the head, null where the gap does not close. */
  readonly etaSeconds: number | null;
  /** Partitions with lag whose owner is not up. */
  readonly unowned: readonly number[];
  /** Partitions of which offsets expired unread. */
  readonly expired: readonly number[];
  readonly engines: readonly EngineReport[];
  /** Why something is missing, a sentence for each source that did not answer. */
  readonly missing: readonly string[];
}

/** Names of connections hold no more of an owner’s than this; see sink/connections.ts. */
const OWNER_MAX = 32;

export function groupStatus(
  about: { readonly group: string; readonly topic: string },
  before: Look | null,
  now: Look,
  engines: readonly EngineReport[],
  missing: readonly string[],
): GroupStatus {
  const lags = groupLag(now.stored?.positions ?? null, now.held);
  const isUp = (owner: string): boolean =>
    (now.stored?.connections ?? []).some((name) => name.includes(shortName(owner)));
  const partitions = lags.map((one) => ({ ...one, ownerUp: one.stored === null ? null : isUp(one.stored.owner) }));
  const lag = totalLag(lags);
  const pace = before === null ? null : paceOf(before, now);
  const owners = ownersOf(partitions);
  const shares = owners.filter(({ up }) => up).map((one) => one.partitions);
  return {
    at: new Date(now.atMs).toISOString(),
    ...about,
    partitions,
    owners,
    balanced: shares.length === 0 || Math.max(...shares) - Math.min(...shares) <= 1,
    lag,
    pace,
    etaSeconds: etaOf(lag, pace),
    unowned: partitions.filter((one) => one.ownerUp !== true && (one.lag ?? 0) > 0).map(({ partition }) => partition),
    expired: partitions.filter(({ expired }) => expired > 0).map(({ partition }) => partition),
    engines,
    missing,
  };
}

function shortName(owner: string): string {
  return ` ${owner.replaceAll(/[^\w.:-]/g, '_').slice(-OWNER_MAX)} `;
}

function paceOf(before: Look, now: Look): GroupStatus['pace'] {
  const seconds = (now.atMs - before.atMs) / 1_000;
  if (seconds <= 0 || !before.stored || !now.stored || !before.held || !now.held) return null;
  const landed = growth(before.stored.positions, now.stored.positions, ({ nextOffset }) => nextOffset);
  const produced = growth(before.held, now.held, ({ high }) => high);
  return { landed: landed / seconds, produced: produced / seconds };
}

/** Of the partitions that are in both: what one gained by coming in is no pace. */
function growth<T extends { readonly partition: number }>(
  before: readonly T[],
  now: readonly T[],
  of: (one: T) => number,
): number {
  const values = new Map(before.map((one) => [one.partition, of(one)]));
  return now.reduce((sum, one) => sum + (values.has(one.partition) ? of(one) - values.get(one.partition)! : 0), 0);
}

function etaOf(lag: number | null, pace: GroupStatus['pace']): number | null {
  if (lag === 0) return 0;
  if (lag === null || pace === null || pace.landed <= pace.produced) return null;
  return lag / (pace.landed - pace.produced);
}

function ownersOf(partitions: GroupStatus['partitions']): OwnerShare[] {
  const owners = new Map<string, { up: boolean; partitions: number; lag: number | null }>();
  for (const { stored, ownerUp, lag } of partitions) {
    if (stored === null) continue;
    const share = owners.get(stored.owner) ?? { up: ownerUp === true, partitions: 0, lag: 0 };
    share.partitions += 1;
    share.lag = share.lag === null || lag === null ? null : share.lag + lag;
    owners.set(stored.owner, share);
  }
  return [...owners].map(([owner, share]) => ({ owner, ...share })).sort((a, b) => a.owner.localeCompare(b.owner));
}
