import type { Socket } from 'node:net';
import pg from 'pg';
import copyStreams from 'pg-copy-streams';
import { EngineError, messageOf } from '../errors.js';

export interface ConnectionOptions {
  readonly url: string;
  readonly applicationName: string;
  /** A connection that moves no byte for this long while it is asked for something is given up. */
  readonly stallTimeoutMs: number;
  /** How long a statement may wait for a lock; 0 for ever. */
  readonly lockTimeoutMs: number;
}

/** Looks per stall timeout: counted in looks, not by the clock, so that a blocked event loop is no stall. */
const STALL_LOOKS = 4;

const CONNECT_TIMEOUT_MS = 10_000;
const GOODBYE_MS = 2_000;

/**
 * Our own settings whatever the role or the database sets. The watchdog and not the server ends what takes too long, and
 * the server notices soon that we are gone: a backend left behind holds locks. Settings that a server or its system may
 * not have are tried and passed over.
 */
function sessionSettings(lockTimeoutMs: number): string {
  const optional = [
    ['client_connection_check_interval', '5s'],
    ['transaction_timeout', '0'],
  ].map(
    ([name, value]) => `BEGIN PERFORM set_config('${name}', '${value}', false); EXCEPTION WHEN OTHERS THEN NULL; END;`,
  );
  return `
    SET statement_timeout = 0;
    SET lock_timeout = ${lockTimeoutMs};
    SET idle_in_transaction_session_timeout = 0;
    SET tcp_keepalives_idle = 10;
    SET tcp_keepalives_interval = 5;
    SET tcp_keepalives_count = 3;
    DO $$ BEGIN ${optional.join(' ')} END $$`;
}

/** `host:port/database` of a connection string: all of it that may be printed. */
export function describeTarget(url: string): string {
  try {
    const { hostname, port, pathname, searchParams } = new URL(url);
    return `${hostname || searchParams.get('host') || 'localhost'}:${port || 5432}${pathname}`;
  } catch {
    return 'the database of DATABASE_URL';
  }
}

/** One direct connection, with a watchdog. After any error it is to be thrown away. */
export class Connection {
  readonly #client: pg.Client;
  readonly #target: string;
  readonly #stallTimeoutMs: number;
  #inFlight = 0;
  #timer: NodeJS.Timeout | null = null;
  #looks = 0;
  #seen = '';
  #usable = true;
  #reason: string | null = null;

  private constructor(client: pg.Client, options: ConnectionOptions) {
    this.#client = client;
    this.#target = describeTarget(options.url);
    this.#stallTimeoutMs = options.stallTimeoutMs;
    client.on('error', () => {
      this.#usable = false;
    });
    client.on('end', () => {
      this.#usable = false;
    });
  }

  /** An abort ends the attempt to connect, not the connection. */
  static async open(options: ConnectionOptions, signal?: AbortSignal): Promise<Connection> {
    signal?.throwIfAborted();
    const connection = new Connection(createClient(options), options);
    const abort = (): void => connection.destroy('The attempt to connect was given up');
    signal?.addEventListener('abort', abort);
    try {
      await connection.#watched(async (client) => {
        await client.connect();
        await client.query(sessionSettings(options.lockTimeoutMs));
      });
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Process id of the backend. */
  get pid(): number {
    return (this.#client as unknown as { processID: number }).processID;
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** Rows of one statement, with parameters. */
  async rows<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const result = await this.#watched((client) => client.query(text, [...values]));
    return result.rows as Row[];
  }

  /** Several statements in one round trip; answers the rows of each. */
  async script(text: string): Promise<Record<string, unknown>[][]> {
    const results = (await this.#watched((client) => client.query(text))) as unknown as
      | pg.QueryResult
      | pg.QueryResult[];
    return (Array.isArray(results) ? results : [results]).map((result) => result.rows);
  }

  /** Runs a COPY … FROM STDIN; answers the rows copied. */
  async copyIn(text: string, chunks: readonly Uint8Array[]): Promise<number> {
    return this.#watched(
      (client) =>
        new Promise((resolve, reject) => {
          const stream = client.query(copyStreams.from(text));
          stream.once('error', (error) => {
            // What is not handed over yet would go on being written at the next 'drain', to a connection let go of.
            if (stream.writableLength > 0) this.destroy();
            reject(error);
          });
          stream.once('finish', () => resolve(stream.rowCount));
          for (const chunk of chunks) stream.write(chunk);
          stream.end();
        }),
    );
  }

  /** Drops the connection as it is. What the server made of the statement under way is unknown until one asks it. */
  destroy(reason?: string): void {
    this.#usable = false;
    this.#reason ??= reason ?? null;
    this.#socket()?.destroy();
  }

  /** Says goodbye where the connection is idle, and drops it where it is not or nobody answers. */
  async end(): Promise<void> {
    if (!this.#usable || this.#inFlight > 0) return this.destroy();
    this.#usable = false;
    const timer = setTimeout(() => this.destroy(), GOODBYE_MS);
    await this.#client.end().catch(() => this.destroy());
    clearTimeout(timer);
  }

  async #watched<T>(call: (client: pg.Client) => Promise<T>): Promise<T> {
    this.#inFlight++;
    this.#timer ??= setInterval(() => this.#look(), this.#stallTimeoutMs / STALL_LOOKS).unref();
    try {
      return await call(this.#client);
    } catch (cause) {
      if (this.#reason === null) throw cause;
      throw new EngineError('DATABASE_UNREACHABLE', this.#reason, { canRetry: true, cause });
    } finally {
      this.#looks = 0;
      if (--this.#inFlight === 0 && this.#timer !== null) {
        clearInterval(this.#timer);
        this.#timer = null;
      }
    }
  }

  #look(): void {
    const socket = this.#socket();
    const seen = socket === undefined ? '' : `${socket.bytesRead} ${socket.bytesWritten - socket.writableLength}`;
    this.#looks = seen === this.#seen ? this.#looks + 1 : 0;
    this.#seen = seen;
    if (this.#looks >= STALL_LOOKS) this.destroy(`${this.#target} made no progress for ${this.#stallTimeoutMs} ms`);
  }

  #socket(): Socket | undefined {
    return (this.#client as unknown as { connection?: { stream?: Socket } }).connection?.stream;
  }
}

/** Throws CONFIG_INVALID where the URL cannot be read. */
export function createClient(options: Pick<ConnectionOptions, 'url' | 'applicationName'>): pg.Client {
  try {
    return new pg.Client({
      connectionString: options.url,
      application_name: options.applicationName,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    });
  } catch (error) {
    // Not passed on as the cause: the error of a malformed URL carries the URL, password and all.
    throw new EngineError(
      'CONFIG_INVALID',
      `DATABASE_URL cannot be read (${messageOf(error)}); it is to look like postgres://user:password@host:5432/database.`,
    );
  }
}
