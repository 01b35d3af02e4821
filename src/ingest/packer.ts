import { type SlabTask, type SolVolume, TASK_COLUMN, TASK_STRIDE } from '../workers/messages.js';
import type { SourceMessage } from './source.js';

/** From this size on a value moves in the buffer it came in; below, copying it is cheaper than moving one more buffer. */
const LARGE_VALUE_BYTES = 32_768;

/**
 * Makes one task of consecutive messages of one partition. Small values and keys are copied into one buffer; large values
 * keep theirs, which the caller gives away with the task. `run`: as in {@link SlabTask}.
 */
export function pack(messages: readonly SourceMessage[], solVolume: SolVolume, run: number): SlabTask {
  const [first] = messages;
  if (first === undefined) throw new RangeError('a slab holds at least one message');
  const index = new Float64Array(messages.length * TASK_STRIDE);
  const packed = new Uint8Array(packedBytes(messages));
  const large: Uint8Array<ArrayBuffer>[] = [];
  let end = 0;
  let row = 0;
  for (const { offset, timestampMs, key, value } of messages) {
    index[row + TASK_COLUMN.offset] = offset;
    index[row + TASK_COLUMN.timestampMs] = timestampMs;
    index[row + TASK_COLUMN.length] = value === null ? -1 : value.byteLength;
    if (value !== null && value.byteLength >= LARGE_VALUE_BYTES) {
      index[row + TASK_COLUMN.buffer] = large.push(value);
    } else if (value !== null) {
      index[row + TASK_COLUMN.start] = end;
      packed.set(value, end);
      end += value.byteLength;
    }
    index[row + TASK_COLUMN.keyStart] = end;
    index[row + TASK_COLUMN.keyLength] = key === null ? -1 : key.byteLength;
    if (key !== null) {
      packed.set(key, end);
      end += key.byteLength;
    }
    row += TASK_STRIDE;
  }
  const { topic, partition } = first;
  return { topic, partition, messages: messages.length, index, packed, large, run, solVolume };
}

function packedBytes(messages: readonly SourceMessage[]): number {
  let bytes = 0;
  for (const { key, value } of messages) {
    bytes += key?.byteLength ?? 0;
    if (value !== null && value.byteLength < LARGE_VALUE_BYTES) bytes += value.byteLength;
  }
  return bytes;
}
