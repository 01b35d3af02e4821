import type { Measurement } from './lag-watch.js';

/** Often enough to tell when a lag began, and 30 days of it, as the table keeps, are no burden. */
const EVERY_MS = 60_000;

const INSERT = `
  INSERT INTO ingest_lag_history (group_id, topic, partition, low_watermark, high_watermark, next_offset, lag, lag_seconds)
    SELECT $1, $2, * FROM unnest($3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::float8[])`;

/**
 * Writes down in `ingest_lag_history` how far behind each partition was, once a minute. What is not known is NULL; while the database
 * does not answer there are no rows.
 */
export class LagHistory {
  readonly #write: (text: string, values: readonly unknown[]) => Promise<void>;
  #keptAtMs = Number.NEGATIVE_INFINITY;

  constructor(write: (text: string, values: readonly unknown[]) => Promise<void>) {
    this.#write = write;
  }

  /** To be called with every measurement; writes those that are due. Never rejects: why it could not be written, the next question tells. */
  async keep({ group, topic, partitions, sources }: Measurement, nowMs: number): Promise<void> {
    // A clock that is set back is no reason to wait until it has caught up.
    if (Math.abs(nowMs - this.#keptAtMs) < EVERY_MS || !sources.postgres.up || partitions.length === 0) return;
    this.#keptAtMs = nowMs;
    const columns = [
      partitions.map(({ partition }) => partition),
      partitions.map(({ held }) => held?.low ?? null),
      partitions.map(({ held }) => held?.high ?? null),
      partitions.map(({ stored }) => stored?.nextOffset ?? null),
      partitions.map(({ lag }) => lag),
      partitions.map(({ lagSeconds }) => lagSeconds),
    ];
    await this.#write(INSERT, [group, topic, ...columns]).catch(() => {});
  }
}
