/** Time and CPU time from the first message at hand. */
export class Stopwatch {
  #startedMs = 0;
  #cpu: NodeJS.CpuUsage | undefined;
  messages = 0;

  /** To be called with every batch, before anything is done with it. */
  count(messages: number): void {
    if (messages > 0 && this.messages === 0) {
      this.#startedMs = performance.now();
      this.#cpu = process.cpuUsage();
    }
    this.messages += messages;
  }

  read(): { seconds: number; cpuSeconds: number; messages: number } {
    const { user, system } = process.cpuUsage(this.#cpu);
    return {
      seconds: (performance.now() - this.#startedMs) / 1_000,
      cpuSeconds: (user + system) / 1e6,
      messages: this.messages,
    };
  }
}
