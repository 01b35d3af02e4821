import type {
  Source,
  SourceHandler,
  SourceMessage,
  TopicPartition,
  TopicPartitionOffset,
  Watermarks,
} from '../../src/ingest/source.js';
import { type ModelBroker, type ModelRecord, TOPIC } from './broker.js';
import type { Network } from './server.js';

interface Assigned {
  readonly partition: number;
  position: number;
  endTold: number;
  /** Out of range: stands still until it is moved. */
  stuck: boolean;
}

interface Seek {
  readonly position: TopicPartitionOffset;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export interface SourceOptions {
  readonly consumeMax: number;
  readonly drainMs: number;
  /** Told of what the engine threw at its source. */
  readonly failed: (error: unknown) => void;
}

const FETCH_BYTES = 1_000_000;
const BROKER_LOOK_MS = 20;
const REJOIN_MS = 150;

/**
 * A member of the group, by the contract of {@link Source}: one consume call in flight, seeks between two calls,
 * rebalances one after the other and answered when the engine has answered.
 */
export class ModelSource implements Source {
  readonly #broker: ModelBroker;
  readonly #network: Network;
  readonly #options: SourceOptions;
  readonly #assigned = new Map<number, Assigned>();
  readonly #stopping = new AbortController();
  #handler: SourceHandler | null = null;
  #rebalances: Promise<void> = Promise.resolve();
  #seeks: Seek[] = [];
  #held = false;
  #calling = false;
  #rejoining = false;
  #round = 0;
  #toldMs = 0;
  /** What the group says to an earlier membership counts for nothing. */
  #membership = 0;

  constructor(broker: ModelBroker, network: Network, options: SourceOptions) {
    this.#broker = broker;
    this.#network = network;
    this.#options = options;
  }

  async start(handler: SourceHandler): Promise<void> {
    this.#handler = handler;
    this.#network.io(this.#network.latency(), () => this.#broker.join(this));
  }

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.wake();
  }

  seek(position: TopicPartitionOffset): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#seeks.push({ position, resolve, reject });
      this.wake();
    });
  }

  commit(positions: readonly TopicPartitionOffset[]): void {
    for (const { partition, offset } of positions) {
      this.#network.io(this.#network.latency(), () => {
        if (!this.#broker.down) this.#broker.committed.set(partition, offset);
      });
    }
  }

  watermarks({ partition }: TopicPartition): Promise<Watermarks> {
    return new Promise((resolve, reject) => {
      this.#network.io(this.#network.latency(), () => {
        if (this.#broker.down) return reject(new Error('the broker is down'));
        const answer = { low: this.#broker.low(partition), high: this.#broker.high(partition) };
        this.#network.io(this.#network.latency(), () => resolve(answer));
      });
    });
  }

  async startOffset({ partition }: TopicPartition, { low }: Watermarks): Promise<number> {
    return this.#broker.committed.get(partition) ?? low;
  }

  fenced({ partition }: TopicPartition): void {
    if (this.#rejoining || this.#stopping.signal.aborted) return;
    this.#rejoining = true;
    this.#network.trace(() => `partition ${partition} is another's: joins the group anew`);
    this.#network.io(REJOIN_MS, () => {
      this.#enqueue(async () => {
        await this.#revoke([...this.#assigned.keys()]);
        this.#rejoining = false;
        this.#membership += 1;
        this.#broker.leave(this);
        if (!this.#stopping.signal.aborted) this.#broker.join(this);
      });
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#enqueue(() => this.#revoke([...this.#assigned.keys()]));
    await this.#rebalances;
    for (const { reject } of this.#seeks.splice(0)) reject(new Error('the source was stopped'));
    this.#broker.leave(this);
  }

  /** The group gives a partition to this member. */
  give(partition: number): void {
    this.#told(() => {
      this.#network.trace(() => `is given partition ${partition}`);
      const membership = this.#membership;
      this.#enqueue(async () => {
        if (membership === this.#membership) await this.#assign(partition);
      });
    });
  }

  /** The group wants a partition back. */
  take(partition: number, done: () => void): void {
    this.#told(() => {
      this.#network.trace(() => `is to give partition ${partition} up`);
      const membership = this.#membership;
      this.#enqueue(async () => {
        await this.#revoke([partition]);
        this.#network.io(this.#network.latency(), () => {
          if (membership === this.#membership) done();
        });
      });
    });
  }

  /** The session ran out: the group gave everything to others long ago. */
  expelled(asLost: boolean): void {
    this.#membership += 1;
    this.#enqueue(async () => {
      const partitions = [...this.#assigned.keys()];
      this.#network.trace(
        () => `learns that the group has expelled it (partitions ${partitions.join(', ') || 'none'})`,
      );
      if (asLost) {
        for (const partition of partitions) this.#assigned.delete(partition);
        this.#handler!.lost(partitions.map((partition) => ({ topic: TOPIC, partition })));
      } else {
        await this.#revoke(partitions);
      }
      if (!this.#stopping.signal.aborted) this.#broker.join(this);
    });
  }

  wake(): void {
    if (this.#calling || this.#network.dead) return;
    this.#calling = true;
    this.#network.io(this.#network.latency(), () => this.#poll());
  }

  /** What the group says reaches a member in the order it was said. */
  #told(run: () => void): void {
    const membership = this.#membership;
    this.#toldMs = Math.max(this.#toldMs, performance.now() + this.#network.latency());
    this.#network.io(this.#toldMs - performance.now(), () => {
      if (membership === this.#membership) run();
    });
  }

  #enqueue(change: () => Promise<void>): void {
    this.#rebalances = this.#rebalances.then(change).catch((error: unknown) => this.#options.failed(error));
  }

  async #assign(partition: number): Promise<void> {
    if (this.#stopping.signal.aborted || !this.#broker.owns(this, partition)) return;
    const starts = await this.#handler!.assigned([{ topic: TOPIC, partition }], this.#stopping.signal);
    this.#forgetSeeks(partition);
    for (const { offset } of starts) {
      this.#network.trace(() => `reads partition ${partition} from offset ${offset}`);
      this.#assigned.set(partition, { partition, position: offset, endTold: -1, stuck: false });
    }
    this.wake();
  }

  async #revoke(partitions: readonly number[]): Promise<void> {
    const held = partitions.filter((partition) => this.#assigned.has(partition));
    if (held.length === 0) return;
    const drain = new AbortController();
    const timer = setTimeout(() => {
      this.#network.count('drain over its budget');
      drain.abort();
    }, this.#options.drainMs);
    await this.#handler!.revoked(
      held.map((partition) => ({ topic: TOPIC, partition })),
      drain.signal,
    );
    clearTimeout(timer);
    for (const partition of held) {
      this.#assigned.delete(partition);
      this.#forgetSeeks(partition);
    }
  }

  #forgetSeeks(partition: number): void {
    const pointless = this.#seeks.filter(({ position }) => position.partition === partition);
    this.#seeks = this.#seeks.filter((seek) => !pointless.includes(seek));
    for (const { resolve } of pointless) resolve();
  }

  #poll(): void {
    for (const seek of this.#seeks.splice(0)) this.#runSeek(seek);
    if (this.#broker.down && this.#broker.members.has(this)) {
      this.#network.io(BROKER_LOOK_MS, () => this.#poll());
      return;
    }
    this.#calling = false;
    if (this.#held || this.#stopping.signal.aborted) return;
    const fetched = this.#fetch();
    const outOfRange = [...this.#assigned.values()].some(
      (at) => !at.stuck && at.position < this.#broker.low(at.partition),
    );
    const atEnd = [...this.#assigned.values()].some((at) => this.#isAtEnd(at));
    if (fetched.length === 0 && !outOfRange && !atEnd) return;
    this.#calling = true;
    this.#network.io(this.#network.latency(), () => this.#deliver(fetched, outOfRange));
  }

  /** Nothing but empty offsets, if any, lies before the end, and that was not told yet. */
  #isAtEnd(at: Assigned): boolean {
    const { partition, position, endTold, stuck } = at;
    if (stuck || position < this.#broker.low(partition) || endTold === this.#broker.high(partition)) return false;
    return this.#broker.recordsFrom(partition, position, 1).length === 0;
  }

  #runSeek({ position, resolve, reject }: Seek): void {
    const at = this.#assigned.get(position.partition);
    if (at === undefined) {
      resolve();
      return;
    }
    if (this.#broker.down) {
      reject(new Error('the broker is down'));
      return;
    }
    this.#network.trace(() => `goes on reading partition ${at.partition} from offset ${position.offset}`);
    at.position = position.offset;
    at.endTold = -1;
    at.stuck = false;
    resolve();
  }

  /** What one consume call brings: as much as the handler has room for, or one message. */
  #fetch(): { at: Assigned; record: ModelRecord }[] {
    const room = Math.min(FETCH_BYTES, this.#handler!.freeBytes);
    const fetched: { at: Assigned; record: ModelRecord }[] = [];
    let bytes = 0;
    const all = [...this.#assigned.values()];
    this.#round += 1;
    for (let i = 0; i < all.length; i++) {
      const at = all[(i + this.#round) % all.length]!;
      if (at.stuck || at.position < this.#broker.low(at.partition)) continue;
      for (const record of this.#broker.recordsFrom(at.partition, at.position, this.#options.consumeMax)) {
        bytes += record.message.bytes;
        if (fetched.length > 0 && (bytes > room || fetched.length >= this.#options.consumeMax)) return fetched;
        fetched.push({ at, record });
      }
    }
    return fetched;
  }

  #deliver(fetched: readonly { at: Assigned; record: ModelRecord }[], outOfRange: boolean): void {
    this.#calling = false;
    const fresh = fetched.filter(({ at }) => this.#assigned.get(at.partition) === at);
    for (const { at, record } of fresh) at.position = record.offset + 1;
    if (fresh.length > 0) {
      this.#network.trace(
        () => `receives ${fresh.map(({ at, record }) => `${at.partition}@${record.offset}`).join(' ')}`,
      );
      this.#handler!.messages(fresh.map(({ at, record }) => messageOf(at.partition, record)));
    }
    for (const at of [...this.#assigned.values()]) {
      if (!this.#isAtEnd(at)) continue;
      at.position = this.#broker.high(at.partition);
      at.endTold = at.position;
      this.#handler!.endReached({ topic: TOPIC, partition: at.partition, offset: at.position });
    }
    if (outOfRange) this.#tellOutOfRange();
    this.wake();
  }

  /** The client's error names no partition: all are asked to look. */
  #tellOutOfRange(): void {
    for (const at of [...this.#assigned.values()]) {
      if (at.position < this.#broker.low(at.partition)) at.stuck = true;
      this.#handler!.outOfRange({ topic: TOPIC, partition: at.partition });
    }
  }
}

function messageOf(partition: number, { offset, message }: ModelRecord): SourceMessage {
  const { kind, bytes, id, timestampMs } = message;
  const value = kind === 'null' ? null : new Uint8Array(bytes);
  if (value !== null) new DataView(value.buffer).setUint32(0, id);
  return { topic: TOPIC, partition, offset, timestampMs, key: null, value };
}
