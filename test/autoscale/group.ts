/** Seconds and messages a second; a message is one of the topic. */
export interface GroupOptions {
  readonly partitions: number;
  /** What one engine lands at the most. */
  readonly podRate: number;
  /** From the decision for a pod until the group gives it partitions: scheduling, image, start, join. */
  readonly podStartSeconds: number;
  /** How long a partition stands still that changes hands: drained, given back, claimed. The others go on: cooperative-sticky. */
  readonly moveSeconds: number;
  /** Share of what the database takes that each engine beyond the first costs it, in locks and memory. */
  readonly databaseCostOfPod: number;
}

export const GROUP: GroupOptions = {
  partitions: 6,
  podRate: 500,
  podStartSeconds: 25,
  moveSeconds: 4,
  databaseCostOfPod: 0.03,
};

interface Pod {
  readonly readyAt: number;
}

/** Nobody has the partition. */
const NONE = -1;

/** A consumer group and its topic, second by second: which engine has which partition, and what waits in each. */
export class Group {
  readonly #options: GroupOptions;
  readonly #waiting: Float64Array;
  /** Places in `#members`. */
  readonly #owners: Int32Array;
  readonly #standsUntil: Float64Array;
  /** By member: what waits in its partitions that do not stand still. */
  #offered = new Float64Array(0);
  readonly #pods: Pod[];
  #members: readonly Pod[] = [];
  /** Until when nothing changes by itself. */
  #steadyUntil = 0;
  #up = true;
  #saturated = false;
  #landed = 0;

  constructor(options: GroupOptions, replicas: number) {
    this.#options = options;
    this.#waiting = new Float64Array(options.partitions);
    this.#owners = new Int32Array(options.partitions).fill(NONE);
    this.#standsUntil = new Float64Array(options.partitions);
    this.#pods = Array.from({ length: replicas }, () => ({ readyAt: 0 }));
  }

  get lag(): number {
    let sum = 0;
    for (let at = 0; at < this.#waiting.length; at += 1) sum += this.#waiting[at]!;
    return sum;
  }

  /** Lag that more engines could work off. */
  get usefulLag(): number {
    return this.#saturated ? 0 : this.lag;
  }

  get replicas(): number {
    return this.#pods.length;
  }

  /** Messages landed so far. */
  get landed(): number {
    return this.#landed;
  }

  /** Partitions by the member that has them, members in the order they came. */
  get shares(): number[] {
    return this.#members.map((_, member) => this.#owners.filter((owner) => owner === member).length);
  }

  /** New pods come up in their time; the newest go first. */
  scale(nowSeconds: number, replicas: number): void {
    const { podStartSeconds } = this.#options;
    while (this.#pods.length < replicas) this.#pods.push({ readyAt: nowSeconds + podStartSeconds });
    this.#pods.length = Math.min(this.#pods.length, replicas);
    this.#steadyUntil = nowSeconds;
  }

  /** A second: what is produced in it, what the database would take from one engine, and whether engines can run. */
  tick(nowSeconds: number, produced: number, database: number, up: boolean): void {
    if (nowSeconds >= this.#steadyUntil || up !== this.#up) this.#lookAround(nowSeconds, up);
    const waiting = this.#waiting;
    for (let at = 0; at < waiting.length; at += 1) waiting[at]! += produced / waiting.length;
    this.#land(nowSeconds, database * Math.max(0, 1 - this.#options.databaseCostOfPod * (this.#members.length - 1)));
  }

  /** Each engine lands at its rate what it is offered, all together no more than the database takes. */
  #land(nowSeconds: number, databaseRate: number): void {
    const { podRate } = this.#options;
    const offered = this.#offered.fill(0);
    const runs = (at: number): boolean => this.#owners[at] !== NONE && this.#standsUntil[at]! <= nowSeconds;
    for (let at = 0; at < this.#waiting.length; at += 1)
      if (runs(at)) offered[this.#owners[at]!]! += this.#waiting[at]!;
    let wanted = 0;
    for (let member = 0; member < offered.length; member += 1) wanted += Math.min(offered[member]!, podRate);
    this.#saturated = wanted > databaseRate;
    const granted = this.#saturated ? databaseRate / wanted : 1;
    for (let at = 0; at < this.#waiting.length; at += 1) {
      const lag = this.#runs(at, nowSeconds) ? offered[this.#owners[at]!]! : 0;
      if (lag === 0) continue;
      const landed = this.#waiting[at]! * Math.min(1, podRate / lag) * granted;
      this.#waiting[at]! -= landed;
      this.#landed += landed;
    }
  }

  #runs(partition: number, nowSeconds: number): boolean {
    return this.#owners[partition] !== NONE && this.#standsUntil[partition]! <= nowSeconds;
  }

  #lookAround(nowSeconds: number, up: boolean): void {
    this.#up = up;
    const members = up ? this.#pods.filter(({ readyAt }) => readyAt <= nowSeconds) : [];
    this.#steadyUntil = Math.min(...this.#pods.map(({ readyAt }) => readyAt).filter((at) => at > nowSeconds));
    if (members.length === this.#members.length && members.every((pod, at) => pod === this.#members[at])) return;
    this.#rebalance(nowSeconds, members);
  }

  /** Everybody keeps what fair shares let them keep; what moves stands still for a while. */
  #rebalance(nowSeconds: number, members: readonly Pod[]): void {
    const before = [...this.#owners].map((owner) => this.#members[owner]);
    const { partitions, moveSeconds } = this.#options;
    const share = Math.floor(partitions / Math.max(1, members.length));
    let extra = partitions - share * members.length;
    const held = members.map(() => 0);
    const homeless: number[] = [];
    before.forEach((pod, at) => {
      const member = pod === undefined ? NONE : members.indexOf(pod);
      const count = held[member];
      if (count !== undefined && (count < share || (count === share && extra > 0))) {
        if (count === share) extra -= 1;
        held[member] = count + 1;
        this.#owners[at] = member;
      } else homeless.push(at);
    });
    for (const at of homeless) {
      const heir = held.indexOf(Math.min(...held));
      this.#owners[at] = heir;
      if (heir !== NONE) held[heir]! += 1;
      this.#standsUntil[at] = nowSeconds + moveSeconds;
    }
    this.#members = members;
    this.#offered = new Float64Array(members.length);
  }
}
