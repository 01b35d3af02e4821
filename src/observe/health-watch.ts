import type { FlowLine } from './flow-watch.js';
import type { HealthAnswer } from './health.js';

/** What passes within this is not worth a line: a rebalance, a call to the database that is answered the second time. */
const BLIP_MS = 3_000;
/** On its way up it is not ready yet, and that is told only of one that takes long. */
const WAY_UP_MS = 30_000;

/** Tells the log when the engine stops or begins being live and ready, once each time, with the reasons. */
export class HealthWatch {
  #live = true;
  #told: 'nothing' | 'ready' | 'not ready' = 'nothing';
  #notReadySinceMs: number | null = null;

  /** `ending`: it was told to stop, and what it is not any more is no news. */
  apply(live: HealthAnswer, ready: HealthAnswer, ending: boolean, nowMs: number): FlowLine[] {
    const lines = this.#liveness(live);
    if (ready.code === 200) {
      if (this.#told !== 'ready') lines.push(line('info', 'ready', 'the engine is ready'));
      this.#told = 'ready';
      this.#notReadySinceMs = null;
      return lines;
    }
    this.#notReadySinceMs ??= nowMs;
    const patienceMs = this.#told === 'nothing' ? WAY_UP_MS : BLIP_MS;
    if (ending || this.#told === 'not ready' || nowMs - this.#notReadySinceMs < patienceMs) return lines;
    this.#told = 'not ready';
    const reasons = reasonsOf(ready);
    lines.push(line('warn', 'not_ready', `not ready: ${reasons.join('; ')}`, { reasons }));
    return lines;
  }

  #liveness(answer: HealthAnswer): FlowLine[] {
    const isLive = answer.code === 200;
    if (isLive === this.#live) return [];
    this.#live = isLive;
    if (isLive) return [line('info', 'live_again', 'the engine moves again')];
    const reasons = reasonsOf(answer);
    return [line('warn', 'not_live', `a restart would help: ${reasons.join('; ')}`, { reasons })];
  }
}

function reasonsOf({ body }: HealthAnswer): string[] {
  return Array.isArray(body.reasons) ? body.reasons.map(String) : [];
}

function line(
  level: FlowLine['level'],
  code: FlowLine['code'],
  message: string,
  fields: Record<string, unknown> = {},
): FlowLine {
  return { level, code, message, fields };
}
