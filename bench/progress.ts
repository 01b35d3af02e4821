/** Tells on stderr what the bench does and how long it has taken; results alone go to stdout. */
export class Progress {
  readonly #startedMs = performance.now();

  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1_000;
  }

  say(text: string): void {
    process.stderr.write(`  [${clock(this.seconds)}] ${text}\n`);
  }
}

function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${String(minutes).padStart(2, '0')}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}
