import { setTimeout } from 'node:timers/promises';
import type { EngineChild } from './engine-child.js';

/** Kills an engine and starts it again, every so many seconds, until stopped. */
export class KillLoop {
  readonly #abort = new AbortController();
  readonly #ended: Promise<void>;
  kills = 0;

  constructor(engine: EngineChild, everySeconds: number | null) {
    this.#ended = everySeconds === null ? Promise.resolve() : this.#run(engine, everySeconds * 1_000);
  }

  /** The engine runs when this resolves, and is left alone from then on. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  async #run(engine: EngineChild, everyMs: number): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await setTimeout(everyMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await engine.kill();
      this.kills += 1;
      engine.start();
    }
  }
}
