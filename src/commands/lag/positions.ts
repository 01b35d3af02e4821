import type pg from 'pg';
import { EngineError, messageOf } from '../../errors.js';
import { createClient, describeTarget } from '../../sink/connection.js';
import type { StoredPosition } from './group-lag.js';

const TIMEOUT_MS = 10_000;

export interface StoredGroup {
  readonly positions: readonly StoredPosition[];
  /** Application names of the engines’ connections, which hold the (shortened) names of owners that are up. */
  readonly connections: readonly string[];
  /** The server takes writes. */
  readonly writable: boolean;
  /** What `completeness --store` found last. */
  readonly completeness: readonly StoredCompleteness[];
}

export interface StoredCompleteness {
  readonly measure: string;
  readonly ratio: number;
  readonly checkedAtMs: number;
}

/** No such table, or not for this role: the exporter may be newer than the schema. */
const UNAVAILABLE: readonly unknown[] = ['42P01', '42501'];

const NEWEST_RESULTS =
  'SELECT DISTINCT ON (measure) measure, diff_ratio, checked_at FROM completeness_results ORDER BY measure, checked_at DESC';

interface Row {
  readonly partition: number;
  readonly next_offset: string;
  readonly epoch: string;
  readonly owner: string;
  readonly committed_at: Date | null;
}

/**
 * Reads where a group stands, on one connection that is made anew after anything went wrong. Needs no more than to read
 * `kafka_offsets`.
 */
export class PositionReader {
  readonly #url: string;
  readonly #group: string;
  readonly #topic: string;
  #client: pg.Client | null = null;

  constructor(options: { readonly databaseUrl: string; readonly group: string; readonly topic: string }) {
    this.#url = options.databaseUrl;
    this.#group = options.group;
    this.#topic = options.topic;
  }

  /** Rejects with DATABASE_UNREACHABLE, whatever is in the way, after ten seconds at most. */
  read(): Promise<StoredGroup> {
    return this.#within(() => this.#ask());
  }

  /** Runs a statement that adds something; nothing happens where the role may not, or there is no such table. Rejects as `read`. */
  write(text: string, values: readonly unknown[]): Promise<void> {
    return this.#within(async () => {
      this.#client ??= await this.#connect();
      await this.#client.query(text, [...values]).catch((error: unknown) => {
        if (!UNAVAILABLE.includes((error as { code?: unknown }).code)) throw error;
      });
    });
  }

  async #within<T>(question: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)), TIMEOUT_MS);
    });
    const asked = question();
    asked.catch(() => {}); // of one that came too late nobody wants to hear
    try {
      return await Promise.race([asked, late]);
    } catch (error) {
      this.#drop();
      throw new EngineError('DATABASE_UNREACHABLE', `${describeTarget(this.#url)}: ${messageOf(error)}`, {
        canRetry: true,
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    const deadline = setTimeout(() => destroy(client), 1_000);
    await client?.end().catch(() => {});
    clearTimeout(deadline);
  }

  async #ask(): Promise<StoredGroup> {
    this.#client ??= await this.#connect();
    const client = this.#client;
    const { rows } = await client.query<Row>(
      'SELECT partition, next_offset, epoch, owner, committed_at FROM kafka_offsets WHERE group_id = $1 AND topic = $2 ORDER BY 1',
      [this.#group, this.#topic],
    );
    const names = await client.query<{ name: string }>(
      "SELECT application_name AS name FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'trades-engine %'",
    );
    const [server] = (
      await client.query<{ writable: boolean }>(
        "SELECT NOT pg_is_in_recovery() AND coalesce((SELECT setting FROM pg_settings WHERE name = 'default_transaction_read_only'), 'off') = 'off' AS writable",
      )
    ).rows;
    return {
      positions: rows.map((row) => ({
        partition: row.partition,
        nextOffset: Number(row.next_offset),
        epoch: Number(row.epoch),
        owner: row.owner,
        committedAtMs: row.committed_at?.getTime() ?? null,
      })),
      connections: names.rows.map(({ name }) => name),
      writable: server?.writable ?? false,
      completeness: await this.#completeness(client),
    };
  }

  async #completeness(client: pg.Client): Promise<StoredCompleteness[]> {
    try {
      const { rows } = await client.query<{ measure: string; diff_ratio: number; checked_at: Date }>(NEWEST_RESULTS);
      return rows.map((row) => ({
        measure: row.measure,
        ratio: row.diff_ratio,
        checkedAtMs: row.checked_at.getTime(),
      }));
    } catch (error) {
      if (UNAVAILABLE.includes((error as { code?: unknown }).code)) return [];
      throw error;
    }
  }

  async #connect(): Promise<pg.Client> {
    const client = createClient({ url: this.#url, applicationName: 'trades-monitor' });
    client.on('error', () => this.#drop(client));
    try {
      await client.connect();
      return client;
    } catch (error) {
      destroy(client);
      throw error;
    }
  }

  #drop(client: pg.Client | null = this.#client): void {
    destroy(client);
    if (client === this.#client) this.#client = null;
  }
}

function destroy(client: pg.Client | null): void {
  (client as unknown as { connection?: { stream?: { destroy(): void } } } | null)?.connection?.stream?.destroy();
}
