import type { Generation } from './fleet.js';
import type { KillerStage } from './killer.js';
import type { FaultKind, PlannedFault } from './schedule.js';

/** Part of the statement that commits a batch. */
const ADVANCE = 'kafka_offsets_advance';
const COMMIT_TIMEOUT_MS = 5_000;
const PATIENCE_MS = 5_000;

/** Harms connections and the broker as the schedule says; what it does ends by itself. */
export class Faults {
  readonly counts: Partial<Record<FaultKind, number>> = {};
  /** Faults that found nothing to harm. */
  idle = 0;
  readonly #stage: KillerStage;
  readonly #underWay = new Set<Promise<void>>();
  #lastAt = 0;

  constructor(stage: KillerStage) {
    this.#stage = stage;
  }

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  /**
   * Whether a fault would meet engines at work: after one, something must land, or five seconds pass, before the next. On a
   * slow machine one would follow the other and nothing else would ever happen.
   */
  isDue(nowMs: number): boolean {
    return nowMs - this.#lastAt >= PATIENCE_MS || this.#stage.watch.lastMoveAt > this.#lastAt;
  }

  begin(plan: PlannedFault): void {
    this.#lastAt = Date.now();
    const done = this.#run(plan)
      .then((happened) => {
        if (happened) this.counts[plan.kind] = (this.counts[plan.kind] ?? 0) + 1;
        else this.idle += 1;
      })
      // The database may be away just now: then there was nothing to harm.
      .catch(() => {
        this.idle += 1;
      })
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #run(plan: PlannedFault): Promise<boolean> {
    const { database, broker, fleet } = this.#stage;
    switch (plan.kind) {
      case 'scale':
        fleet.scale(plan.engines);
        return true;
      case 'terminate-backends':
        return (await database.terminateBackends()) > 0;
      case 'slow-broker':
        await broker.slowFor(plan.durationMs);
        return true;
      case 'failing-broker':
        await broker.failSome();
        return true;
      default: {
        const running = fleet.running.filter((generation) => fleet.landed(generation));
        const target = running[Math.floor(plan.pick * running.length)];
        return target !== undefined && harm(plan, target);
      }
    }
  }
}

async function harm({ kind, durationMs }: PlannedFault, { seat }: Generation): Promise<boolean> {
  const { database, kafka } = seat;
  switch (kind) {
    case 'sever-database':
      await database.severFor(durationMs / 3);
      return true;
    case 'stall-database':
      await database.stallFor(durationMs);
      return true;
    case 'strand-database':
      await database.strandFor(Math.min(durationMs, 500));
      return true;
    case 'lose-commit':
      return database.loseAnswerTo(ADVANCE, COMMIT_TIMEOUT_MS);
    case 'cut-before-commit':
      return database.cutBefore(ADVANCE, COMMIT_TIMEOUT_MS);
    case 'sever-kafka':
      await kafka.severFor(durationMs / 3);
      return true;
    default:
      await kafka.stallFor(durationMs);
      return true;
  }
}
