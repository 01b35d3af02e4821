import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';

export interface Timer {
  atMs: number;
  readonly order: number;
  readonly periodMs: number | null;
  readonly run: () => void;
  cancelled: boolean;
}

/** A clock that stands still until the next timer is due, and the timers in the order they are due. */
export class VirtualTime {
  /** Monotonic, ms. */
  nowMs = 0;
  /** What the wall clock is ahead of the monotonic one, ms. */
  wallMs = 1_790_000_000_000;
  readonly #heap: Timer[] = [];
  #order = 0;

  after(ms: number, run: () => void, periodMs: number | null = null): Timer {
    const atMs = this.nowMs + Math.max(0, Number.isFinite(ms) ? ms : 0);
    const timer = { atMs, order: this.#order++, periodMs, run, cancelled: false };
    this.#push(timer);
    return timer;
  }

  /** Moves the clock to the next timer and runs it; false where there is none. */
  step(): boolean {
    for (;;) {
      const timer = this.#pop();
      if (timer === undefined) return false;
      if (timer.cancelled) continue;
      this.nowMs = timer.atMs;
      if (timer.periodMs !== null) {
        timer.atMs += timer.periodMs;
        this.#push(timer);
      }
      timer.run();
      return true;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** What the process's own timers, clocks and chance are replaced by while simulations run. */
export interface Sandbox {
  /** Time and chance of the simulation that runs from here on. `escaped` is told of what nobody caught. */
  enter(time: VirtualTime, random: () => number, escaped: (error: unknown) => void): void;
  /** The process has its own again until the next one. */
  leave(): void;
  close(): void;
}

const realImmediate = setImmediate;

/** Resolves when no promise has anything left to do. */
export function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** Resolves when also what nobody caught has been told of. */
export function told(): Promise<void> {
  return new Promise((resolve) => realImmediate(resolve));
}

/**
 * Puts virtual timers, clocks and chance in the place of the process's own, so that the engine's code runs as it is. The
 * caller undoes it with `leave` and `close`; nothing else may wait for time meanwhile.
 */
export function createSandbox(): Sandbox {
  const real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    dateNow: Date.now,
    random: Math.random,
    rejections: process.listeners('unhandledRejection'),
    stackTraceLimit: Error.stackTraceLimit,
  };
  // Handing a builtin's changed exports on is slow: this one decides at each call.
  let inside: VirtualTime | null = null;
  const realDelay = timersPromises.setTimeout;
  timersPromises.setTimeout = ((ms?: number, value?: unknown, options?: { signal?: AbortSignal }) =>
    inside === null
      ? realDelay(ms, value, options)
      : delay(inside, ms ?? 1, value, options?.signal)) as typeof timersPromises.setTimeout;
  syncBuiltinESMExports();
  return {
    enter(time, random, escaped) {
      inside = time;
      const start =
        (periodic: boolean) =>
        (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
          handleOf(time.after(ms ?? 1, () => run(...args), periodic ? Math.max(1, ms ?? 1) : null));
      const clear = (handle: { timer?: Timer } | null | undefined) => {
        if (handle?.timer) handle.timer.cancelled = true;
      };
      Object.assign(globalThis, {
        setTimeout: start(false),
        setInterval: start(true),
        clearTimeout: clear,
        clearInterval: clear,
      });
      Object.defineProperty(performance, 'now', { value: () => time.nowMs, configurable: true });
      Date.now = () => Math.round(time.wallMs + time.nowMs);
      Math.random = random;
      Error.stackTraceLimit = 0; // errors are made by the thousand
      process.removeAllListeners('unhandledRejection');
      process.on('unhandledRejection', escaped);
    },
    leave() {
      Object.assign(globalThis, {
        setTimeout: real.setTimeout,
        setInterval: real.setInterval,
        clearTimeout: real.clearTimeout,
        clearInterval: real.clearInterval,
      });
      delete (performance as { now?: unknown }).now;
      Date.now = real.dateNow;
      Math.random = real.random;
      inside = null;
      Error.stackTraceLimit = real.stackTraceLimit;
      process.removeAllListeners('unhandledRejection');
      for (const listener of real.rejections) process.on('unhandledRejection', listener);
    },
    close() {
      timersPromises.setTimeout = realDelay;
      syncBuiltinESMExports();
    },
  };
}

function handleOf(timer: Timer): object {
  const handle = { timer, ref: () => handle, unref: () => handle, hasRef: () => true };
  return handle;
}

function delay(time: VirtualTime, ms: number, value: unknown, signal?: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = (): void => {
      timer.cancelled = true;
      reject(signal?.reason);
    };
    const timer = time.after(ms, () => {
      signal?.removeEventListener('abort', abort);
      resolve(value);
    });
    signal?.addEventListener('abort', abort);
  });
}
