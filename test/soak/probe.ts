/**
 * Loaded into a process before anything else (`node --import`), it writes every so often what the process holds after a
 * collection, one line of JSON a time. SOAK_PROBE_FILE: where to; SOAK_PROBE_MS: how often; SOAK_LEAK: what to leak on
 * purpose, to show that a leak is found.
 */
import { EventEmitter, getEventListeners } from 'node:events';
import { appendFileSync, openSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const { SOAK_PROBE_FILE: file, SOAK_PROBE_MS: every = '2000', SOAK_LEAK: leak } = process.env;

/** Whatever was listened to and is still there. */
const listenedTo = new Set<WeakRef<object>>();
const seen = new WeakSet<object>();
/** Kinds of events by target, for targets do not tell them. */
const kinds = new WeakMap<object, Set<string>>();

function note(target: object): void {
  if (seen.has(target)) return;
  seen.add(target);
  listenedTo.add(new WeakRef(target));
}

/** Emitters and abort signals alike. */
function watchListeners(): void {
  const emitter = EventEmitter.prototype as unknown as Record<string, (...values: unknown[]) => unknown>;
  for (const name of ['on', 'addListener', 'prependListener']) {
    const original = emitter[name] as (...values: unknown[]) => unknown;
    emitter[name] = function (this: object, ...values: unknown[]): unknown {
      note(this);
      return original.apply(this, values);
    };
  }
  const original = EventTarget.prototype.addEventListener as (...values: unknown[]) => void;
  EventTarget.prototype.addEventListener = function (this: object, ...values: unknown[]): void {
    note(this);
    const types = kinds.get(this) ?? new Set();
    kinds.set(this, types.add(String(values[0])));
    original.apply(this, values);
  };
}

function countListeners(): number {
  let count = 0;
  for (const reference of listenedTo) {
    const target = reference.deref();
    if (target === undefined) listenedTo.delete(reference);
    else if (target instanceof EventTarget)
      for (const kind of kinds.get(target) ?? []) count += getEventListeners(target, kind).length;
    else {
      const emitter = target as NodeJS.EventEmitter;
      for (const name of emitter.eventNames()) count += emitter.listenerCount(name);
    }
  }
  return count;
}

/** What leaks a little each time it is called. */
function leakOnPurpose(): () => void {
  const kept: unknown[] = [];
  const acts: Record<string, () => void> = {
    heap: () => kept.push(Array.from({ length: 20_000 }, (_, i) => ({ i }))),
    external: () => kept.push(Buffer.alloc(1_000_000, 1)),
    listeners: () => void process.on('leaked', () => kept.length),
    handles: () => kept.push(setInterval(() => {}, 60_000)),
    files: () => kept.push(openSync('/dev/null', 'r')),
  };
  return acts[leak ?? ''] ?? (() => {});
}

function start(collect: () => void, path: string): void {
  watchListeners();
  const act = leakOnPurpose();
  setInterval(() => {
    act();
    collect();
    const { rss, heapUsed, external } = process.memoryUsage();
    const handles = process.getActiveResourcesInfo().length;
    const line = { at: Date.now(), rss, heapUsed, external, handles, listeners: countListeners() };
    appendFileSync(path, `${JSON.stringify(line)}\n`);
  }, Number(every)).unref();
}

if (isMainThread && file !== undefined) {
  setFlagsFromString('--expose-gc');
  start(runInNewContext('gc') as () => void, file);
}
