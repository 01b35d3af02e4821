import { performance } from 'node:perf_hooks';
import { invariant } from '../errors.js';
import { CopyEncoder } from './copy-encoder.js';
import { beginRun, forgetRows, releaseFields, writeMessage } from './message-rows.js';
import { type MessageFailure, type SlabResult, type SlabTask, TASK_COLUMN, TASK_STRIDE } from './messages.js';
import { SlabRows } from './slab-rows.js';
import { UndecodableError } from './wire.js';

export interface SlabOptions {
  /** A longer message becomes a dead letter unread. */
  readonly messageMaxBytes: number;
}

interface TaskMessage {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Uint8Array<ArrayBuffer> | null;
  /** Empty for a null value: both are empty messages. */
  readonly value: Uint8Array<ArrayBuffer>;
}

/** One per worker, kept at the size of the largest slab so far. */
const encoder = new CopyEncoder();

/**
 * Turns a slab of messages into COPY rows. A message that cannot be read makes a failure and nothing else; the
 * messages around it are not touched by it. Buffers of the result are its own, so that they can be moved.
 */
export function decodeSlab(task: SlabTask, options: SlabOptions): SlabResult {
  try {
    return decodeMessages(task, options);
  } catch (error) {
    forgetRows(); // they go with the slab, and the run may go on without it
    throw error;
  }
}

function decodeMessages(task: SlabTask, options: SlabOptions): SlabResult {
  const startedAt = performance.now();
  encoder.truncate(0);
  beginRun(task.run);
  const rows = new SlabRows(encoder, task.solVolume);
  const failures: MessageFailure[] = [];
  let emptyMessages = 0;
  for (let ordinal = 0; ordinal < task.messages; ordinal++) {
    const message = messageAt(task, ordinal);
    const failure = decodeOne(message, task.partition, options, rows);
    if (failure === 'empty') emptyMessages += 1;
    else if (failure !== null) failures.push(failure);
  }
  releaseFields();
  return {
    messages: task.messages,
    emptyMessages,
    trades: encoder.take(),
    transactions: rows.transactions(),
    slots: rows.slots,
    failures,
    solVolume: rows.solPrice.volume(),
    busyMs: performance.now() - startedAt,
  };
}

function decodeOne(
  message: TaskMessage,
  partition: number,
  options: SlabOptions,
  rows: SlabRows,
): MessageFailure | 'empty' | null {
  const { value } = message;
  if (value.length > options.messageMaxBytes) {
    return failureOf(message, 'too_large', `${value.length} bytes, more than the limit of ${options.messageMaxBytes}`);
  }
  try {
    const place = { partition, offset: message.offset, timestampMs: message.timestampMs };
    const outcome = writeMessage(value, place, rows);
    if (outcome.fault !== null) return failureOf(message, outcome.fault.errorClass, outcome.fault.text);
    return outcome.transactions === 0 ? 'empty' : null;
  } catch (error) {
    if (!(error instanceof UndecodableError)) throw error;
    return failureOf(message, error.errorClass, error.message);
  }
}

function messageAt(task: SlabTask, ordinal: number): TaskMessage {
  const at = ordinal * TASK_STRIDE;
  const { index, packed, large } = task;
  invariant(at + TASK_STRIDE <= index.length, 'a slab’s index has a row for every message');
  const buffer = index[at + TASK_COLUMN.buffer]!;
  const source = buffer === 0 ? packed : large[buffer - 1];
  invariant(source !== undefined, 'a slab’s index names a buffer that the slab has');
  return {
    offset: index[at + TASK_COLUMN.offset]!,
    timestampMs: index[at + TASK_COLUMN.timestampMs]!,
    key: sliceOf(packed, index[at + TASK_COLUMN.keyStart]!, index[at + TASK_COLUMN.keyLength]!),
    value: sliceOf(source, index[at + TASK_COLUMN.start]!, index[at + TASK_COLUMN.length]!) ?? new Uint8Array(0),
  };
}

/** A view, null for a length of -1. */
function sliceOf(source: Uint8Array<ArrayBuffer>, start: number, length: number): Uint8Array<ArrayBuffer> | null {
  if (length < 0) return null;
  invariant(start + length <= source.length, 'a message lies within its buffer');
  return source.subarray(start, start + length);
}

function failureOf(message: TaskMessage, errorClass: string, errorText: string): MessageFailure {
  return {
    offset: message.offset,
    timestampMs: message.timestampMs,
    key: message.key === null ? null : message.key.slice(),
    payload: message.value.slice(),
    errorClass,
    errorText,
  };
}
