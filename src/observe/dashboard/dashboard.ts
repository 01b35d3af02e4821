import { setTimeout as delay } from 'node:timers/promises';
import type { Handler } from '../http.js';
import type { Metrics } from '../metrics.js';
import { StallWindow } from '../stall.js';
import type { EngineStatus } from '../status.js';
import { Access } from './access.js';
import { EventHub } from './event-hub.js';
import { History } from './history.js';
import { LatencyWindow } from './latency-window.js';
import { dashboardPage, loginPage, type Page } from './page-files.js';
import { RecentReader } from './recent.js';
import { dashboardRoutes } from './routes.js';
import { readMetrics } from './sampler.js';
import { historyOf, type Identity, snapshot } from './snapshot.js';

export interface DashboardOptions {
  readonly identity: Identity;
  readonly status: () => EngineStatus;
  readonly metrics: Metrics;
  readonly databaseUrl: string;
  /** Whoever looks must show it; undefined lets everybody. */
  readonly token: string | undefined;
  /** Told of what went wrong; nothing else comes of it. */
  readonly onError: (error: Error) => void;
}

const TICK_MS = 1_000;
const FIRST_READ_MS = 700;
const HISTORY_MS = 10 * 60_000;
const LATENCY_POINT_MS = 10_000;

/**
 * What the page shows, and those who watch it. Once a second it reads the engine's counters, which costs the same whether
 * anybody looks or not; text is made and the database asked only for somebody who looks.
 */
export class Dashboard {
  readonly routes: ReadonlyMap<string, Handler>;
  readonly #options: DashboardOptions;
  readonly #hub = new EventHub();
  readonly #history = new History(HISTORY_MS);
  readonly #latency = new LatencyWindow(HISTORY_MS);
  readonly #stalls = new StallWindow();
  readonly #recent: RecentReader;
  readonly #timer: NodeJS.Timeout;
  #deadLetters: ReadonlyMap<string, number> = new Map();

  constructor(options: DashboardOptions) {
    this.#options = options;
    const { groupId, topic } = options.status();
    this.#recent = new RecentReader({
      databaseUrl: options.databaseUrl,
      groupId,
      topic,
      allowed: () => {
        const { state, database } = options.status();
        const up = state === 'active' || state === 'standby' || state === 'drained';
        return up && database.reachable && database.breaker === 'closed';
      },
      onError: options.onError,
    });
    this.routes = dashboardRoutes({
      access: new Access(options.token),
      hub: this.#hub,
      page: pageOr(dashboardPage, options.onError),
      login: pageOr(loginPage, options.onError),
      report: () => this.#report(),
    });
    this.#timer = setInterval(() => void this.tick(), TICK_MS).unref();
  }

  /** Who watches. */
  get clients(): number {
    return this.#hub.clients;
  }

  /** Called by itself once a second. */
  async tick(): Promise<void> {
    try {
      await this.#measure();
      if (this.#hub.clients > 0) {
        this.#recent.looked();
        const point = this.#history.points.at(-1);
        this.#hub.broadcast('update', JSON.stringify({ ...this.#snapshot(), point: point ?? null }));
      }
      await this.#recent.tick();
    } catch (error) {
      this.#options.onError(error as Error);
    }
  }

  /** Ends the streams at once; no answer waits for anything afterwards. */
  close(): void {
    clearInterval(this.#timer);
    this.#hub.close();
    void this.#recent.close();
  }

  async #measure(): Promise<void> {
    const { status, metrics } = this.#options;
    const nowMs = Date.now();
    const now = status();
    const { sample, histograms, stalls, deadLetters } = await readMetrics(metrics, now, nowMs);
    this.#latency.apply(histograms, nowMs);
    this.#history.apply(sample, this.#latency.percentiles('end_to_end', LATENCY_POINT_MS));
    this.#stalls.apply(stalls, nowMs);
    this.#deadLetters = deadLetters;
  }

  async #report(): Promise<string> {
    this.#recent.looked();
    if (this.#history.points.length === 0) await this.#measure();
    // The first to look would else see no trades until the next tick; a slow database keeps him no longer than this.
    if (this.#recent.recent === null) {
      await Promise.race([this.#recent.tick(), delay(FIRST_READ_MS, undefined, { ref: false })]);
    }
    return JSON.stringify({ ...this.#snapshot(), history: historyOf(this.#history) });
  }

  #snapshot(): Record<string, unknown> {
    const { identity, status } = this.#options;
    return snapshot({
      identity,
      status: status(),
      history: this.#history,
      latency: this.#latency,
      stall: this.#stalls.stall(),
      deadLetters: this.#deadLetters,
      recent: this.#recent.recent,
      nowMs: Date.now(),
    });
  }
}

/** An engine whose page was left out where it was packed still does its work. */
function pageOr(make: () => Page, onError: (error: Error) => void): Page {
  try {
    return make();
  } catch (error) {
    onError(error as Error);
    const html = '<!doctype html><title>Solana Trades Engine</title><p>The page’s files are missing: see /api/status.';
    return { html, contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'" };
  }
}
