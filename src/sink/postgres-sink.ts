import { setTimeout as delay } from 'node:timers/promises';
import { EngineError, invariant, messageOf } from '../errors.js';
import { type BreakerState, CircuitBreaker } from './breaker.js';
import { type Claimant, claimPartition, OwnClaims, readPosition, recordGap } from './claims.js';
import { classify, haltError } from './classify.js';
import { ConflictRate } from './conflict-rate.js';
import { type Connection, describeTarget } from './connection.js';
import { Connections } from './connections.js';
import { Lane, type LaneContext } from './lane.js';
import { LetterFlood } from './letter-flood.js';
import { Maintenance } from './maintenance.js';
import { recentTransactions } from './offsets.js';
import { TradePartitions } from './partitions.js';
import { PeriodicTask } from './periodic-task.js';
import { type Rehearsed, rehearseWrite } from './rehearsal.js';
import { backoffMs, Retrier } from './retry.js';
import { checkSchema } from './schema-check.js';
import type { Batch, BatchPart, Claim, ClaimedSource, Gap, PartOutcome, Sink, TransactionKeys } from './sink.js';
import type { PostgresSinkOptions } from './sink-options.js';
import { StaleBackends } from './stale-backends.js';
import { unlessAborted } from './unless-aborted.js';

export interface SinkStatus {
  /** The last thing asked of the database was answered; with nothing else to ask it is asked every two seconds. */
  readonly reachable: boolean;
  /** Since when it is not, ms since the epoch; 0 where it never was, null while it is. */
  readonly unreachableSince: number | null;
  readonly breaker: BreakerState;
  /** Since when the breaker has not been closed, ms since the epoch. */
  readonly breakerOpenSince: number | null;
}

/** Connections besides the lanes: control, maintenance, upkeep, and one of the moment. */
const OTHER_CONNECTIONS = 4;
const OPEN_PATIENCE_MS = 60_000;
const CONTROL_LOCK_TIMEOUT_MS = 10_000;
const PULSE_EVERY_MS = 2_000;
/** An answer that takes longer is none, until it is there. */
const PULSE_PATIENCE_MS = 5_000;
const UNKNOWN_SOURCE: ClaimedSource = { clusterId: null, topicId: null, acceptOther: false };

/** Lands batches in PostgreSQL exactly once. The offsets row in the same transaction is the truth. */
export class PostgresSink implements Sink {
  readonly #options: PostgresSinkOptions;
  readonly #claimant: Claimant;
  readonly #claims = new OwnClaims();
  readonly #connections: Connections;
  readonly #breaker: CircuitBreaker;
  readonly #retrier: Retrier;
  readonly #staleBackends: StaleBackends;
  readonly #partitions = new TradePartitions();
  readonly #maintenance: Maintenance;
  readonly #lanes: Lane[];
  #control: Connection | null = null;
  #connecting: Promise<Connection> | null = null;
  #turn: Promise<void> = Promise.resolve();
  readonly #pulse = new PeriodicTask(PULSE_EVERY_MS, () => this.#feelPulse());
  #unreachableSince: number | null = 0;
  #answeredAt = 0;
  #probing = false;
  #closing = new AbortController();

  constructor(options: PostgresSinkOptions) {
    const { config, logger, observer = {} } = options;
    if (config.databaseUrl === undefined) throw new EngineError('CONFIG_INVALID', 'DATABASE_URL is not set.');
    this.#options = options;
    this.#claimant = { groupId: options.groupId, owner: options.ownerId };
    this.#connections = new Connections({
      url: config.databaseUrl,
      owner: options.ownerId,
      stallTimeoutMs: config.databaseFlushTimeoutMs,
    });
    this.#breaker = new CircuitBreaker({
      failureThreshold: config.breakerFailureThreshold,
      successThreshold: config.breakerSuccessThreshold,
      openMs: config.breakerOpenMs,
      halfOpenCalls: config.breakerHalfOpenCalls,
    });
    this.#retrier = new Retrier(this.#breaker, logger, {
      ...observer,
      onRetry: (error) => {
        if (classify(error) === 'outage') this.#lost();
        observer.onRetry?.(error);
      },
      onBreakerState: (state) => {
        observer.onBreakerState?.(state);
        if (state === 'half-open') void this.#probe();
      },
    });
    this.#staleBackends = new StaleBackends(this.#connections, config.databaseStaleBackendMs, logger, observer);
    this.#maintenance = new Maintenance({
      connections: this.#connections,
      partitions: this.#partitions,
      config,
      logger,
    });
    const context: LaneContext = {
      claimant: this.#claimant,
      claims: this.#claims,
      connections: this.#connections,
      retrier: this.#retrier,
      partitions: this.#partitions,
      conflictRate: new ConflictRate(),
      flood: new LetterFlood({
        percentMax: config.deadLettersPercentMax,
        window: config.deadLettersWindow,
        inARow: config.deadLettersInARow,
      }),
      staleBackends: this.#staleBackends,
      observer,
      tellPlaces: options.tellPlaces ?? false,
    };
    this.#lanes = Array.from({ length: config.databaseLanes }, (_, lane) => new Lane(`lane${lane}`, context));
  }

  get status(): SinkStatus {
    return {
      reachable: this.#unreachableSince === null,
      unreachableSince: this.#unreachableSince,
      breaker: this.#breaker.state,
      breakerOpenSince: this.#breaker.openSince,
    };
  }

  /** Waits for a database that is not there, for a while, or until the signal aborts. */
  async open(signal?: AbortSignal): Promise<void> {
    const givenUp = AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])]);
    const { config, logger, openPatienceMs = OPEN_PATIENCE_MS } = this.#options;
    const target = describeTarget(config.databaseUrl ?? '');
    const deadline = performance.now() + openPatienceMs;
    for (let failures = 0; ; failures++) {
      try {
        const connection = await unlessAborted(this.#controlConnection(), givenUp);
        const checked = checkSchema(connection, config.databaseLanes + OTHER_CONNECTIONS - 1, {
          retention: config.databaseRetentionSlots > 0,
          indexes: config.databaseTradeIndexes.length > 0,
        });
        await unlessAborted(checked, givenUp);
        break;
      } catch (error) {
        this.#control?.destroy();
        givenUp.throwIfAborted();
        if (classify(error) !== 'outage') throw haltError(error, `Opening ${target}`);
        if (performance.now() >= deadline) {
          throw new EngineError('DATABASE_UNREACHABLE', `Cannot reach ${target}: ${messageOf(error)}`, {
            canRetry: true,
            cause: error,
          });
        }
        if (failures === 0) logger.warn({ event: 'database_waiting', error }, `Waiting for ${target}`);
        const pauseMs = Math.min(1_000, 50 + backoffMs(failures, Math.random()));
        await delay(pauseMs, undefined, { signal: givenUp });
      }
    }
    this.#answered();
    this.#maintenance.start();
    this.#pulse.start();
  }

  async position(topic: string, partition: number, signal: AbortSignal): Promise<number | null> {
    return this.#ask('Reading a position', signal, (connection) =>
      readPosition(connection, this.#claimant.groupId, topic, partition),
    );
  }

  async claim(
    topic: string,
    partition: number,
    start: number,
    signal: AbortSignal,
    claimed: ClaimedSource = UNKNOWN_SOURCE,
  ): Promise<Claim> {
    for (;;) {
      const { claim, claimedAtMs } = await this.#ask('Claiming a partition', signal, (connection) =>
        claimPartition(connection, this.#claimant, topic, partition, start, claimed),
      );
      if (!this.#claims.isNew(claim)) continue;
      this.#claims.remember(claim, claimedAtMs);
      return claim;
    }
  }

  async recordGap(gap: Gap, signal: AbortSignal): Promise<boolean> {
    return this.#ask('Recording a gap', signal, (connection) => recordGap(connection, this.#claimant, gap));
  }

  async recentTransactions(
    _topic: string,
    partition: number,
    limit: number,
    signal: AbortSignal,
  ): Promise<TransactionKeys> {
    if (limit <= 0) return { pairs: new Float64Array(0) };
    const pairs = await this.#ask('Reading recent transactions', signal, (connection) =>
      recentTransactions(connection, partition, limit),
    );
    return { pairs };
  }

  async write(lane: number, batch: Batch, signal: AbortSignal): Promise<PartOutcome[]> {
    const writer = this.#lanes[lane];
    invariant(writer !== undefined, `There is no lane ${lane}.`);
    const outcomes = await writer.write(batch, signal);
    this.#answered();
    this.#maintenance.landed(outcomes.flatMap((outcome) => (outcome.kind === 'landed' ? [outcome.part] : [])));
    return outcomes;
  }

  /** Writes parts and takes them back, on a connection of the moment. Rejects with what is in the way. */
  async rehearse(parts: readonly BatchPart[], signal: AbortSignal): Promise<Rehearsed> {
    let connection: Connection | null = null;
    const abort = (): void => connection?.destroy('The rehearsal was given up');
    signal.addEventListener('abort', abort);
    try {
      connection = await this.#connections.open('rehearsal', { lockTimeoutMs: CONTROL_LOCK_TIMEOUT_MS, signal });
      const rehearsed = await rehearseWrite(connection, this.#partitions, parts);
      await connection.end();
      this.#answered();
      return rehearsed;
    } catch (error) {
      connection?.destroy();
      if (classify(error) === 'outage') this.#lost();
      throw haltError(error, 'A write that was to be taken back');
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#pulse.stop();
    await this.#maintenance.stop();
    await Promise.all(this.#lanes.map((lane) => lane.close()));
    await this.#connections.close();
    this.#control = null;
    this.#lost();
  }

  #answered(): void {
    this.#unreachableSince = null;
    this.#answeredAt = performance.now();
  }

  #lost(): void {
    this.#unreachableSince ??= Date.now();
  }

  /** With nothing landing, because nothing comes or nothing is taken, whether the database answers is to be known all the same. */
  async #feelPulse(): Promise<void> {
    if (performance.now() - this.#answeredAt < PULSE_EVERY_MS || this.#breaker.state !== 'closed') return;
    const { signal } = this.#closing;
    const unanswered = setTimeout(() => {
      this.#lost();
    }, PULSE_PATIENCE_MS).unref();
    try {
      await this.#onControl(signal, (connection) => connection.rows('SELECT 1'));
      this.#answered();
    } catch (error) {
      if (classify(error) === 'outage') this.#lost();
    } finally {
      clearTimeout(unanswered);
    }
  }

  /** A stream at rest would leave the breaker half open: the database is asked until it closes. */
  async #probe(): Promise<void> {
    if (this.#probing) return;
    this.#probing = true;
    const { signal } = this.#closing;
    try {
      while (this.#breaker.state !== 'closed')
        await this.#ask('Asking whether the database is back', signal, (connection) => connection.rows('SELECT 1'));
    } catch {
      // The sink is being closed, or whoever writes next tells what is wrong.
    } finally {
      this.#probing = false;
    }
  }

  /** One statement on the control connection, until it is answered. */
  async #ask<T>(doing: string, signal: AbortSignal, statement: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      const answer = await this.#retrier.run(doing, signal, () => this.#onControl(signal, statement));
      this.#answered();
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      throw haltError(error, doing);
    }
  }

  /** One statement on the control connection, which calls share. */
  async #onControl<T>(signal: AbortSignal, statement: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#inTurn(signal, async () => {
      // Taken when the turn has come: one that was lost meanwhile is the failure of the call before and of no other.
      const connection = await unlessAborted(this.#controlConnection(), signal);
      const abort = (): void => connection.destroy('The call was given up');
      signal.addEventListener('abort', abort);
      const unwatch = this.#staleBackends.watch(connection);
      try {
        return await statement(connection);
      } catch (error) {
        connection.destroy();
        throw error;
      } finally {
        unwatch();
        signal.removeEventListener('abort', abort);
      }
    });
  }

  /** Statements of the control connection run one after the other. An abort gives the place in the row up. */
  async #inTurn<T>(signal: AbortSignal, statement: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    let done = (): void => {};
    const ended = new Promise<void>((resolve) => {
      done = resolve;
    });
    this.#turn = before.then(() => ended);
    try {
      await unlessAborted(before, signal);
      return await statement();
    } finally {
      done();
    }
  }

  async #controlConnection(): Promise<Connection> {
    if (this.#control?.usable) return this.#control;
    // Calls that come at once share one attempt.
    this.#connecting ??= this.#connections
      .open('control', { lockTimeoutMs: CONTROL_LOCK_TIMEOUT_MS, signal: this.#closing.signal })
      .then((connection) => {
        this.#control = connection;
        return connection;
      })
      .finally(() => {
        this.#connecting = null;
      });
    return this.#connecting;
  }
}
