import { setTimeout as delay } from 'node:timers/promises';
import type { EngineExit } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import type { ChaosBroker } from './broker.js';
import type { ChaosDatabase } from './database.js';
import type { Fleet, Generation } from './fleet.js';
import type { ChaosProducer } from './producer.js';
import type { KillKind, PlannedKill } from './schedule.js';
import type { Watch } from './watch.js';

export interface KillerStage {
  readonly database: ChaosDatabase;
  readonly broker: ChaosBroker;
  readonly fleet: Fleet;
  readonly producer: ChaosProducer;
  readonly watch: Watch;
}

/** How engines ended that were told to, and what became of zombies. */
export interface Endings {
  /** SIGTERM: with 0, all landed. */
  clean: number;
  /** SIGTERM: something had not landed in time, for the database or the broker was away. */
  unsettled: number;
  /** SIGTERM before the engine had its handlers. */
  beforeStart: number;
  forced: number;
  /** Zombies whose partitions others had when they woke. */
  overtaken: number;
  notOvertaken: number;
}

const STOP_TIMEOUT_MS = 40_000;
const OVERTAKEN_TIMEOUT_MS = 30_000;
const ZOMBIE_LIFE_MS = 1_500;
const BROKER_DOWN_MS = 1_000;

/** Does what the schedule says. */
export class Killer {
  readonly kills: Record<KillKind, number> = {
    sigkill: 0,
    sigterm: 0,
    'second-signal': 0,
    zombie: 0,
    'database-fast': 0,
    'database-immediate': 0,
    broker: 0,
  };
  readonly endings: Endings = {
    clean: 0,
    unsettled: 0,
    beforeStart: 0,
    forced: 0,
    overtaken: 0,
    notOvertaken: 0,
  };
  /** What went against the promise, a sentence each. */
  readonly findings: string[] = [];
  readonly #stage: KillerStage;
  readonly #underWay = new Set<Promise<void>>();
  #databaseBusy = false;
  #brokerBusy = false;
  #brokerBackAt = 0;

  constructor(stage: KillerStage) {
    this.#stage = stage;
  }

  get total(): number {
    return Object.values(this.kills).reduce((sum, count) => sum + count, 0);
  }

  /** Begins a kill; false where nothing is there that it may hit now. */
  begin(plan: PlannedKill): boolean {
    const work = this.#workOf(plan);
    if (work === null) return false;
    this.kills[plan.kind] += 1;
    const done = work
      .catch((error: unknown) => {
        this.findings.push(`${plan.kind} failed: ${error instanceof Error ? error.message : error}`);
      })
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    return true;
  }

  /** Resolves when everything begun is over. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #workOf(plan: PlannedKill): Promise<void> | null {
    switch (plan.kind) {
      case 'database-fast':
        return this.#database('fast', plan);
      case 'database-immediate':
        return this.#database('immediate', plan);
      case 'broker':
        return this.#broker(plan);
      default:
        return this.#engine(plan);
    }
  }

  #engine(plan: PlannedKill): Promise<void> | null {
    const { fleet, watch } = this.#stage;
    const owns = ({ process }: Generation) => plan.kind !== 'zombie' || watch.partitionsOf(process.pid).length > 0;
    const victims = fleet.victims(plan.early && plan.kind !== 'zombie').filter(owns);
    const victim = victims[Math.floor(plan.pick * victims.length)];
    if (victim === undefined) return null;
    victim.doomed = true;
    victim.seat.freeAt = Date.now() + plan.downMs;
    if (plan.kind === 'sigkill') return victim.process.kill();
    if (plan.kind === 'zombie') return this.#zombie(victim, plan);
    return this.#terminate(victim, plan);
  }

  async #terminate({ process, number }: Generation, { kind, delayMs }: PlannedKill): Promise<void> {
    process.signal('SIGTERM');
    if (kind === 'second-signal') {
      await delay(delayMs);
      process.signal('SIGTERM');
    }
    const deadline = setTimeout(() => process.signal('SIGKILL'), STOP_TIMEOUT_MS);
    const exit = await process.exited;
    clearTimeout(deadline);
    const ending = endingOf(exit, process.output);
    if (ending === null) this.findings.push(`engine ${number} ended with ${exit.signal ?? exit.code} after SIGTERM`);
    else this.endings[ending] += 1;
  }

  /** Stopped until others have its partitions, and then let go on: what it still writes must count for nothing. */
  async #zombie(victim: Generation, { delayMs }: PlannedKill): Promise<void> {
    const { watch, fleet } = this.#stage;
    const { process, number } = victim;
    const partitions = watch.partitionsOf(process.pid);
    process.signal('SIGSTOP');
    // One that is doomed does not count among those that run: where it was the only one, another starts.
    const overtaken = () => partitions.every((partition) => watch.owners.get(partition) !== process.pid);
    try {
      await until(`others have the partitions of engine ${number}`, overtaken, { timeoutMs: OVERTAKEN_TIMEOUT_MS });
      this.endings.overtaken += 1;
    } catch {
      this.endings.notOvertaken += 1;
    }
    await delay(delayMs);
    process.signal('SIGCONT');
    await Promise.race([delay(ZOMBIE_LIFE_MS), process.exited]);
    const tooMany = fleet.running.filter(({ doomed }) => !doomed).length >= fleet.target;
    if (tooMany) await process.kill();
    else victim.doomed = false;
  }

  #database(mode: 'fast' | 'immediate', { downMs }: PlannedKill): Promise<void> | null {
    if (this.#databaseBusy) return null;
    this.#databaseBusy = true;
    const { server } = this.#stage.database;
    const restart = async (): Promise<void> => {
      await server.halt(mode);
      await delay(downMs);
      await server.resume();
    };
    return restart().finally(() => {
      this.#databaseBusy = false;
    });
  }

  #broker({ downMs }: PlannedKill): Promise<void> | null {
    const { broker, producer, watch } = this.#stage;
    // Not again before something has landed: it takes seconds to come back, and the engines to find that out.
    if (this.#brokerBusy || watch.lastMoveAt <= this.#brokerBackAt) return null;
    this.#brokerBusy = true;
    const kill = () => broker.killFor(BROKER_DOWN_MS + downMs);
    return (broker.idempotent ? kill() : producer.around(kill)).finally(() => {
      this.#brokerBusy = false;
      this.#brokerBackAt = Date.now();
    });
  }
}

/** How an engine ended that was told to; null where it may not end so. */
export function endingOf({ code, signal }: EngineExit, output: string): keyof Endings | null {
  const says = (event: string): boolean => output.includes(`"${event}"`);
  if (code === 0) return 'clean';
  if (code === 1 && says('shutdown_forced')) return 'forced';
  if (code === 1 && (says('stopped_unsettled') || says('shutdown_deadline'))) return 'unsettled';
  // It was failing on its way up, as one does that meets no broker.
  if (code === 1 && says('engine_failed') && !says('engine_started')) return 'beforeStart';
  return signal === 'SIGTERM' && !says('shutdown') ? 'beforeStart' : null;
}
