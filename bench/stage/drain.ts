import type { BenchEngine } from './engine.js';
import type { BenchLanding } from './landing.js';
import { total } from './metrics-text.js';
import { cpuSecondsByThread, cpuSecondsOf, THREAD_KINDS, type ThreadKind } from './process-usage.js';
import type { Sent } from './producer-messages.js';
import type { Scene, Stage } from './stage.js';

/** One backlog, drained. */
export interface Drain {
  readonly sent: Sent;
  readonly startedMs: number;
  /** From the moment the engine may run until its last row is visible. */
  readonly seconds: number;
  readonly engineCpuSeconds: number;
  /** Null where the server is not ours. */
  readonly databaseCpuSeconds: number | null;
  readonly brokerCpuSeconds: number | null;
  /** CPU seconds of the engine by kinds of threads. */
  readonly threads: Readonly<Record<ThreadKind, number>>;
  /** Of decode workers at work, all of them together. */
  readonly decodeSeconds: number;
}

const DRAIN_TIMEOUT_MS = 300_000;

/**
 * Fills the topic while the engine is stopped (SIGSTOP), then lets it run: the backlog is there at once, the engine is warm,
 * and producing costs nothing while the engine is measured.
 */
export async function drainOnce(
  stage: Stage,
  scene: Scene,
  engine: BenchEngine,
  landing: BenchLanding,
  bytes: number,
): Promise<Drain> {
  const metricsBefore = await engine.scrape();
  engine.pause();
  const sent = await scene.producer.burst(scene.topic.keptBytes ?? Number.POSITIVE_INFINITY, bytes);
  const before = clocks(stage, scene, engine);
  const startedMs = Date.now();
  engine.resume();
  const endedMs = await landing.until(scene.producer.ends, engine, DRAIN_TIMEOUT_MS);
  const after = clocks(stage, scene, engine);
  const metricsAfter = await engine.scrape();
  const busy = 'worker_busy_seconds_total';
  return {
    sent,
    startedMs,
    seconds: (endedMs - startedMs) / 1_000,
    engineCpuSeconds: after.engine - before.engine,
    databaseCpuSeconds: difference(before.database, after.database),
    brokerCpuSeconds: difference(before.broker, after.broker),
    threads: Object.fromEntries(
      THREAD_KINDS.map((kind) => [kind, after.threads[kind] - before.threads[kind]]),
    ) as Record<ThreadKind, number>,
    decodeSeconds: total(metricsAfter, busy) - total(metricsBefore, busy),
  };
}

function clocks(stage: Stage, scene: Scene, engine: BenchEngine) {
  return {
    engine: cpuSecondsOf(engine.pid),
    threads: cpuSecondsByThread(engine.pid),
    database: stage.database.cpuSeconds(),
    broker: scene.topic.cpuSeconds(),
  };
}

function difference(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before;
}
