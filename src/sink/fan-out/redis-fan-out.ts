import type { Config } from '../../config.js';
import { parseRedisUrl, type RedisTarget } from '../../config-redis.js';
import { invariant, messageOf } from '../../errors.js';
import type { FanOutStatus } from '../../observe/status.js';
import { CircuitBreaker } from '../breaker.js';
import type { SinkLogger } from '../observer.js';
import { backoffMs } from '../retry.js';
import type { PartOutcome } from '../sink.js';
import type { DropReason, FanOutObserver } from './observer.js';
import { RedisConnection } from './redis-connection.js';
import { explainRedisError } from './redis-fault.js';
import { readEntry } from './stream-entry.js';
import { TradeBuffer } from './trade-buffer.js';

export interface FanOutOptions {
  readonly config: Pick<Config, 'redisUrl' | 'redisStream' | 'redisStreamMaxlen' | 'redisBufferBytes'>;
  readonly logger: SinkLogger;
  readonly observer?: FanOutObserver;
}

/**
 * Trades of one round trip, and the least time between the beginnings of two: at most 5,000 a second, ten times real time. A trade costs
 * the main thread some 20 µs (docs/redis.md), so that a catch-up, which lands a hundred times as many, loses no more than a tenth of it.
 */
const CHUNK_TRADES = 100;
const CHUNK_INTERVAL_MS = 20;
const TIMEOUT_MS = 5_000;
/** What is left at the end may take this long. */
const FLUSH_MS = 1_000;
const BREAKER = { failureThreshold: 3, successThreshold: 1, openMs: 2_000, halfOpenCalls: 1 } as const;

/**
 * Publishes landed trades in a Redis stream, at most once each and in the order they landed in. Nobody waits for it: `landed` puts
 * rows into a bounded buffer and returns, and one loop empties it, a chunk at a time, at a pace that leaves the thread to others. What was sent
 * and not answered is not sent again.
 */
export class RedisFanOut {
  readonly #options: FanOutOptions;
  readonly #target: RedisTarget;
  readonly #command: readonly string[];
  readonly #buffer: TradeBuffer;
  readonly #breaker = new CircuitBreaker(BREAKER);
  readonly #giveUp = new AbortController();
  #connection: RedisConnection | null = null;
  #running: Promise<void> = Promise.resolve();
  #closing = false;
  #wake = (): void => {};
  #failures = 0;
  #published = 0;
  #dropped = 0;

  constructor(options: FanOutOptions) {
    const { redisUrl = '', redisStream, redisStreamMaxlen, redisBufferBytes } = options.config;
    const target = parseRedisUrl(redisUrl);
    invariant(target !== null, 'REDIS_URL is a Redis URL, or there is no fan-out.');
    this.#options = options;
    this.#target = target;
    this.#command = ['XADD', redisStream, 'MAXLEN', '~', String(redisStreamMaxlen), '*'];
    this.#buffer = new TradeBuffer(redisBufferBytes);
  }

  get status(): FanOutStatus {
    return {
      connected: this.#connection !== null,
      breaker: this.#breaker.state,
      breakerOpenSince: this.#breaker.openSince,
      bufferBytes: this.#buffer.bytes,
      published: this.#published,
      dropped: this.#dropped,
    };
  }

  /** Begins to connect, and returns at once. */
  start(): void {
    this.#running = this.#run().catch((error: unknown) => this.#lost(error));
  }

  /** A part was committed. */
  landed({ part, rowsInserted, places }: PartOutcome & { kind: 'landed' }): void {
    if (rowsInserted === 0) return;
    const dropped = this.#buffer.push(part.trades, rowsInserted, places);
    if (dropped > 0) this.#drop('buffer_full', dropped, 'REDIS_BUFFER_BYTES was spent');
    this.#wake();
  }

  /** Publishes what is left, where that is a matter of a moment. */
  async close(): Promise<void> {
    this.#closing = true;
    const deadline = setTimeout(() => this.#abort(), this.#connection === null ? 0 : FLUSH_MS);
    this.#wake();
    await this.#running;
    clearTimeout(deadline);
    this.#abort();
    const left = this.#buffer.clear();
    if (left > 0) this.#drop('shutdown', left, 'the engine ended');
  }

  #abort(): void {
    this.#giveUp.abort();
    this.#connection = null;
    this.#wake();
  }

  /** Nothing more is to be done: it is being closed, and what is left cannot be published at once. */
  get #over(): boolean {
    if (!this.#closing) return false;
    return this.#connection === null || this.#buffer.rows === 0 || this.#breaker.state !== 'closed';
  }

  async #run(): Promise<void> {
    while (!this.#over) {
      if (this.#connection !== null && this.#buffer.rows === 0) {
        await this.#pause(null);
        continue;
      }
      const permit = this.#breaker.acquire(Date.now());
      if (typeof permit === 'number') {
        await this.#pause(permit);
        continue;
      }
      const startedMs = performance.now();
      const well = this.#connection === null ? await this.#connect() : await this.#publish(this.#connection);
      if (well) {
        this.#failures = 0;
        this.#breaker.succeeded(permit, Date.now());
        await this.#rest(startedMs + CHUNK_INTERVAL_MS - performance.now());
      } else {
        this.#breaker.failed(permit, Date.now());
        // Once it is open, the breaker says how long to wait.
        if (this.#breaker.state === 'closed') await this.#rest(backoffMs(this.#failures++, Math.random()));
      }
    }
  }

  async #connect(): Promise<boolean> {
    const { logger } = this.#options;
    try {
      this.#connection = await RedisConnection.open({
        target: this.#target,
        timeoutMs: TIMEOUT_MS,
        signal: this.#giveUp.signal,
        onLost: (error) => this.#lost(error),
      });
      logger.info({ event: 'redis_connected' }, `publishing to ${this.#command[1]} on ${this.#where}`);
      return true;
    } catch (error) {
      this.#lost(error);
      return false;
    }
  }

  async #publish(connection: RedisConnection): Promise<boolean> {
    const commands: string[][] = [];
    try {
      this.#buffer.take(CHUNK_TRADES, (chunk, start) => {
        const command = [...this.#command];
        const end = readEntry(chunk, start, command);
        commands.push(command);
        return end;
      });
    } catch (error) {
      this.#drop('unreadable', this.#buffer.dropOldest(), messageOf(error));
    }
    const { done, refused, unanswered, error } = await connection.send(commands);
    this.#published += done;
    this.#options.observer?.onPublished?.(done);
    if (refused > 0) this.#drop('refused', refused, `${this.#where} ${explainRedisError(error)}`);
    if (unanswered > 0) this.#drop('unanswered', unanswered, `${this.#where} ${explainRedisError(error)}`);
    return unanswered === 0 && (refused === 0 || done > 0);
  }

  #lost(error: unknown): void {
    this.#connection = null;
    this.#wake();
    if (this.#closing) return;
    const text = `${this.#where} ${explainRedisError(error)}. Trades land all the same; they are published again when it is back`;
    this.#options.logger.warn({ event: 'redis_lost', error }, text);
  }

  #drop(reason: DropReason, trades: number, why: string): void {
    this.#dropped += trades;
    this.#options.observer?.onDropped?.(reason, trades);
    const text = `${this.#dropped} landed trades were not published since the start, the last ones because ${why}`;
    this.#options.logger.warn({ event: 'redis_dropping', reason, dropped: this.#dropped }, text);
  }

  get #where(): string {
    return `Redis at ${this.#target.host}:${this.#target.port}`;
  }

  /** Waits so long, whatever lands meanwhile; not where everything is to end. */
  async #rest(ms: number): Promise<void> {
    const untilMs = performance.now() + ms;
    while (performance.now() < untilMs && !this.#closing) await this.#pause(untilMs - performance.now());
  }

  /** Waits until it is woken, or for so long. */
  #pause(ms: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === null ? null : setTimeout(resolve, ms);
      this.#wake = () => {
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
    });
  }
}
