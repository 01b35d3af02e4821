import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../src/commands/demo/generator/random.js';
import { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import type { RoledDatabase } from '../support/least-privilege.js';
import type { SoakProducer } from './producer.js';
import type { Sampler } from './sampler.js';

export type DisturbanceKind = 'idle' | 'reconnect' | 'rebalance';

const KINDS: readonly DisturbanceKind[] = ['idle', 'reconnect', 'rebalance'];
const EVERY_MS = { from: 6_000, to: 14_000 } as const;
const IDLE_MS = { from: 1_000, to: 4_000 } as const;
/** Until a process is at rest again, and what it missed has landed. */
const SETTLE_MS = 4_000;

export interface DisturbedParts {
  readonly database: RoledDatabase;
  readonly producer: SoakProducer;
  readonly engine: EngineProcess;
  readonly engineEnvironment: Readonly<Record<string, string>>;
  readonly sampler: Sampler;
  readonly random: Random;
}

/** What happens to an engine on any day, over and over, so that what each time leaves behind adds up. */
export class Disturbances {
  readonly counts: Record<DisturbanceKind, number> = { idle: 0, reconnect: 0, rebalance: 0 };
  readonly #parts: DisturbedParts;

  constructor(parts: DisturbedParts) {
    this.#parts = parts;
  }

  /** Until aborted; a disturbance under way is ended first. */
  async run(enough: AbortSignal): Promise<void> {
    const { random, sampler } = this.#parts;
    // Every kind comes in every round, in an order of its own.
    while (!enough.aborted) {
      const round = [...KINDS].sort(() => random.between(0, 1) - 0.5);
      for (const kind of round) {
        await delay(random.between(EVERY_MS.from, EVERY_MS.to), undefined, { signal: enough }).catch(() => {});
        if (enough.aborted) return;
        const from = Date.now();
        await this[kind]();
        this.counts[kind] += 1;
        sampler.disturbed(from, Date.now() + SETTLE_MS);
      }
    }
  }

  /** Nothing comes for a while. */
  async idle(): Promise<void> {
    const { producer, random } = this.#parts;
    await producer.pause();
    await delay(random.between(IDLE_MS.from, IDLE_MS.to));
    producer.resume();
  }

  /** The database ends every connection the engine has. */
  async reconnect(): Promise<void> {
    const { database } = this.#parts;
    await database.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [
      database.roles.engine,
    ]);
  }

  /** A second engine joins the group and leaves it. */
  async rebalance(): Promise<void> {
    const { engine, engineEnvironment } = this.#parts;
    const second = new EngineProcess(engineEnvironment);
    try {
      await until('the second engine owns a partition', async () => (await this.#owners()).some(isOf(second)), {
        explain: () => second.output.slice(-4_000),
        hopeless: () => !second.running,
      });
      await second.stop();
      await until(
        'the first engine owns all partitions again',
        async () => (await this.#owners()).every(isOf(engine)),
        {
          explain: () => engine.output.slice(-4_000),
          hopeless: () => !engine.running,
        },
      );
    } finally {
      await second.kill();
    }
  }

  async #owners(): Promise<string[]> {
    const rows = await this.#parts.database.query<{ owner: string }>('SELECT owner FROM kafka_offsets');
    return rows.map(({ owner }) => owner);
  }
}

function isOf({ pid }: EngineProcess): (owner: string) => boolean {
  return (owner) => owner.includes(`-${pid}-`);
}
