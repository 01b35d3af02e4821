import { type CheckResult, ok, warn } from './check.js';

const LAG_SECONDS = 60;
const LAG_MIN = 1_000;

/** A quarter of what is written is little enough to be told of, and a minute of it much enough. */
export function suggestedThresholds(perSecond: number): { readonly warnBelow: number; readonly lagAbove: number } {
  return {
    warnBelow: Math.max(1, Math.floor(perSecond / 4)),
    lagAbove: Math.max(LAG_MIN, Math.ceil((perSecond * LAG_SECONDS) / 1_000) * 1_000),
  };
}

/** How far a clock is ahead of ours, ms, given when we asked and had the answer; 0 where it may have been right. */
export function clockSkewMs(sentMs: number, answeredMs: number, theirsMs: number): number {
  if (theirsMs > answeredMs) return theirsMs - answeredMs;
  return theirsMs < sentMs ? theirsMs - sentMs : 0;
}

/** Engines beyond the partitions stand idle: Kafka gives a partition to one of a group. */
export function replicasResult(partitions: number, engines: number): CheckResult {
  const detail = `${partitions} partitions keep up to ${partitions} engines at work; ${engines} are connected to the database`;
  if (engines <= partitions) return ok(detail);
  return warn(`${detail}, ${engines - partitions} of them idle`, `Run no more than ${partitions} replicas.`);
}
