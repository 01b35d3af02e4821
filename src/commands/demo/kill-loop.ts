import { setTimeout } from 'node:timers/promises';
import type { EngineChild } from './engine-child.js';

export interface KillLoopOptions {
  /** Null for no kills at all. */
  readonly everySeconds: number | null;
  /** How long a killed engine stays dead. */
  readonly restartDelayMs: number;
  /** Resolves when the engine just started has its partitions, or the signal aborts. The first one has them. */
  readonly untilAtWork: (signal: AbortSignal) => Promise<void>;
}

/**
 * Kills an engine and starts it again, until stopped. The time counts from when the engine has its partitions: after a
 * kill its group waits for the dead member's session to end, and an engine killed before that would never do anything.
 */
export class KillLoop {
  readonly #abort = new AbortController();
  readonly #ended: Promise<void>;
  kills = 0;

  constructor(engine: EngineChild, options: KillLoopOptions) {
    const { everySeconds } = options;
    this.#ended = everySeconds === null ? Promise.resolve() : this.#run(engine, everySeconds * 1_000, options);
    this.#ended.catch(() => {});
  }

  /** The engine runs when this resolves, and is left alone from then on. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  async #run(engine: EngineChild, everyMs: number, { restartDelayMs, untilAtWork }: KillLoopOptions): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await setTimeout(everyMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await engine.kill();
      this.kills += 1;
      await setTimeout(restartDelayMs);
      engine.start();
      await untilAtWork(signal);
    }
  }
}
