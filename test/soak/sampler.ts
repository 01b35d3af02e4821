import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Point } from './growth.js';
import { type Samples, SERIES, type SeriesName } from './series.js';

/** For the environment of a process that is to be watched from within. */
export function probeEnvironment(file: string, everyMs: number, leak?: string): Record<string, string> {
  const probe = fileURLToPath(new URL('./probe.js', import.meta.url));
  return {
    NODE_OPTIONS: `--import ${probe}`,
    // Loading a module before the engine's own first file starts the pool, which that file would have sized.
    UV_THREADPOOL_SIZE: '16',
    SOAK_PROBE_FILE: file,
    SOAK_PROBE_MS: String(everyMs),
    ...(leak === undefined ? {} : { SOAK_LEAK: leak }),
  };
}

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Gathers the samples of one process: its own by the probe, and those of the system. */
export class Sampler {
  readonly #pid: number;
  readonly #startedAt: number;
  readonly #outside = new Map<SeriesName, { at: number; value: number }[]>();
  readonly #disturbed: Stretch[] = [];

  constructor(pid: number, startedAt = Date.now()) {
    this.#pid = pid;
    this.#startedAt = startedAt;
  }

  /** Reads what the system says of the process; `more` comes from elsewhere. */
  sample(more: Partial<Record<SeriesName, number>> = {}): void {
    const at = Date.now();
    const files = readdirSync(`/proc/${this.#pid}/fd`).length;
    const threads = readdirSync(`/proc/${this.#pid}/task`).length;
    for (const [name, value] of Object.entries({ files, threads, ...more })) this.#add(name as SeriesName, at, value);
  }

  /** Counts and latencies sampled within it say nothing of a process at rest; what the heap holds at its lowest does. */
  disturbed(fromMs: number, toMs: number): void {
    this.#disturbed.push({ fromMs, toMs });
  }

  isCalm(at: number): boolean {
    return this.#disturbed.every(({ fromMs, toMs }) => at < fromMs || at > toMs);
  }

  /** How many samples of the system were taken in calm time from `fromMs` on. */
  calmSamples(fromMs: number): number {
    return (this.#outside.get('files') ?? []).filter(({ at }) => at >= fromMs && this.isCalm(at)).length;
  }

  /** All samples from `fromMs` on; `probeFile` is what the probe wrote, `more` what was measured afterwards. */
  samples(
    probeFile: string,
    fromMs: number,
    more: Partial<Record<SeriesName, { at: number; value: number }[]>> = {},
  ): Samples {
    const all = new Map(this.#outside);
    for (const line of existsSync(probeFile) ? readFileSync(probeFile, 'utf8').split('\n').filter(Boolean) : []) {
      const { at, ...values } = JSON.parse(line) as { at: number } & Record<SeriesName, number>;
      for (const [name, value] of Object.entries(values)) {
        const points = all.get(name as SeriesName) ?? [];
        points.push({ at, value });
        all.set(name as SeriesName, points);
      }
    }
    for (const [name, points] of Object.entries(more)) all.set(name as SeriesName, points);
    const toPoint = ({ at, value }: { at: number; value: number }): Point => ({
      seconds: (at - this.#startedAt) / 1_000,
      value,
    });
    return Object.fromEntries(
      [...all].map(([name, points]) => [
        name,
        points.filter(({ at }) => at >= fromMs && this.#counts(name as SeriesName, at)).map(toPoint),
      ]),
    );
  }

  #counts(name: SeriesName, at: number): boolean {
    return SERIES[name].block === 'lowest' || this.isCalm(at);
  }

  #add(name: SeriesName, at: number, value: number): void {
    const points = this.#outside.get(name) ?? [];
    points.push({ at, value });
    this.#outside.set(name, points);
  }
}
