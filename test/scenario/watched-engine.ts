import type { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { Exposition, type Labels } from '../support/exposition.js';

export interface HealthBody {
  readonly status: string;
  readonly reasons: readonly string[];
  readonly [field: string]: unknown;
}

/** A running engine, seen as whoever watches it sees it: by its routes and its log. */
export class WatchedEngine {
  readonly engine: EngineProcess;
  readonly #port: number;

  private constructor(engine: EngineProcess, port: number) {
    this.engine = engine;
    this.#port = port;
  }

  /** Resolves when the engine is up. `port` where it was given one, and may not come up. */
  static async of(engine: EngineProcess, port?: number): Promise<WatchedEngine> {
    return new WatchedEngine(engine, port ?? (await engine.healthPort()));
  }

  async metrics(): Promise<Exposition> {
    return new Exposition(await (await fetch(this.#url('/metrics'))).text());
  }

  async health(route: '/live' | '/ready' | '/health'): Promise<{ code: number; body: HealthBody }> {
    const answer = await fetch(this.#url(route));
    return { code: answer.status, body: (await answer.json()) as HealthBody };
  }

  /** Lines of its log with this code; all where none is given. What is no JSON makes it throw. */
  lines(code?: string): Record<string, unknown>[] {
    const { output } = this.engine;
    const lines = output
      .slice(0, output.lastIndexOf('\n') + 1) // the last one may not be whole
      .split('\n')
      .filter((line) => line !== '' && (code === undefined || line.includes(code)))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return code === undefined ? lines : lines.filter((line) => line['event.code'] === code);
  }

  /** Waits until a metric is as it should be; answers it. */
  async sees(what: string, name: string, labels: Labels, is: (sum: number) => boolean): Promise<number> {
    let last = Number.NaN;
    await until(
      `${what}: ${name}${JSON.stringify(labels)}`,
      async () => {
        last = (await this.metrics()).sum(name, labels);
        return is(last);
      },
      { explain: () => `it was ${last} at last\n${this.engine.output.slice(-3_000)}` },
    );
    return last;
  }

  /** Waits until a route answers so, and with a reason that matches. */
  async answers(route: '/live' | '/ready' | '/health', code: number, reason = /(?:)/): Promise<HealthBody> {
    let last: { code: number; body: HealthBody } | null = null;
    await until(
      `${route} answers ${code} for ${reason}`,
      async () => {
        last = await this.health(route);
        return last.code === code && (code === 200 || last.body.reasons.some((text) => reason.test(text)));
      },
      { explain: () => `${JSON.stringify(last)}\n${this.engine.output.slice(-3_000)}` },
    );
    return last!.body;
  }

  #url(path: string): string {
    return `http://127.0.0.1:${this.#port}${path}`;
  }
}
