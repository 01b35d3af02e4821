import { invariant } from '../errors.js';
import type { SlabTask, SolVolume } from '../workers/messages.js';
import { pack } from './packer.js';
import type { SourceMessage, TopicPartition } from './source.js';
import { Suspects } from './suspects.js';

/** Runs of reading so far, of all partitions. */
let runs = 0;

/** What a message costs in memory beyond its bytes: the objects around them. */
const MESSAGE_OVERHEAD_BYTES = 256;

/** A stretch [from, to) of one partition on its way to a worker. */
export interface Slab {
  /** The tenure it was packed in; results of another one are dropped. */
  readonly tenure: number;
  readonly from: number;
  readonly to: number;
  /** After its last message; up to `to` there is none. */
  readonly messagesTo: number;
  readonly task: SlabTask;
  /** What the slab holds of the budget. */
  readonly heldBytes: number;
  readonly oldestTimestampMs: number;
  readonly newestTimestampMs: number;
  /** The only message, kept where this is its last try. */
  readonly lastChance: SourceMessage | null;
}

/** What a message holds of the budget while it is raw. */
export function heldBytesOf(message: SourceMessage): number {
  return (message.value?.byteLength ?? 0) + (message.key?.byteLength ?? 0) + MESSAGE_OVERHEAD_BYTES;
}

/**
 * The receiving end of one partition: takes messages in offset order, gives them out as slabs without a hole.
 *
 * A *tenure* is an unbroken run of reading: it ends, and its number grows, whenever the position jumps (an assignment,
 * a seek back). Slabs cover the offsets from the end of the one before, so offsets that Kafka never delivers
 * (transaction markers, compacted records) lie inside a slab and do not stop the partition.
 */
export class PartitionIntake {
  readonly topic: string;
  readonly partition: number;
  readonly #suspects: Suspects;
  #tenure = 0;
  /** The tenure's number in this process. */
  #run = ++runs;
  #packed: number;
  #received: number;
  #end = 0;
  #pending: SourceMessage[] = [];
  #pendingBytes = 0;
  #pendingSinceMs = 0;

  constructor({ topic, partition }: TopicPartition, position: number, attempts: number) {
    this.topic = topic;
    this.partition = partition;
    this.#packed = position;
    this.#received = position;
    this.#suspects = new Suspects(attempts);
  }

  get tenure(): number {
    return this.#tenure;
  }

  /** A slab of it took its worker down and the guilty message is not found yet: slabs should go one at a time. */
  get suspicious(): boolean {
    return !this.#suspects.none;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get pendingMessages(): number {
    return this.#pending.length;
  }

  /** Since when the oldest unpacked message waits; meaningless while there is none. */
  get pendingSinceMs(): number {
    return this.#pendingSinceMs;
  }

  /** Takes a message unless it lies before the position. Returns the bytes it holds, 0 where it was not taken. */
  accept(message: SourceMessage, nowMs: number): number {
    if (message.offset < this.#received) return 0;
    if (this.#pending.length === 0) this.#pendingSinceMs = nowMs;
    const held = heldBytesOf(message);
    this.#pending.push(message);
    this.#pendingBytes += held;
    this.#received = message.offset + 1;
    return held;
  }

  /**
   * The partition ends at `offset`. Returns the stretch up to there where no message lies in it, to be landed as empty;
   * where messages still wait, the last slab of them will reach up to there.
   */
  acceptEnd(offset: number): { from: number; to: number } | null {
    this.#end = offset;
    if (this.#pending.length > 0 || offset <= this.#packed) return null;
    const stretch = { from: this.#packed, to: offset };
    this.#packed = offset;
    this.#received = offset;
    return stretch;
  }

  /** Packs up to about `maxBytes` of what waits. */
  takeSlab(maxBytes: number, solVolume: SolVolume, nowMs: number): Slab {
    const count = this.#slabLength(maxBytes);
    const messages = this.#pending.splice(0, count);
    const from = this.#packed;
    const [first] = messages;
    const last = messages.at(-1);
    invariant(first && last, `partition ${this.partition} was asked for a slab while nothing waits`);
    const messagesTo = last.offset + 1;
    const to = this.#pending.length === 0 ? Math.max(messagesTo, this.#end) : messagesTo;
    const heldBytes = messages.reduce((sum, message) => sum + heldBytesOf(message), 0);
    const lastChance = this.#suspects.lastChance(from, messagesTo, count) ? copyOf(first) : null;
    this.#packed = to;
    this.#received = Math.max(this.#received, to);
    this.#pendingBytes -= heldBytes;
    this.#pendingSinceMs = nowMs;
    const { oldest, newest } = timestampRange(messages);
    return {
      tenure: this.#tenure,
      from,
      to,
      messagesTo,
      task: pack(messages, solVolume, this.#run),
      heldBytes,
      oldestTimestampMs: oldest,
      newestTimestampMs: newest,
      lastChance,
    };
  }

  /** Starts over at `position`: a new tenure. Returns the bytes that the dropped messages held. */
  restart(position: number): number {
    const dropped = this.#pendingBytes;
    this.#tenure += 1;
    this.#run = ++runs;
    this.#packed = position;
    this.#received = position;
    this.#end = 0;
    this.#pending = [];
    this.#pendingBytes = 0;
    return dropped;
  }

  /** Drops what is not packed yet, in the same tenure. Returns the bytes it held. */
  discardPending(): number {
    const dropped = this.#pendingBytes;
    this.#received = this.#packed;
    this.#pending = [];
    this.#pendingBytes = 0;
    return dropped;
  }

  /** A slab of this tenure took its worker down. */
  slabFailed(slab: Slab): 'retry' | 'poison' {
    // Not `to`: whether the end is known when a slab is packed differs from one try to the next.
    return this.#suspects.failed(slab.from, slab.messagesTo, slab.task.messages);
  }

  slabPassed(slab: Slab): void {
    this.#suspects.passed(slab.to);
  }

  #slabLength(maxBytes: number): number {
    const edge = this.#suspects.edgeAfter(this.#packed);
    let bytes = 0;
    let count = 0;
    for (const message of this.#pending) {
      bytes += heldBytesOf(message);
      if (count > 0 && (bytes > maxBytes || message.offset >= edge)) break;
      count += 1;
    }
    return count;
  }
}

function timestampRange(messages: readonly SourceMessage[]): { oldest: number; newest: number } {
  let oldest = -1;
  let newest = -1;
  for (const { timestampMs } of messages) {
    if (timestampMs < 0) continue;
    if (oldest < 0 || timestampMs < oldest) oldest = timestampMs;
    if (timestampMs > newest) newest = timestampMs;
  }
  return { oldest, newest };
}

function copyOf(message: SourceMessage): SourceMessage {
  return { ...message, key: message.key?.slice() ?? null, value: message.value?.slice() ?? null };
}
