/** Runs a task again and again, never twice at a time. A turn that comes while one is under way is left out. */
export class PeriodicTask {
  readonly #everyMs: number;
  readonly #task: () => Promise<void>;
  #timer: NodeJS.Timeout | null = null;
  #turn: Promise<void> | null = null;

  /** `task` must not reject. */
  constructor(everyMs: number, task: () => Promise<void>) {
    this.#everyMs = everyMs;
    this.#task = task;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.run(), this.#everyMs).unref();
    void this.run();
  }

  /** Resolves when the present turn is over. */
  run(): Promise<void> {
    this.#turn ??= this.#task().finally(() => {
      this.#turn = null;
    });
    return this.#turn;
  }

  /** Ends the turns and waits for the present one. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#turn;
  }
}
