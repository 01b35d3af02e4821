/**
 * Why a landed trade is not in the stream. `buffer_full`: it waited, and newer ones took its place. `refused`: Redis answered with an
 * error. `unanswered`: the connection was lost or too slow, and it may be in the stream all the same. `unreadable`: a row that was not
 * understood. `shutdown`: it waited when the engine ended.
 */
export const DROP_REASONS = ['buffer_full', 'refused', 'unanswered', 'unreadable', 'shutdown'] as const;

export type DropReason = (typeof DROP_REASONS)[number];

/** What the fan-out says as it works; metrics are made of it. Calls must be cheap and must not throw. */
export interface FanOutObserver {
  onPublished?(trades: number): void;
  onDropped?(reason: DropReason, trades: number): void;
}
