import type { PendingPart } from '../../src/sink/batcher.js';

/** A part without rows, to be filled in where a test cares. */
export function part(fields: Partial<PendingPart> & { from: number; to: number }): PendingPart {
  return {
    topic: 't',
    partition: 0,
    epoch: 1,
    messages: fields.to - fields.from,
    trades: [],
    tradeRows: 0,
    tradeBytes: 0,
    slots: [],
    failures: [],
    oldestTimestampMs: -1,
    newestTimestampMs: -1,
    heldBytes: 0,
    ...fields,
  };
}
