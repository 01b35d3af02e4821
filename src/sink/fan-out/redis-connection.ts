import { isIP } from 'node:net';
import type { RedisArgument } from '@redis/client';
import type { RedisTarget } from '../../config-redis.js';
import { invariant } from '../../errors.js';

/** What became of commands that were sent together. */
export interface Answers {
  /** Answered well. */
  readonly done: number;
  /** Answered by an error: surely not done. */
  readonly refused: number;
  /** Not answered, or not in time: done or not, nobody knows. */
  readonly unanswered: number;
  /** The first error, null where there was none. */
  readonly error: unknown;
}

export interface ConnectOptions {
  readonly target: RedisTarget;
  /** For a connection to be made, and for commands to be answered, ms. */
  readonly timeoutMs: number;
  /** Ends everything, a connection being made included. */
  readonly signal: AbortSignal;
  /** An established connection was lost; called once, and not where it was destroyed. */
  readonly onLost?: (error: unknown) => void;
}

type RedisLibrary = typeof import('@redis/client');
type Client = ReturnType<typeof createClient>;

/** An idle connection is asked this often whether it is alive, so that the death of the other side is noticed. */
const PING_INTERVAL_MS = 5_000;
const SILENCE_MAX_MS = 12_000;

/**
 * One connection, used until it fails. It queues nothing and does not connect again: its owner does that, by a circuit breaker.
 * The client library is loaded with the first connection.
 */
export class RedisConnection {
  readonly #client: Client;
  readonly #options: ConnectOptions;
  readonly #library: RedisLibrary;
  readonly #abort = (): void => this.destroy();
  #state: 'connecting' | 'open' | 'over' = 'connecting';
  #cause: unknown = null;

  private constructor(library: RedisLibrary, options: ConnectOptions) {
    this.#library = library;
    this.#options = options;
    this.#client = createClient(library, options);
    // One that fails is over, whatever of; and an error that nobody listens to would end the process.
    this.#client.on('error', (error: unknown) => this.#fail(error));
    // An attempt that was given up may succeed all the same, and would then live on.
    this.#client.on('ready', () => this.#state === 'over' && this.#client.destroy());
    options.signal.addEventListener('abort', this.#abort);
  }

  /** Rejects where the server is not reached, does not let us in or does not answer in time. */
  static async open(options: ConnectOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(await import('@redis/client'), options);
    const client = connection.#client;
    try {
      // While it loads its data, a server lets clients in and takes no commands.
      await withDeadline(
        client.connect().then(() => client.ping()),
        options,
      );
      invariant(connection.#state === 'connecting', 'A connection that has answered was not given up.');
      connection.#state = 'open';
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  /** One command, for what is asked now and then. Rejects with Redis' answer where that is an error. */
  ask(command: readonly RedisArgument[]): Promise<unknown> {
    return withDeadline(this.#client.sendCommand(command), this.#options);
  }

  /** Sends commands in one go and waits for all answers; where they do not come in time the connection is lost. */
  async send(commands: readonly (readonly RedisArgument[])[]): Promise<Answers> {
    let done = 0;
    let refused = 0;
    let unanswered = 0;
    let first: unknown = null;
    const { timeoutMs } = this.#options;
    const timer = setTimeout(() => this.#fail(lateAfter(timeoutMs)), timeoutMs);
    const answered = (): void => {
      done += 1;
    };
    const failed = (error: unknown): void => {
      first ??= error;
      if (error instanceof this.#library.ErrorReply) refused += 1;
      else unanswered += 1;
    };
    await Promise.all(commands.map((command) => this.#client.sendCommand(command).then(answered, failed)));
    clearTimeout(timer);
    return { done, refused, unanswered, error: unanswered > 0 ? (this.#cause ?? first) : first };
  }

  /** Whatever is not answered yet never will be. */
  destroy(): void {
    this.#state = 'over';
    this.#options.signal.removeEventListener('abort', this.#abort);
    this.#client.destroy();
  }

  #fail(error: unknown): void {
    const established = this.#state === 'open';
    this.#cause ??= error;
    if (this.#state === 'over') return;
    this.destroy();
    if (established) this.#options.onLost?.(error);
  }
}

function createClient(library: RedisLibrary, { target, timeoutMs }: ConnectOptions) {
  const { host, port, tls, database, username, password } = target;
  const socket = {
    host,
    port,
    connectTimeout: timeoutMs,
    socketTimeout: SILENCE_MAX_MS,
    reconnectStrategy: false,
  } as const;
  const client = library.createClient({
    // The older protocol: its handshake asks for no permission beyond AUTH, and servers before 6 speak it too.
    RESP: 2,
    socket: tls ? { ...socket, tls: true, ...(isIP(host) === 0 ? { servername: host } : {}) } : socket,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    database,
    disableOfflineQueue: true,
    pingInterval: PING_INTERVAL_MS,
    // By default each command has a timer of its own; here those that go together share one.
    commandOptions: { timeout: 0 },
    clientInfoTag: 'solana-trades-engine',
    maintNotifications: 'disabled',
  });
  // An attempt that was given up must not keep a process alive that has nothing else to do.
  client.unref();
  return client;
}

/** The outcome of the work; an abort, or the deadline, comes before it. */
function withDeadline<T>(work: Promise<T>, { timeoutMs, signal }: ConnectOptions): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    const timer = setTimeout(() => reject(lateAfter(timeoutMs)), timeoutMs);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    const settled = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    work.finally(settled).then(resolve, reject);
  });
}

function lateAfter(timeoutMs: number): Error {
  return new Error(`no answer within ${timeoutMs} ms`);
}
