import { GROUP, Group, type GroupOptions } from './group.js';
import { Autoscaler, type HpaSettings, SYNC_SECONDS } from './hpa.js';
import { chance, courseOf, type Load } from './loads.js';

export interface Settings extends HpaSettings {
  /** What the autoscaler is fed: all lag, or that which more engines could work off. */
  readonly metric: 'lag' | 'useful lag';
}

export interface Outcome {
  /** In which the oldest message that waits is over STALE_SECONDS old. */
  readonly staleMinutes: number;
  /** In which the oldest message that waits is over LATE_SECONDS old. */
  readonly lateMinutes: number;
  readonly worstAgeSeconds: number;
  /** Beyond the fewest replicas. */
  readonly extraPodMinutes: number;
  /** Times the number of replicas changed. */
  readonly changes: number;
  /** Pods that were taken away and missed within FLAP_SECONDS. */
  readonly flaps: number;
}

/** A point every TRACE_SECONDS. */
export interface Trace {
  readonly second: number;
  readonly replicas: number;
  readonly lag: number;
  readonly ageSeconds: number;
  readonly produced: number;
}

/** As the objective of freshness has it: 99 % of messages land within it. */
export const STALE_SECONDS = 5;
/** As the alert on lag in seconds has it. */
export const LATE_SECONDS = 60;
const FLAP_SECONDS = 900;
/** LAG_EXPORT_INTERVAL_MS and Prometheus' scrape_interval. */
const EXPORT_SECONDS = 5;
const SCRAPE_SECONDS = 15;
const TRACE_SECONDS = 30;
/** Messages that sums of fractions of messages may be off by. */
const ROUNDING = 1e-3;

/** What an autoscaler with these settings makes of a load, second by second. */
export function simulate(
  settings: Settings,
  load: Load,
  seed: number,
  options: GroupOptions = GROUP,
  trace?: Trace[],
): Outcome {
  const group = new Group(options, settings.minReplicas);
  const autoscaler = new Autoscaler(settings, 0, settings.minReplicas);
  const { producedBefore, database, up } = courseOf(load, seed);
  // Exporter, scrape and controller each tick at moments of their own.
  const phases = [EXPORT_SECONDS, SCRAPE_SECONDS, SYNC_SECONDS].map((every, at) =>
    Math.floor(chance(seed + 17, at) * every),
  );
  const [exportAt = 0, scrapeAt = 0, syncAt = 0] = phases;
  const seconds = load.hours * 3_600;
  let oldest = 0;
  let measured: number | null = null;
  let scraped: number | null = null;
  let lastDown = Number.NEGATIVE_INFINITY;
  const sum = { staleSeconds: 0, lateSeconds: 0, worstAgeSeconds: 0, extraPodSeconds: 0, changes: 0, flaps: 0 };
  for (let now = 0; now < seconds; now += 1) {
    const produced = producedBefore[now + 1]! - producedBefore[now]!;
    group.tick(now, produced, database[now]!, up[now] === 1);
    while (oldest < now && producedBefore[oldest + 1]! <= group.landed + ROUNDING) oldest += 1;
    const ageSeconds = now - oldest;
    sum.worstAgeSeconds = Math.max(sum.worstAgeSeconds, ageSeconds);
    if (ageSeconds > STALE_SECONDS) sum.staleSeconds += 1;
    if (ageSeconds > LATE_SECONDS) sum.lateSeconds += 1;
    sum.extraPodSeconds += group.replicas - settings.minReplicas;
    if (now % EXPORT_SECONDS === exportAt) measured = settings.metric === 'lag' ? group.lag : group.usefulLag;
    if (now % SCRAPE_SECONDS === scrapeAt) scraped = measured;
    if (now % SYNC_SECONDS === syncAt) {
      const before = group.replicas;
      const after = autoscaler.decide(now, before, scraped);
      if (after !== before) sum.changes += 1;
      if (after < before) lastDown = now;
      if (after > before && now - lastDown < FLAP_SECONDS) sum.flaps += 1;
      group.scale(now, after);
    }
    if (trace !== undefined && now % TRACE_SECONDS === 0)
      trace.push({ second: now, replicas: group.replicas, lag: group.lag, ageSeconds, produced });
  }
  const { staleSeconds, lateSeconds, extraPodSeconds, ...counts } = sum;
  return {
    staleMinutes: staleSeconds / 60,
    lateMinutes: lateSeconds / 60,
    extraPodMinutes: extraPodSeconds / 60,
    ...counts,
  };
}
