import type { PlannedMessage } from './plan.js';
import type { ModelSource } from './source.js';
import type { VirtualTime } from './virtual-time.js';

export interface ModelRecord {
  readonly offset: number;
  readonly message: PlannedMessage;
}

interface Log {
  readonly records: ModelRecord[];
  readonly byOffset: Map<number, PlannedMessage>;
  low: number;
  high: number;
}

export const TOPIC = 'topic';

/** The topic's partitions and the group that reads them. */
export class ModelBroker {
  readonly committed = new Map<number, number>();
  readonly members = new Set<ModelSource>();
  downUntilMs = 0;
  readonly #time: VirtualTime;
  readonly #random: () => number;
  readonly #logs: Log[];
  readonly #owners: (ModelSource | null)[];
  readonly #moving: boolean[];
  readonly #targets: (ModelSource | null)[];
  readonly #history: ModelSource[][];
  readonly #count: (what: string) => void;

  constructor(partitions: number, time: VirtualTime, random: () => number, count: (what: string) => void) {
    this.#count = count;
    this.#time = time;
    this.#random = random;
    this.#logs = Array.from({ length: partitions }, () => ({ records: [], byOffset: new Map(), low: 0, high: 0 }));
    this.#owners = this.#logs.map(() => null);
    this.#targets = this.#logs.map(() => null);
    this.#moving = this.#logs.map(() => false);
    this.#history = this.#logs.map(() => []);
  }

  get down(): boolean {
    return this.#time.nowMs < this.downUntilMs;
  }

  low(partition: number): number {
    return this.#logs[partition]!.low;
  }

  high(partition: number): number {
    return this.#logs[partition]!.high;
  }

  messageAt(partition: number, offset: number): PlannedMessage | undefined {
    return this.#logs[partition]!.byOffset.get(offset);
  }

  /** Records from an offset on, at most so many. */
  recordsFrom(partition: number, offset: number, most: number): ModelRecord[] {
    const { records } = this.#logs[partition]!;
    let at = records.length;
    while (at > 0 && records[at - 1]!.offset >= offset) at -= 1;
    return records.slice(at, at + most);
  }

  produce(message: PlannedMessage): void {
    const log = this.#logs[message.partition]!;
    log.high += message.skipped;
    if (message.kind !== 'marker') {
      log.records.push({ offset: log.high, message });
      log.byOffset.set(log.high, message);
      log.high += 1;
    }
    for (const member of this.members) member.wake();
  }

  /** Deletes the oldest share of what a partition holds. */
  expire(partition: number, share: number): void {
    const log = this.#logs[partition]!;
    log.low = Math.min(log.high, log.low + Math.ceil((log.high - log.low) * share));
    while (log.records.length > 0 && log.records[0]!.offset < log.low) log.records.shift();
    for (const member of this.members) member.wake();
  }

  join(member: ModelSource): void {
    this.members.add(member);
    this.rebalance();
  }

  /** It has given its partitions back, or is given up. */
  leave(member: ModelSource): void {
    this.members.delete(member);
    for (const [partition, owner] of this.#owners.entries()) {
      if (owner !== member) continue;
      this.#owners[partition] = null;
      this.#moving[partition] = false;
    }
    this.rebalance();
  }

  /** Gives every partition a member, mostly the one it has. */
  rebalance(): void {
    const members = [...this.members];
    for (const partition of this.#logs.keys()) {
      const owner = this.#owners[partition]!;
      const stays = owner !== null && this.members.has(owner) && this.#random() < 0.5;
      if (!stays) this.#targets[partition] = members[Math.floor(this.#random() * members.length)] ?? null;
      else this.#targets[partition] = owner;
      this.#settle(partition);
    }
  }

  owns(member: ModelSource, partition: number): boolean {
    return this.#owners[partition] === member;
  }

  #settle(partition: number): void {
    const owner = this.#owners[partition]!;
    const target = this.#targets[partition]!;
    if (owner === target || this.#moving[partition]) return;
    if (owner === null) {
      if (target === null || !this.members.has(target)) return;
      this.#owners[partition] = target;
      const [before, between] = this.#history[partition]!.slice(-2);
      if (before === target && between !== target) this.#count('partition came back');
      this.#history[partition]!.push(target);
      target.give(partition);
      return;
    }
    this.#moving[partition] = true;
    owner.take(partition, () => {
      if (this.#owners[partition] !== owner) return;
      this.#owners[partition] = null;
      this.#moving[partition] = false;
      this.#settle(partition);
    });
  }
}
