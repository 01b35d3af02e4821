import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { BenchEngine } from './engine.js';

const POLL_MS = 10;

/** The broker dropped messages that nobody had read yet: the engine did not keep up, and no figure would be right. */
export class OverrunError extends Error {}

/** One committed stretch of a run: when it became visible, and how many trades with it. */
export interface Commit {
  readonly atMs: number;
  readonly rows: number;
}

/** What PostgreSQL holds of one database of the bench. */
export class BenchLanding {
  readonly #client: pg.Client;
  readonly #group: string;
  /** Whether the server keeps the time of each commit; without, times are those of looking. */
  readonly commitTimes: boolean;

  static async connect(url: string, group: string): Promise<BenchLanding> {
    const client = new pg.Client({ connectionString: url, application_name: 'trades-engine bench' });
    client.on('error', () => {}); // The query that meets it throws.
    await client.connect();
    const { rows } = await client.query('SHOW track_commit_timestamp');
    return new BenchLanding(client, group, rows[0]?.track_commit_timestamp === 'on');
  }

  private constructor(client: pg.Client, group: string, commitTimes: boolean) {
    this.#client = client;
    this.#group = group;
    this.commitTimes = commitTimes;
  }

  async query(text: string, values: readonly unknown[] = []): Promise<pg.QueryResultRow[]> {
    return (await this.#client.query(text, [...values])).rows;
  }

  async positions(): Promise<Map<number, number>> {
    const rows = await this.query('SELECT partition, next_offset FROM kafka_offsets WHERE group_id = $1', [
      this.#group,
    ]);
    return new Map(rows.map((row) => [Number(row.partition), Number(row.next_offset)]));
  }

  /** Waits until the engine owns all partitions. */
  async untilClaimed(partitions: number, engine: BenchEngine, timeoutMs = 60_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while ((await this.positions()).size < partitions) {
      engine.assertRunning();
      if (Date.now() > deadline) throw new Error(`the engine did not claim ${partitions} partitions in time`);
      await delay(POLL_MS);
    }
  }

  /** Waits until everything up to `ends` has landed; answers when that became visible, ms since the epoch. */
  async until(ends: ReadonlyMap<number, number>, engine: BenchEngine, timeoutMs: number): Promise<number> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const positions = await this.positions();
      if ([...ends].every(([partition, end]) => (positions.get(partition) ?? 0) >= end)) break;
      engine.assertRunning();
      if (Date.now() > deadline) {
        throw new Error(
          `not landed after ${timeoutMs / 1_000} s: ${JSON.stringify([...positions])} of ${JSON.stringify([...ends])}`,
        );
      }
      await delay(POLL_MS);
    }
    if (!this.commitTimes) return Date.now();
    const [row] = await this.query(
      `SELECT max(extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000)::float8 AS at FROM kafka_offsets WHERE group_id = $1`,
      [this.#group],
    );
    return Number(row?.at);
  }

  /** Throws where the trades are not exactly those that were sent. */
  async assertExactly(trades: number): Promise<void> {
    const gaps = await this.query('SELECT count(*)::int AS count FROM ingest_gaps');
    if (gaps[0]?.count > 0) throw new OverrunError('the broker dropped messages before they were read');
    const landed = await this.trades();
    if (landed !== trades) throw new Error(`${trades} trades were sent and ${landed} have landed`);
  }

  async trades(): Promise<number> {
    const [row] = await this.query('SELECT count(*)::float8 AS count FROM solana_dex_trades');
    return Number(row?.count);
  }

  /** Commits that brought trades at or after `fromMs`, oldest first; none where the server keeps no times. */
  async commits(fromMs: number): Promise<Commit[]> {
    if (!this.commitTimes) return [];
    const rows = await this.query(
      `SELECT at_ms, rows FROM (
         SELECT (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000)::float8 AS at_ms, count(*)::int AS rows
         FROM solana_dex_trades GROUP BY xmin, 1) AS commits
       WHERE at_ms >= $1 ORDER BY at_ms`,
      [fromMs],
    );
    return rows.map((row) => ({ atMs: Number(row.at_ms), rows: Number(row.rows) }));
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => {});
  }
}
