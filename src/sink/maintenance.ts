import { messageOf } from '../errors.js';
import { classify } from './classify.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import type { SinkLogger } from './observer.js';
import { buildIndexes, dropExpired } from './partition-upkeep.js';
import { firstSlots, PARTITION_SLOTS, type TradePartitions } from './partitions.js';
import { PeriodicTask } from './periodic-task.js';
import type { BatchPart } from './sink.js';
import type { SinkConfig } from './sink-options.js';
import { SlotRanges, StreamSlot } from './slot-ranges.js';
import { markOrphans, markRecentOrphans } from './slots.js';

export interface MaintenanceOptions {
  readonly connections: Connections;
  readonly partitions: TradePartitions;
  readonly config: Pick<SinkConfig, 'databasePartitionsAhead' | 'databaseRetentionSlots' | 'databaseTradeIndexes'>;
  readonly logger: SinkLogger;
}

const ORPHANS_EVERY_MS = 1_000;
const UPKEEP_EVERY_MS = 60_000;
const LOCK_TIMEOUT_MS = 2_000;
/** Building an index moves no byte for as long as it takes. */
const UPKEEP_STALL_MS = 3_600_000;
/** What the last look at headers may take when the engine stops; the next start looks again. */
const LAST_LOOK_MS = 3_000;
/** Below so many samples nothing is dropped: the first few may be the nonsensical ones. */
const SAMPLES_TO_DROP = 51;
/** Any two numbers that nothing else uses: one engine at a time drops and indexes. */
const UPKEEP_LOCK = '8423001, 2';

/**
 * What keeps the tables in order besides the writes, on connections of its own: orphan marks soon after the headers
 * landed; partitions ahead of the stream, retention and indexes once a minute. It never fails the engine: what did not
 * work is done at the next turn.
 */
export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #ranges = new SlotRanges();
  readonly #stream = new StreamSlot();
  readonly #orphans = new PeriodicTask(ORPHANS_EVERY_MS, () => this.#safely(() => this.#markOrphans()));
  readonly #upkeep = new PeriodicTask(UPKEEP_EVERY_MS, () => this.#safely(() => this.#keepPartitions()));
  #connection: Connection | null = null;
  #upkeepConnection: Connection | null = null;
  readonly #stopping = new AbortController();
  readonly #givenUp = new AbortController();
  #recentLooked = false;
  #started = false;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
  }

  start(): void {
    this.#started = true;
    this.#orphans.start();
    this.#upkeep.start();
  }

  /** To be called with every part that was committed. */
  landed(parts: readonly BatchPart[]): void {
    const early = this.#stream.median(1) === null;
    for (const { trades, slots } of parts) {
      for (const slot of firstSlots(trades)) this.#stream.sample(slot);
      this.#ranges.add(slots.map(({ slot }) => slot));
    }
    // The first turn knew of no slot.
    if (early && this.#started && this.#stream.median(1) !== null) void this.#upkeep.run();
  }

  /** One turn of everything now. */
  async run(): Promise<void> {
    await Promise.all([this.#orphans.run(), this.#upkeep.run()]);
  }

  /** Looks at the headers that landed last and ends; an index half built is built anew another time. */
  async stop(): Promise<void> {
    if (!this.#started) return;
    this.#started = false;
    this.#stopping.abort(new Error('The engine stops'));
    this.#upkeepConnection?.destroy();
    const timer = setTimeout(() => {
      this.#givenUp.abort(new Error('The engine stops'));
      this.#connection?.destroy();
    }, LAST_LOOK_MS);
    await Promise.all([this.#orphans.stop(), this.#upkeep.stop()]);
    await this.#orphans.run();
    clearTimeout(timer);
    await this.#connection?.end();
    this.#connection = null;
  }

  async #safely(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      // An outage is told by the lanes.
      if (classify(error) === 'outage' || this.#stopping.signal.aborted) return;
      const text = `Table maintenance failed and is tried again: ${messageOf(error)}`;
      this.#options.logger.warn({ event: 'maintenance_failed', error }, text);
    }
  }

  async #markOrphans(): Promise<void> {
    const ranges = this.#ranges.take();
    if (ranges.length === 0 && this.#recentLooked) return;
    try {
      if (!this.#connection?.usable)
        this.#connection = await this.#options.connections.open('maintenance', {
          lockTimeoutMs: LOCK_TIMEOUT_MS,
          signal: this.#givenUp.signal,
        });
      if (!this.#recentLooked) this.#recentLooked = await markRecentOrphans(this.#connection);
      for (let range = ranges[0]; range !== undefined; range = ranges[0]) {
        if (!(await markOrphans(this.#connection, range))) break;
        ranges.shift();
      }
    } catch (error) {
      this.#connection?.destroy();
      throw error;
    } finally {
      this.#ranges.restore(ranges);
    }
  }

  async #keepPartitions(): Promise<void> {
    const { connections, partitions, config } = this.#options;
    const slot = this.#stream.median(1);
    if (slot === null) return;
    const connection = await connections.open('upkeep', {
      lockTimeoutMs: LOCK_TIMEOUT_MS,
      stallTimeoutMs: UPKEEP_STALL_MS,
      signal: this.#stopping.signal,
    });
    this.#upkeepConnection = connection;
    try {
      const ahead = Array.from({ length: config.databasePartitionsAhead + 1 }, (_, i) => slot + i * PARTITION_SLOTS);
      await partitions.ensure(
        connection,
        ahead.filter((wanted) => Number.isSafeInteger(wanted)),
      );
      if (config.databaseRetentionSlots > 0 || config.databaseTradeIndexes.length > 0)
        await this.#keepAlone(connection, slot);
      await connection.end();
    } finally {
      connection.destroy();
      this.#upkeepConnection = null;
    }
  }

  /** What only one engine is to do at a time. The lock goes with the connection. */
  async #keepAlone(connection: Connection, slot: number): Promise<void> {
    const { partitions, config, logger } = this.#options;
    const [lock] = await connection.rows<{ taken: boolean }>(`SELECT pg_try_advisory_lock(${UPKEEP_LOCK}) AS taken`);
    if (lock?.taken !== true) return;
    const settled = this.#stream.median(SAMPLES_TO_DROP);
    if (config.databaseRetentionSlots > 0 && settled !== null) {
      const dropped = await dropExpired(connection, settled, config.databaseRetentionSlots);
      if (dropped.length > 0) {
        partitions.forget();
        const fields = { event: 'table_partitions_dropped', partitions: dropped } as const;
        logger.info(fields, `Dropped table partitions beyond the retention: ${dropped.join(', ')}`);
      }
    }
    // Building waits for older transactions, but nobody waits for it.
    await connection.rows('SET lock_timeout = 0');
    const built = await buildIndexes(connection, slot, config.databaseTradeIndexes);
    if (built.length > 0) {
      const text = `Built indexes on closed table partitions: ${built.join(', ')}`;
      logger.info({ event: 'indexes_built', indexes: built }, text);
    }
  }
}
