/** The real stream, per second; repeats are in the bytes and messages, not in the trades. */
export const REAL_TIME = { messages: 47, trades: 507, megabytes: 20 } as const;

/** How many times as fast as the real stream: the least of what messages, unique trades and bytes say. */
export function timesRealTime(work: { messages: number; newTrades: number; bytes: number }, seconds: number): number {
  return Math.min(
    work.messages / seconds / REAL_TIME.messages,
    work.newTrades / seconds / REAL_TIME.trades,
    work.bytes / 1e6 / seconds / REAL_TIME.megabytes,
  );
}
