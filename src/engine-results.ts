import type { Decoded } from './engine-partition.js';
import { EngineError } from './errors.js';
import type { SourceMessage } from './ingest/source.js';
import type { LogEventFields } from './observe/log-events.js';
import type { PartOutcome } from './sink/sink.js';
import type { SlabResult } from './workers/messages.js';

const NO_ROWS: SlabResult = {
  messages: 0,
  emptyMessages: 0,
  trades: new Uint8Array(0),
  transactions: new Float64Array(0),
  slots: [],
  failures: [],
  solVolume: { sol: 0, usd: 0, trades: 0 },
  busyMs: 0,
};

/** Offsets that hold no message. */
export const EMPTY_STRETCH: Decoded = {
  result: NO_ROWS,
  messages: 0,
  heldBytes: 0,
  oldestTimestampMs: -1,
  newestTimestampMs: -1,
};

/** The result of a message that takes every worker down. */
export function poisoned(message: SourceMessage, error: Error): SlabResult {
  const errorClass =
    error instanceof EngineError && error.code === 'WORKER_TIMEOUT' ? 'worker_timeout' : 'worker_crashed';
  const { offset, timestampMs, key, value } = message;
  const payload = value ?? new Uint8Array(0);
  return {
    ...NO_ROWS,
    messages: 1,
    failures: [{ offset, timestampMs, key, payload, errorClass, errorText: error.message }],
  };
}

/** Objects around a result that has no row at all, and around a slot header: stretches of empty messages must not be free. */
const RESULT_OVERHEAD_BYTES = 1_024;
const SLOT_BYTES = 512;

/** What a result holds of the memory budget until it has landed. */
export function resultBytes({ trades, transactions, slots, failures }: SlabResult): number {
  const rows = trades.byteLength + transactions.byteLength;
  return failures.reduce(
    (sum, { payload, key }) => sum + payload.byteLength + (key?.byteLength ?? 0),
    RESULT_OVERHEAD_BYTES + rows + slots.length * SLOT_BYTES,
  );
}

/** What became of a part that did not land, for the log. */
export function fateOf(outcome: PartOutcome): [fields: LogEventFields, text: string] {
  const { topic, partition, from } = outcome.part;
  const where = { 'kafka.topic': topic, 'kafka.partition': partition, 'kafka.offset': from };
  return outcome.kind === 'fenced'
    ? [
        { event: 'partition_fenced', ...where },
        `partition ${partition} of ${topic} was claimed by another engine: dropped`,
      ]
    : [
        { event: 'partition_rewound', ...where },
        `the database was rewound: partition ${partition} of ${topic} stood at offset ${from} and goes back`,
      ];
}
