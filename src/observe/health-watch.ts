import type { FlowLine } from './flow-watch.js';
import type { HealthAnswer } from './health.js';

/** Tells the log when the engine stops or begins being live and ready, once each time, with the reasons. */
export class HealthWatch {
  #live = true;
  /** Null until it was ready for the first time: on its way up nobody wants to hear that it is not there yet. */
  #ready: boolean | null = null;

  /** `ending`: it was told to stop, and what it is not any more is no news. */
  apply(live: HealthAnswer, ready: HealthAnswer, ending: boolean): FlowLine[] {
    const lines: FlowLine[] = [];
    const isLive = live.code === 200;
    if (isLive !== this.#live)
      lines.push(isLive ? line('info', 'live_again', 'the engine moves again') : notLive(live));
    this.#live = isLive;
    const isReady = ready.code === 200;
    if (ending || (this.#ready === null && !isReady) || isReady === this.#ready) return lines;
    lines.push(isReady ? line('info', 'ready', 'the engine is ready') : notReady(ready));
    this.#ready = isReady;
    return lines;
  }
}

function notLive(answer: HealthAnswer): FlowLine {
  const reasons = reasonsOf(answer);
  return line('warn', 'not_live', `a restart would help: ${reasons.join('; ')}`, { reasons });
}

function notReady(answer: HealthAnswer): FlowLine {
  const reasons = reasonsOf(answer);
  return line('warn', 'not_ready', `not ready: ${reasons.join('; ')}`, { reasons });
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
